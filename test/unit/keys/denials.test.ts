// The cause that a denial names: the model, where accounts have something left, else the accounts, with a reason for each.
import assert from 'node:assert/strict';
import { Pool } from '../../../src/keys/pool';
import type { LeaseRequest } from '../../../src/keys/lease';
import type { Verdict } from '../../../src/keys/lock';
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
  kind: 'locked',
  reason: onAccountAlone ? 'ownProviderBusy' : 'busy',
  untilMs,
  limit: null,
});

describe('A denial', () => {
  for (const waitMs of [0, 30_000, 90_000]) {
    it(`is the model’s where its one probe runs longer than a wait of ${waitMs} ms`, async () => {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [makeKey('a')] });
      await learn(pool, freeRequest(clock.elapsedMs()), busy(null));
      await clock.run(3_000);
      using probe = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
      probe.markSent();
      const waiting = denied(pool.lease(freeRequest(clock.elapsedMs() + waitMs), never));
      await clock.run(waitMs);
      assert.equal((await waiting).kind, 'modelBusy');
    });
  }

  for (const requestOf of [freeRequest, paidRequest]) {
    const { requestClass } = requestOf(0);
    it(`is the model’s where it is busy on all accounts, one by one, that have something left: ${requestClass}`, async () => {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [makeKey('a')], b: [makeKey('b')] });
      const untilMs = clock.elapsedMs() + 5 * minuteMs;
      await learn(pool, requestOf(clock.elapsedMs()), busy(untilMs, true));
      await learn(pool, requestOf(clock.elapsedMs()), busy(untilMs, true));
      const { kind, retryAtMs } = await denied(pool.lease(requestOf(clock.elapsedMs() + 90_000), never));
      assert.deepEqual({ kind, retryAtMs }, { kind: 'modelBusy', retryAtMs: untilMs });
    });
  }

  it('is the model’s where it alone keeps one account back, though another has nothing left', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')], b: [makeKey('b')] });
    await learn(pool, paidRequest(clock.elapsedMs()), {
      kind: 'locked',
      reason: 'noCredits',
      untilMs: null,
      limit: null,
    });
    await learn(pool, paidRequest(clock.elapsedMs()), busy(clock.elapsedMs() + 10 * minuteMs, true));
    assert.equal(
      (await denied(pool.lease(paidRequest(clock.elapsedMs() + 90_000), never))).kind,
      'modelBusy',
    );
  });

  it('is the model’s where the account’s minute would be free in time', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] });
    for (let nth = 0; nth < 19; nth++) await learn(pool, freeRequest(clock.elapsedMs()), { kind: 'healthy' });
    await learn(pool, freeRequest(clock.elapsedMs()), busy(clock.elapsedMs() + 10 * minuteMs, true));
    assert.equal(
      (await denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never))).kind,
      'modelBusy',
    );
  });

  it('is the accounts’ where none has anything left, and the model is half open besides', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] }, { daily: { used: 48, limit: 50 } });
    await learn(pool, freeRequest(clock.elapsedMs()), busy(null));
    await clock.run(3_000);
    using probe = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    probe.markSent();
    const { kind, accounts } = await denied(pool.lease(freeRequest(clock.elapsedMs()), never));
    assert.equal(kind, 'exhausted');
    assert.deepEqual(
      accounts.map(({ reason }) => reason),
      ['dailyLimit'],
    );
  });

  it('is the accounts’ where everything is locked for longer than the model', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] });
    await learn(pool, freeRequest(clock.elapsedMs()), busy(clock.elapsedMs() + 10 * minuteMs, true));
    const edgeBlocked: Verdict = {
      kind: 'locked',
      reason: 'edgeBlocked',
      untilMs: clock.elapsedMs() + 3 * minuteMs,
      limit: null,
    };
    await learn(pool, freeRequest(clock.elapsedMs(), { model: 'other:free' }), edgeBlocked);
    const { kind, accounts } = await denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    assert.deepEqual([kind, accounts.map(({ reason }) => reason)], ['exhausted', ['edgeBlocked']]);
  });

  it('of a day that only our own sum calls used up ends when it is asked about', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] }, { daily: { used: 49, limit: 50 } });
    await learn(pool, freeRequest(clock.elapsedMs()), { kind: 'healthy' });
    const { retryAtMs, accounts } = await denied(pool.lease(freeRequest(clock.elapsedMs()), never));
    assert.ok(retryAtMs !== null && retryAtMs < clock.elapsedMs() + 2 * minuteMs);
    assert.deepEqual(
      accounts.map((account) => [account.reason, account.untilMs]),
      [['dailyLimit', retryAtMs]],
    );
  });

  it('is the day’s where those who wait before take all that it has left', async () => {
    const clock = new ManualClock();
    const daily = { used: 28, limit: 50 };
    const pool = makePool(clock, { a: [makeKey('a')] }, { daily });
    for (let nth = 0; nth < 20; nth++) await learn(pool, freeRequest(clock.elapsedMs()), { kind: 'healthy' });
    const untilMs = clock.elapsedMs() + 90_000;
    const waiting = [1, 2].map(() => pool.lease(freeRequest(untilMs), never));
    const { kind, retryAtMs, accounts } = await denied(pool.lease(freeRequest(untilMs), never));
    const midnightMs = Date.UTC(2026, 0, 16);
    assert.deepEqual({ kind, retryAtMs }, { kind: 'exhausted', retryAtMs: midnightMs });
    assert.deepEqual(
      accounts.map((account) => [account.reason, account.untilMs]),
      [['dailyLimit', midnightMs]],
    );
    await clock.run(minuteMs);
    for (const lease of waiting) (await leased(lease))[Symbol.dispose]();
  });

  it('is the user’s where the day ends at a limit of the user’s own', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a', { dailyLimit: 1 })] });
    await learn(pool, freeRequest(clock.elapsedMs()), { kind: 'healthy' });
    const { accounts } = await denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    assert.deepEqual(
      accounts.map(({ reason, untilMs }) => [reason, untilMs]),
      [['ownLimit', Date.UTC(2026, 0, 16)]],
    );
  });

  it('is the minute’s where those who wait before take its slots, and the day has more', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] });
    for (let nth = 0; nth < 20; nth++) await learn(pool, freeRequest(clock.elapsedMs()), { kind: 'healthy' });
    const untilMs = clock.elapsedMs() + 90_000;
    const waiting = Array.from({ length: 20 }, () => pool.lease(freeRequest(untilMs), never));
    const { retryAtMs, accounts } = await denied(pool.lease(freeRequest(untilMs), never));
    assert.deepEqual([retryAtMs, accounts[0]?.reason], [clock.elapsedMs() + minuteMs, 'minuteLimit']);
    await clock.run(minuteMs);
    for (const lease of waiting) (await leased(lease))[Symbol.dispose]();
  });

  it('says that the keys are not known yet, as long as nobody told which there are', async () => {
    const clock = new ManualClock();
    const ports = { clock, onChange: () => undefined, onReadingWanted: () => undefined };
    const pool = new Pool(ports, { zone: 'UTC', maxWaiting: 256 });
    const waiting = denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    await clock.run(89_999);
    assert.equal(pool.waiting, 1);
    await clock.run(1);
    const { kind, accounts } = await waiting;
    assert.deepEqual({ kind, accounts }, { kind: 'keysAwaited', accounts: [] });
    pool.setKeys([]);
    assert.equal((await denied(pool.lease(freeRequest(clock.elapsedMs()), never))).kind, 'noKeys');
  });
});
