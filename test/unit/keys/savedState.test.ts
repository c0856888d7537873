import assert from 'node:assert/strict';
import type { Pool } from '../../../src/keys/pool';
import { readSaved, restoreWheel, saveWheel, type SavedState } from '../../../src/keys/savedState';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, hourMs, leased, makeKey, makePool, never } from './make';

const [a, b] = [makeKey('a'), makeKey('b')];

async function usedPool(clock: ManualClock): Promise<Pool> {
  const pool = makePool(clock, { one: [a, b] });
  for (let nth = 0; nth < 7; nth++) {
    using lease = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    lease.markSent();
  }
  pool.wheel.modelLocks.busy('m:free', null, clock.nowMs() + 30_000, clock.nowMs());
  pool.wheel.locks.set({
    reason: 'edgeBlocked',
    covers: 'all',
    sinceMs: clock.nowMs(),
    untilMs: clock.nowMs() + 9_000,
  });
  return pool;
}

function saved(pool: Pool, clock: ManualClock): SavedState {
  const text = JSON.stringify(saveWheel(pool.wheel, clock.nowMs()));
  assert.doesNotMatch(text, /sk-or|secret/);
  const read = readSaved(JSON.parse(text));
  assert.equal(read.kind, 'good');
  return read.state;
}

describe('The saved state', () => {
  it('brings counts, slots, locks and accounts back, and no secret with them', async () => {
    const clock = new ManualClock();
    const state = saved(await usedPool(clock), clock);
    const pool = makePool(clock, {});
    pool.setKeys([a, b]);
    restoreWheel(pool.wheel, state, clock.nowMs());
    const [account, ...others] = pool.wheel.roster.accounts;
    assert.equal(others.length, 0);
    assert.deepEqual([account?.ledger.used, account?.minute.used(clock.nowMs())], [7, 7]);
    assert.equal(pool.wheel.modelLocks.readyAtMs('m:free', clock.nowMs()), clock.nowMs() + 30_000);
    assert.equal(pool.wheel.locks.readyAtMs('free', clock.nowMs()), clock.nowMs() + 9_000);
  });

  it('is kept for keys that come later, saved again meanwhile, and claimed once', async () => {
    const clock = new ManualClock();
    const state = saved(await usedPool(clock), clock);
    const early = makePool(clock, {});
    restoreWheel(early.wheel, state, clock.nowMs());
    const pool = makePool(clock, {});
    restoreWheel(pool.wheel, saved(early, clock), clock.nowMs());
    pool.setKeys([a]);
    assert.equal(pool.wheel.roster.accounts[0]?.ledger.used, 7);
    pool.setKeys([a, b]);
    assert.equal(pool.wheel.roster.accounts.length, 1);
    assert.equal(pool.wheel.roster.accounts[0].ledger.used, 7);
  });

  it('restored twice counts once, and the higher of two copies wins', async () => {
    const clock = new ManualClock();
    const used = await usedPool(clock);
    const [less, more] = [saved(used, clock), saved(used, clock)];
    for (const account of Object.values(more.accounts)) account.ledger.own += 5;
    const pool = makePool(clock, {});
    pool.setKeys([a, b]);
    for (const state of [less, more, less]) restoreWheel(pool.wheel, state, clock.nowMs());
    const [account] = pool.wheel.roster.accounts;
    assert.deepEqual([account?.ledger.used, account?.minute.used(clock.nowMs())], [12, 7]);
  });

  it('is as large after a hundred hosts that each began with two copies of it', async () => {
    const clock = new ManualClock();
    const first = saved(await usedPool(clock), clock);
    let state = first;
    for (let host = 0; host < 100; host++) {
      const pool = makePool(clock, {});
      pool.setKeys([a, b]);
      for (const copy of [state, state]) restoreWheel(pool.wheel, copy, clock.nowMs());
      state = saved(pool, clock);
    }
    assert.deepEqual(state, first);
  });

  it('leaves out what tells nothing, and what was known of keys that never came', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([a, b]);
    const nothing = saveWheel(pool.wheel, clock.nowMs());
    assert.deepEqual([nothing.keys, nothing.accounts], [{}, {}]);
    const state = saved(await usedPool(clock), clock);
    const empty = makePool(clock, {});
    restoreWheel(empty.wheel, state, clock.nowMs());
    clock.jump(25 * hourMs);
    const later = saveWheel(empty.wheel, clock.nowMs());
    assert.deepEqual([later.keys, later.accounts], [{}, {}]);
  });

  it('lets no lock last longer when the clock was set back while nobody ran', async () => {
    const clock = new ManualClock();
    const used = await usedPool(clock);
    const state = saved(used, clock);
    clock.jump(-hourMs);
    const pool = makePool(clock, {});
    pool.setKeys([a, b]);
    restoreWheel(pool.wheel, state, clock.nowMs());
    assert.equal(pool.wheel.locks.readyAtMs('free', clock.nowMs()), clock.nowMs() + 9_000);
    assert.equal(pool.wheel.modelLocks.readyAtMs('m:free', clock.nowMs()), clock.nowMs() + 30_000);
    assert.ok(
      (pool.wheel.roster.accounts[0]?.minute.readyAtMs(clock.nowMs()) ?? 0) <= clock.nowMs() + 60_500,
    );
  });

  it('is told apart when it is missing, newer or damaged', () => {
    const clock = new ManualClock();
    const state = saveWheel(makePool(clock, {}).wheel, clock.nowMs());
    assert.deepEqual(readSaved(undefined), { kind: 'none' });
    assert.deepEqual(readSaved({ ...state, version: 2 }), { kind: 'newer', version: 2 });
    assert.equal(readSaved({ ...state, savedAtMs: 'yesterday' }).kind, 'damaged');
    assert.equal(readSaved('{').kind, 'damaged');
    assert.equal(readSaved([]).kind, 'damaged');
  });

  it('does not grow with what was made: globalState takes no more than 64 KB, and it is told every second', async () => {
    const clock = new ManualClock();
    const pool = await usedPool(clock);
    for (let nth = 0; nth < 10_000; nth++)
      pool.wheel.makers.set(`gen-${nth}`, pool.wheel.roster.accounts[0]?.accountId ?? '', clock.nowMs());
    assert.ok(JSON.stringify(saved(pool, clock)).length < 10_000);
  });
});
