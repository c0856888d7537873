// What several places have saved: the counts of all, but the locks of the newest, for those that it lacks were lifted.
import assert from 'node:assert/strict';
import type { Pool } from '../../../src/keys/pool';
import { saveWheel } from '../../../src/keys/savedState';
import { Earlier } from '../../../src/service/earlier';
import { unlock } from '../../../src/service/unlock';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, hourMs, leased, makeKey, makePool, makeReading, never } from '../keys/make';

const key = makeKey('a');
const model = 'some/model:free';

/** Everything that can be locked is. */
function lock(pool: Pool, nowMs: number): void {
  const { keys, accounts } = pool.wheel.roster;
  const held = { sinceMs: nowMs, untilMs: nowMs + 5 * hourMs, covers: 'all' } as const;
  for (const { locks } of keys.values()) locks.set({ ...held, reason: 'budget' });
  for (const { locks } of accounts) locks.set({ ...held, reason: 'belowZero' });
  pool.wheel.locks.set({ ...held, reason: 'edgeBlocked' });
  pool.wheel.modelLocks.busy(model, null, nowMs + 60_000, nowMs);
}

function lockReasons({ wheel }: Pool, nowMs: number): string[] {
  const { keys, accounts } = wheel.roster;
  return [
    ...[...keys.values(), ...accounts, wheel].flatMap(({ locks }) =>
      locks.active(nowMs).map(({ reason }) => reason),
    ),
    ...wheel.modelLocks.active(nowMs).map((busy) => busy.model),
  ];
}

async function spend(pool: Pool, count: number, clock: ManualClock): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    using lease = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    lease.markSent();
  }
}

/** Pours the states into a pool whose key comes before them, or is read as the account's only after them. */
function poured(states: readonly unknown[], clock: ManualClock, comesLate = false): Pool {
  const earlier = new Earlier();
  for (const state of states) assert.equal(earlier.add(state).kind, 'restored');
  const pool = makePool(clock, {});
  pool.setKeys(comesLate ? [] : [key]);
  assert.ok(earlier.pourInto(pool.wheel, clock.nowMs()));
  pool.setKeys([key]);
  return pool;
}

describe('Earlier', () => {
  for (const comesLate of [false, true]) {
    const which = comesLate ? 'of a key that comes later' : 'of a key that is there';
    it(`keeps the locks that the newest state tells and no other, ${which}`, async () => {
      const clock = new ManualClock();
      const host = makePool(clock, { one: [key] });
      await spend(host, 7, clock);
      lock(host, clock.nowMs());
      const locked = saveWheel(host.wheel, clock.nowMs());
      await clock.run(1_000);
      unlock(host, { keyId: key.keyId });
      unlock(host, { accountId: host.wheel.roster.accounts[0]?.accountId, model });
      host.wheel.locks.clear();
      const lifted = saveWheel(host.wheel, clock.nowMs());
      await clock.run(1_000);
      for (const states of [
        [locked, lifted],
        [lifted, locked],
      ]) {
        const pool = poured(states, clock, comesLate);
        assert.deepEqual(lockReasons(pool, clock.nowMs()), []);
        assert.equal(pool.wheel.roster.accounts[0]?.ledger.used, 7);
      }
      lock(host, clock.nowMs());
      const lockedAgain = saveWheel(host.wheel, clock.nowMs());
      const pool = poured([lifted, lockedAgain, locked], clock, comesLate);
      assert.deepEqual(lockReasons(pool, clock.nowMs()), ['budget', 'belowZero', 'edgeBlocked', model]);
    });

    it(`takes the higher count of today, whatever yesterday's was, ${which}`, async () => {
      const clock = new ManualClock();
      const host = makePool(clock, { one: [key] });
      await spend(host, 15, clock);
      const yesterdays = saveWheel(host.wheel, clock.nowMs());
      await clock.run(14 * hourMs);
      host.read(key.keyId, makeReading('one', clock.nowMs()));
      await spend(host, 5, clock);
      const more = saveWheel(host.wheel, clock.nowMs());
      await clock.run(1_000);
      lock(host, clock.nowMs());
      const less = saveWheel(host.wheel, clock.nowMs());
      for (const account of Object.values(less.accounts)) account.ledger.own = 3;
      const pool = poured([less, yesterdays, more], clock, comesLate);
      assert.equal(pool.wheel.roster.accounts[0]?.ledger.used, 5);
      assert.ok(lockReasons(pool, clock.nowMs()).includes('belowZero'));
    });
  }
});
