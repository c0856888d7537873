import assert from 'node:assert/strict';
import type { Lock, LockReason, Verdict } from '../../../src/keys/lock';
import type { Pool } from '../../../src/keys/pool';
import type { LeaseRequest } from '../../../src/keys/lease';
import { readSaved } from '../../../src/keys/savedState';
import { ManualClock } from '../../support/manualClock';
import {
  denied,
  freeRequest,
  hourMs,
  leased,
  makeKey,
  makePool,
  makeReading,
  minuteMs,
  never,
  paidRequest,
} from './make';

const [a, b] = [makeKey('a'), makeKey('b')];

/** Sends one request that ends with the verdict. */
async function learn(
  pool: Pool,
  verdict: Verdict,
  request: LeaseRequest = freeRequest(pool.nowMs()),
): Promise<void> {
  using lease = await leased(pool.lease(request, never));
  lease.markSent();
  lease.markHead();
  lease.settle(verdict);
}

function accountLock(pool: Pool, reason: LockReason): Lock | null {
  return pool.roster.accounts[0]?.locks.get(reason) ?? null;
}

function keyLock(pool: Pool, reason: LockReason): Lock | null {
  return pool.roster.keys.get(a.keyId)?.locks.get(reason) ?? null;
}

describe('Learning: limits of free models', () => {
  it('locks a used-up day until the reset that upstream says, and never beyond the next midnight', async () => {
    for (const [saidMs, lockedMs] of [
      [3 * hourMs, 3 * hourMs],
      [40 * hourMs, 12 * hourMs],
      [null, 12 * hourMs],
    ] as const) {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [a] });
      const untilMs = saidMs === null ? null : clock.elapsedMs() + saidMs;
      await learn(pool, { kind: 'locked', reason: 'dailyLimit', untilMs, limit: 40 });
      assert.equal(accountLock(pool, 'dailyLimit')?.untilMs, clock.elapsedMs() + lockedMs);
      assert.equal(pool.roster.accounts[0]?.ledger.limit, 40);
      await leased(pool.lease(paidRequest(clock.elapsedMs()), never));
    }
  });

  it('counts an attempt for yesterday that upstream’s slower clock refused right after midnight', async () => {
    for (const [afterMs, used] of [
      [2_000, 0],
      [8_000, 1],
    ] as const) {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [a] });
      pool.read(a.keyId, makeReading('one', clock.elapsedMs(), { used: 0, limit: 50 }));
      clock.advance(12 * hourMs + afterMs);
      await learn(pool, { kind: 'locked', reason: 'minuteLimit', untilMs: clock.elapsedMs(), limit: null });
      assert.equal(pool.roster.accounts[0]?.ledger.used, used, String(afterMs));
    }
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    pool.read(a.keyId, makeReading('one', clock.elapsedMs(), { used: 0, limit: 50 }));
    clock.advance(12 * hourMs - 2_000);
    using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    lease.markSent();
    clock.advance(3_000);
    pool.roll();
    lease.settle({ kind: 'locked', reason: 'minuteLimit', untilMs: null, limit: null });
    assert.equal(pool.roster.accounts[0]?.ledger.used, 0, 'it was counted for yesterday here as well');
  });

  it('locks nothing for a day that was over when the answer came', async () => {
    for (const untilMs of [null, Date.UTC(2026, 0, 16)]) {
      const clock = new ManualClock(Date.UTC(2026, 0, 15, 23, 59, 59));
      const pool = makePool(clock, { a: [a] });
      using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
      lease.markSent();
      clock.advance(3_000);
      lease.settle({ kind: 'locked', reason: 'dailyLimit', untilMs, limit: null });
      assert.equal(accountLock(pool, 'dailyLimit'), null);
    }
  });

  it('locks for a minute when a day is called used up whose reset has passed: the clocks differ', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 16, 0, 0, 20));
    const pool = makePool(clock, { a: [a] });
    await learn(pool, {
      kind: 'locked',
      reason: 'dailyLimit',
      untilMs: clock.elapsedMs() - 1_000,
      limit: null,
    });
    assert.equal(accountLock(pool, 'dailyLimit')?.untilMs, clock.elapsedMs() + minuteMs);
  });

  it('locks a used-up minute for its seconds only, at most 60 and at least one, and never a day', async () => {
    for (const [saidMs, lockedMs] of [
      [17_000, 17_000],
      [20 * hourMs, 60_000],
      [-500, 1_000],
      [null, 60_000],
    ] as const) {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [a] });
      await learn(pool, {
        kind: 'locked',
        reason: 'minuteLimit',
        untilMs: saidMs === null ? null : clock.elapsedMs() + saidMs,
        limit: 16,
      });
      assert.equal(accountLock(pool, 'minuteLimit')?.untilMs, clock.elapsedMs() + lockedMs);
      assert.equal(accountLock(pool, 'dailyLimit'), null);
      assert.equal(pool.roster.accounts[0]?.minute.limit(clock.elapsedMs()), 16);
    }
  });

  it('takes no refusal for the word that more than the usual 20 may go', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    // The limit is of another window than the minute, such as the day.
    await learn(pool, { kind: 'locked', reason: 'minuteLimit', untilMs: null, limit: 1000 });
    assert.equal(pool.roster.accounts[0]?.minute.limit(clock.elapsedMs()), 20);
  });

  it('keeps a daily lock over a restart', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    await learn(pool, { kind: 'locked', reason: 'dailyLimit', untilMs: null, limit: null });
    const read = readSaved(JSON.parse(JSON.stringify(pool.save())));
    assert.equal(read.kind, 'good');
    const again = makePool(clock, {});
    again.restore(read.state);
    again.setKeys([a]);
    const denial = await denied(again.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    assert.deepEqual(
      denial.accounts.map(({ reason, untilMs }) => [reason, untilMs]),
      [['dailyLimit', clock.elapsedMs() + 12 * hourMs]],
    );
    assert.equal(denial.retryAtMs, clock.elapsedMs() + 12 * hourMs);
  });

  it('lifts a daily lock by a reading asked for more than 60 s after it that shows allowance, and by no earlier one', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    await learn(pool, { kind: 'locked', reason: 'dailyLimit', untilMs: null, limit: null });
    const lockedMs = clock.elapsedMs();
    await clock.run(70_000);
    pool.read(a.keyId, {
      ...makeReading('a', lockedMs + 60_000, { used: 1, limit: 50 }),
      atMs: clock.elapsedMs(),
    });
    assert.notEqual(accountLock(pool, 'dailyLimit'), null);
    pool.read(a.keyId, makeReading('a', lockedMs + 60_001, { used: 50, limit: 50 }));
    assert.notEqual(accountLock(pool, 'dailyLimit'), null);
    pool.read(a.keyId, makeReading('a', lockedMs + 60_002, { used: 49, limit: 50 }));
    assert.equal(accountLock(pool, 'dailyLimit'), null);
  });

  it('wants a reading after a daily-limit answer', async () => {
    const clock = new ManualClock();
    const wanted: number[] = [];
    const startMs = clock.elapsedMs();
    const onReadingWanted = (): number => wanted.push(clock.elapsedMs() - startMs);
    const pool = makePool(clock, { a: [a] }, { onReadingWanted });
    await learn(pool, { kind: 'locked', reason: 'dailyLimit', untilMs: null, limit: null });
    assert.deepEqual(wanted, [0]);
  });
});

describe('Learning: credits, caps and keys', () => {
  it('locks an account without credits for 5 min growing to 1 h, for paid requests alone, and a burst is one strike', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const minutes: number[] = [];
    for (let nth = 0; nth < 6; nth++) {
      const burst = [
        await leased(pool.lease(paidRequest(clock.elapsedMs()), never)),
        await leased(pool.lease(paidRequest(clock.elapsedMs()), never)),
      ];
      for (const lease of burst) {
        lease.settle({ kind: 'locked', reason: 'noCredits', untilMs: null, limit: null });
        lease[Symbol.dispose]();
      }
      const lock = accountLock(pool, 'noCredits');
      assert.ok(lock);
      minutes.push((lock.untilMs - clock.elapsedMs()) / minuteMs);
      await learn(pool, { kind: 'healthy' });
      await clock.runTo(lock.untilMs);
    }
    assert.deepEqual(minutes, [5, 10, 20, 40, 60, 60]);
    await learn(pool, { kind: 'healthy' }, paidRequest(clock.elapsedMs()));
    await learn(
      pool,
      { kind: 'locked', reason: 'noCredits', untilMs: null, limit: null },
      paidRequest(clock.elapsedMs()),
    );
    assert.equal(accountLock(pool, 'noCredits')?.untilMs, clock.elapsedMs() + 5 * minuteMs);
  });

  it('locks a whole account whose balance is below zero, and a free answer lifts it', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const running = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    await learn(pool, { kind: 'locked', reason: 'belowZero', untilMs: null, limit: null });
    assert.equal(
      (await denied(pool.lease(freeRequest(clock.elapsedMs() + 1_000), never))).accounts[0]?.reason,
      'belowZero',
    );
    running.settle({ kind: 'healthy' });
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
  });

  it('locks a key at its cap until it is refilled, an hour where that is not said, and a later reading lifts it', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a, b] });
    await learn(pool, {
      kind: 'locked',
      reason: 'keyCap',
      untilMs: clock.elapsedMs() + 30 * hourMs,
      limit: null,
    });
    assert.equal(keyLock(pool, 'keyCap')?.untilMs, clock.elapsedMs() + 30 * hourMs);
    using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    assert.equal(lease.key.label, 'b');
    await clock.run(61_000);
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), null, { capLeft: 0 }));
    assert.notEqual(keyLock(pool, 'keyCap'), null);
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), null, { capLeft: 3 }));
    assert.equal(keyLock(pool, 'keyCap'), null);
    await learn(
      pool,
      { kind: 'locked', reason: 'budget', untilMs: null, limit: null },
      freeRequest(clock.elapsedMs(), { tried: new Set([b.keyId]) }),
    );
    assert.equal(keyLock(pool, 'budget')?.untilMs, clock.elapsedMs() + hourMs);
  });

  it('leaves free models to a key whose budget a paid request met, until a free one is refused as well', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const budget: Verdict = { kind: 'locked', reason: 'budget', untilMs: null, limit: null };
    await learn(pool, budget, paidRequest(clock.elapsedMs()));
    await denied(pool.lease(paidRequest(clock.elapsedMs()), never));
    await learn(pool, budget);
    await denied(pool.lease(freeRequest(clock.elapsedMs()), never));
  });

  it('locks a refused key for 60 s and wants a reading of it', async () => {
    const clock = new ManualClock();
    const wanted: string[] = [];
    const pool = makePool(clock, { a: [a] }, { onReadingWanted: (keyId) => wanted.push(keyId) });
    await learn(pool, { kind: 'locked', reason: 'unauthorized', untilMs: null, limit: null });
    assert.equal(keyLock(pool, 'unauthorized')?.untilMs, clock.elapsedMs() + minuteMs);
    assert.deepEqual(wanted, [a.keyId]);
    pool.read(a.keyId, makeReading('a', clock.elapsedMs()));
    assert.equal(keyLock(pool, 'unauthorized'), null);
  });

  it('keeps that lock where a reading has accepted the key in vain, until the key serves', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const refuse = async (): Promise<void> => {
      await learn(pool, { kind: 'locked', reason: 'unauthorized', untilMs: null, limit: null });
      pool.read(a.keyId, makeReading('a', clock.elapsedMs()));
    };
    await refuse();
    await refuse();
    assert.equal(keyLock(pool, 'unauthorized')?.untilMs, clock.elapsedMs() + minuteMs);
    await clock.run(minuteMs);
    await learn(pool, { kind: 'healthy' });
    await refuse();
    assert.equal(keyLock(pool, 'unauthorized'), null);
  });

  it('takes refusals of two accounts within a minute for upstream’s own, and locks nothing', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b] });
    await learn(
      pool,
      { kind: 'locked', reason: 'unauthorized', untilMs: null, limit: null },
      freeRequest(clock.elapsedMs(), { tried: new Set([b.keyId]) }),
    );
    await clock.run(30_000);
    await learn(
      pool,
      { kind: 'locked', reason: 'unauthorized', untilMs: null, limit: null },
      freeRequest(clock.elapsedMs(), { tried: new Set([a.keyId]) }),
    );
    assert.equal(keyLock(pool, 'unauthorized'), null);
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
  });

  it('learns nothing from a client that left', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    await learn(pool, { kind: 'nothing' });
    const state = pool.roster.keys.get(a.keyId);
    assert.deepEqual([state?.requests, state?.errors], [1, 0]);
    assert.equal(pool.roster.accounts[0]?.locks.active(clock.elapsedMs()).length, 0);
  });
});

describe('An account without credits', () => {
  const first = { used: 0, limit: 50 };
  for (const [what, daily, isFreeTier] of [
    ['the first credits', first, false],
    ['a higher allowance, which credits buy', { used: 0, limit: 1000 }, true],
  ] as const) {
    it(`is asked again as soon as a reading shows ${what}`, async () => {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [a] });
      const read = (told: typeof daily, isFree: boolean): void =>
        pool.read(a.keyId, makeReading('a', clock.elapsedMs(), told, { isFreeTier: isFree }));
      read(first, true);
      const locked = (reason: 'noCredits' | 'belowZero'): Verdict => ({
        kind: 'locked',
        reason,
        untilMs: null,
        limit: null,
      });
      await learn(pool, locked('noCredits'), paidRequest(clock.elapsedMs()));
      await learn(pool, locked('belowZero'));
      read(first, true);
      const requests = [paidRequest, freeRequest].map((of) =>
        pool.lease(of(clock.elapsedMs() + hourMs), never),
      );
      assert.equal(pool.waiting, 2);
      read(daily, isFreeTier);
      assert.equal(pool.waiting, 0);
      for (const request of requests) (await leased(request))[Symbol.dispose]();
    });
  }
});

describe('An account that gets a name of the user’s', () => {
  it('stays held back for a model that is busy for it alone', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const untilMs = clock.elapsedMs() + 5 * minuteMs;
    await learn(pool, { kind: 'locked', reason: 'ownProviderBusy', untilMs, limit: null });
    pool.setKeys([makeKey('a', { accountName: 'Work' })]);
    assert.equal((await denied(pool.lease(freeRequest(clock.elapsedMs()), never))).retryAtMs, untilMs);
    await clock.runTo(untilMs);
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
  });

  it('keeps count of its answers without credits', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lockedMs = async (): Promise<number> => {
      using lease = await leased(pool.lease(paidRequest(clock.elapsedMs()), never));
      lease.settle({ kind: 'locked', reason: 'noCredits', untilMs: null, limit: null });
      return (accountLock(pool, 'noCredits')?.untilMs ?? 0) - clock.elapsedMs();
    };
    assert.equal(await lockedMs(), 5 * minuteMs);
    await clock.run(5 * minuteMs);
    pool.setKeys([makeKey('a', { accountName: 'Work' })]);
    assert.equal(await lockedMs(), 10 * minuteMs);
  });
});
