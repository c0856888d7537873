// What a denial says it is: the model's, where accounts have something left, else the accounts', with a reason for each.
import assert from 'node:assert/strict';
import { Pool } from '../../../src/keys/pool';
import type { LeaseRequest } from '../../../src/keys/pool';
import type { Verdict } from '../../../src/keys/verdict';
import { ManualClock } from '../../support/manualClock';
import { denied, freeRequest, leased, makeKey, makePool, minuteMs, never, paidRequest } from './make';

/** A request that is answered at once, and teaches the verdict. */
async function learn(pool: Pool, request: LeaseRequest, verdict: Verdict): Promise<void> {
  using lease = await leased(pool.lease(request, never));
  lease.markSent();
  lease.markHead();
  lease.settle(verdict);
}

const busy = (untilMs: number | null, onAccountAlone = false): Verdict => ({
  kind: 'modelBusy',
  untilMs,
  onAccountAlone,
});

describe('A denial', () => {
  for (const waitMs of [0, 30_000, 90_000]) {
    it(`is the model’s where its one probe runs longer than a wait of ${waitMs} ms`, async () => {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [makeKey('a')] });
      await learn(pool, freeRequest(clock.nowMs()), busy(null));
      await clock.run(3_000);
      using probe = await leased(pool.lease(freeRequest(clock.nowMs()), never));
      probe.markSent();
      const waiting = denied(pool.lease(freeRequest(clock.nowMs() + waitMs), never));
      await clock.run(waitMs);
      assert.equal((await waiting).kind, 'modelBusy');
    });
  }

  for (const requestOf of [freeRequest, paidRequest]) {
    const { requestClass } = requestOf(0);
    it(`is the model’s where it is busy on all accounts, one by one, that have something left: ${requestClass}`, async () => {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [makeKey('a')], b: [makeKey('b')] });
      const untilMs = clock.nowMs() + 5 * minuteMs;
      await learn(pool, requestOf(clock.nowMs()), busy(untilMs, true));
      await learn(pool, requestOf(clock.nowMs()), busy(untilMs, true));
      const { kind, retryAtMs } = await denied(pool.lease(requestOf(clock.nowMs() + 90_000), never));
      assert.deepEqual({ kind, retryAtMs }, { kind: 'modelBusy', retryAtMs: untilMs });
    });
  }

  it('is the model’s where it alone keeps one account back, though another has nothing left', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')], b: [makeKey('b')] });
    await learn(pool, paidRequest(clock.nowMs()), { kind: 'noCredits' });
    await learn(pool, paidRequest(clock.nowMs()), busy(clock.nowMs() + 10 * minuteMs, true));
    assert.equal((await denied(pool.lease(paidRequest(clock.nowMs() + 90_000), never))).kind, 'modelBusy');
  });

  it('is the model’s where the account’s minute would be free in time', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] });
    for (let nth = 0; nth < 19; nth++) await learn(pool, freeRequest(clock.nowMs()), { kind: 'healthy' });
    await learn(pool, freeRequest(clock.nowMs()), busy(clock.nowMs() + 10 * minuteMs, true));
    assert.equal((await denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never))).kind, 'modelBusy');
  });

  it('is the accounts’ where none has anything left, and the model is half open besides', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] }, { daily: { used: 48, limit: 50 } });
    await learn(pool, freeRequest(clock.nowMs()), busy(null));
    await clock.run(3_000);
    using probe = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    probe.markSent();
    const { kind, accounts } = await denied(pool.lease(freeRequest(clock.nowMs()), never));
    assert.equal(kind, 'exhausted');
    assert.deepEqual(
      accounts.map(({ reason }) => reason),
      ['dayUsed'],
    );
  });

  it('is the accounts’ where everything is locked for longer than the model', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] });
    await learn(pool, freeRequest(clock.nowMs()), busy(clock.nowMs() + 10 * minuteMs, true));
    const edgeBlocked: Verdict = { kind: 'edgeBlocked', untilMs: clock.nowMs() + 3 * minuteMs };
    await learn(pool, freeRequest(clock.nowMs(), { model: 'other:free' }), edgeBlocked);
    const { kind, accounts } = await denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never));
    assert.deepEqual([kind, accounts.map(({ reason }) => reason)], ['exhausted', ['edgeBlocked']]);
  });

  it('says that the keys are not known yet, as long as nobody told which there are', async () => {
    const clock = new ManualClock();
    const ports = { clock, onError: () => assert.fail() };
    const pool = new Pool(ports, { zone: 'UTC', maxWaiting: 256 });
    const waiting = denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never));
    await clock.run(89_999);
    assert.equal(pool.waiting, 1);
    await clock.run(1);
    const { kind, accounts } = await waiting;
    assert.deepEqual({ kind, accounts }, { kind: 'keysAwaited', accounts: [] });
    pool.setKeys([]);
    assert.equal((await denied(pool.lease(freeRequest(clock.nowMs()), never))).kind, 'noKeys');
  });
});
