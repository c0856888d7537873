// What a window that takes over begins with: the state it heard last, and what the snapshot told since.
import assert from 'node:assert/strict';
import type { Lease } from '../../../src/keys/lease';
import type { Pool } from '../../../src/keys/pool';
import { readSaved, saveWheel, type SavedState } from '../../../src/keys/savedState';
import { buildSnapshot } from '../../../src/service/buildSnapshot';
import { freshState } from '../../../src/service/freshState';
import type { Snapshot } from '../../../src/service/snapshot';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, leased, makeKey, makePool, never, paidRequest } from '../keys/make';

const key = makeKey('a');

function snapshotOf(pool: Pool, clock: ManualClock): Snapshot {
  const parts = { pool, proxy: { kind: 'stopped' }, timezone: 'UTC', lastRefusalAtMs: null } as const;
  return buildSnapshot(parts, clock.nowMs());
}

/** Own attempts and taken slots of the only account. */
function countsOf(state: unknown): [own: number, unsure: number, slots: number] {
  const read = readSaved(state);
  assert.equal(read.kind, 'good');
  const [account] = Object.values(read.state.accounts);
  assert.ok(account);
  return [account.ledger.own, account.ledger.unsure.count, account.minute.freeAtMs.length];
}

async function sent(pool: Pool, request: typeof freeRequest, clock: ManualClock): Promise<Lease> {
  const lease = await leased(pool.lease(request(clock.nowMs()), never));
  lease.markSent();
  return lease;
}

function saved(pool: Pool, clock: ManualClock): SavedState {
  return saveWheel(pool.wheel, clock.nowMs());
}

describe('freshState', () => {
  it('counts each attempt once, running or not, and no paid one', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [key] });
    for (let nth = 0; nth < 3; nth++) await sent(pool, freeRequest, clock);
    for (let nth = 0; nth < 4; nth++) await sent(pool, paidRequest, clock);
    await leased(pool.lease(freeRequest(clock.nowMs()), never));
    const state = saved(pool, clock);
    assert.deepEqual(countsOf(freshState(state, snapshotOf(pool, clock))), [4, 4, 4]);
    assert.equal(freshState(state, null), state);
  });

  it('adds what was sent since the state was saved, over or still running', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [key] });
    await sent(pool, freeRequest, clock);
    const state = saved(pool, clock);
    await clock.run(300);
    await sent(pool, freeRequest, clock);
    (await sent(pool, freeRequest, clock))[Symbol.dispose]();
    assert.deepEqual(countsOf(freshState(state, snapshotOf(pool, clock))), [3, 3, 3]);
  });

  it('knows an account whose first attempt is younger than the state', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([key]);
    const state = saved(pool, clock);
    assert.deepEqual(state.accounts, {});
    await sent(pool, paidRequest, clock);
    assert.deepEqual(freshState(state, snapshotOf(pool, clock)), state);
    await sent(pool, freeRequest, clock);
    assert.deepEqual(countsOf(freshState(state, snapshotOf(pool, clock))), [1, 1, 1]);
  });

  it('adds nothing of another day', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [key] });
    const lease = await sent(pool, freeRequest, clock);
    const state = saved(pool, clock);
    lease[Symbol.dispose]();
    await clock.runTo(Date.UTC(2026, 0, 16, 0, 1));
    for (let nth = 0; nth < 2; nth++) await sent(pool, freeRequest, clock);
    assert.deepEqual(freshState(state, snapshotOf(pool, clock)), state);
  });
});
