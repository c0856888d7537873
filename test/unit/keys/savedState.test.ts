import assert from 'node:assert/strict';
import type { Pool } from '../../../src/keys/pool';
import { readSaved, type SavedState } from '../../../src/keys/savedState';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, hourMs, leased, makeKey, makePool, never } from './make';

const [a, b] = [makeKey('a'), makeKey('b')];

async function usedPool(clock: ManualClock): Promise<Pool> {
  const pool = makePool(clock, { one: [a, b] });
  for (let nth = 0; nth < 7; nth++) {
    using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    lease.markSent();
  }
  pool.wheel.modelLocks.learn(
    { model: 'm:free', accountId: null, keyId: null, reason: 'busy' },
    clock.elapsedMs() + 30_000,
    clock.elapsedMs(),
  );
  pool.wheel.locks.set({
    reason: 'edgeBlocked',
    covers: 'all',
    sinceMs: clock.elapsedMs(),
    untilMs: clock.elapsedMs() + 9_000,
  });
  return pool;
}

function saved(pool: Pool): SavedState {
  const text = JSON.stringify(pool.save());
  assert.doesNotMatch(text, /sk-or|secret/);
  const read = readSaved(JSON.parse(text));
  assert.equal(read.kind, 'good');
  return read.state;
}

describe('The saved state', () => {
  it('brings counts, slots, locks and accounts back, and no secret with them', async () => {
    const clock = new ManualClock();
    const state = saved(await usedPool(clock));
    const pool = makePool(clock, {});
    pool.restore(state);
    pool.setKeys([a, b]);
    const [account, ...others] = pool.roster.accounts;
    assert.equal(others.length, 0);
    assert.deepEqual([account?.ledger.used, account?.minute.used(clock.elapsedMs())], [7, 7]);
    assert.equal(
      pool.wheel.modelLocks.heldUntilMs({ model: 'm:free', hasFallback: false }, null, clock.elapsedMs()),
      clock.elapsedMs() + 30_000,
    );
    assert.equal(pool.wheel.locks.lockedUntilMs('free', clock.elapsedMs()), clock.elapsedMs() + 9_000);
  });

  it('is kept for keys that come later, saved again meanwhile, and claimed once', async () => {
    const clock = new ManualClock();
    const state = saved(await usedPool(clock));
    const early = makePool(clock, {});
    early.restore(state);
    const pool = makePool(clock, {});
    pool.restore(saved(early));
    pool.setKeys([a]);
    assert.equal(pool.roster.accounts[0]?.ledger.used, 7);
    pool.setKeys([a, b]);
    assert.equal(pool.roster.accounts.length, 1);
    assert.equal(pool.roster.accounts[0].ledger.used, 7);
  });

  it('restored twice counts once', async () => {
    const clock = new ManualClock();
    const state = saved(await usedPool(clock));
    const pool = makePool(clock, {});
    for (const copy of [state, state]) pool.restore(copy);
    pool.setKeys([a, b]);
    const [account] = pool.roster.accounts;
    assert.deepEqual([account?.ledger.used, account?.minute.used(clock.elapsedMs())], [7, 7]);
  });

  it('is as large after a hundred hosts that each began with two copies of it', async () => {
    const clock = new ManualClock();
    const first = saved(await usedPool(clock));
    let state = first;
    for (let host = 0; host < 100; host++) {
      const pool = makePool(clock, {});
      for (const copy of [state, state]) pool.restore(copy);
      pool.setKeys([a, b]);
      state = saved(pool);
    }
    assert.deepEqual(state, first);
  });

  it('leaves out what tells nothing, and what was known of keys that never came', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([a, b]);
    const nothing = pool.save();
    assert.deepEqual([nothing.keys, nothing.accounts], [{}, {}]);
    const state = saved(await usedPool(clock));
    const empty = makePool(clock, {});
    empty.restore(state);
    clock.sleep(25 * hourMs);
    const later = empty.save();
    assert.deepEqual([later.keys, later.accounts], [{}, {}]);
  });

  it('lets no lock last longer when the clock was set back while nobody ran', async () => {
    const clock = new ManualClock();
    const used = await usedPool(clock);
    const state = saved(used);
    const later = new ManualClock(clock.wallMs() - hourMs);
    const pool = makePool(later, {});
    pool.restore(state);
    pool.setKeys([a, b]);
    assert.equal(pool.wheel.locks.lockedUntilMs('free', later.elapsedMs()), later.elapsedMs() + 9_000);
    assert.equal(
      pool.wheel.modelLocks.heldUntilMs({ model: 'm:free', hasFallback: false }, null, later.elapsedMs()),
      later.elapsedMs() + 30_000,
    );
    assert.ok(
      (pool.roster.accounts[0]?.minute.nextSlotAtMs(later.elapsedMs()) ?? 0) <= later.elapsedMs() + 60_500,
    );
  });

  it('is told apart when it is missing, newer or damaged', () => {
    const clock = new ManualClock();
    const state = makePool(clock, {}).save();
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
      pool.makers.set(`gen-${nth}`, pool.roster.accounts[0]?.accountId ?? '', clock.elapsedMs());
    assert.ok(JSON.stringify(saved(pool)).length < 10_000);
  });
});
