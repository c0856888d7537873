import assert from 'node:assert/strict';
import type { KeyId } from '../../../src/base/secret';
import { Canceller, type Signal } from '../../../src/base/signal';
import type { Lease } from '../../../src/keys/lease';
import type { Pool } from '../../../src/keys/pool';
import { cachedConversation } from '../../../src/keys/wheel';
import { ManualClock, settled } from '../../support/manualClock';
import {
  confirmUsedUp,
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

const [a, b, c] = [makeKey('a'), makeKey('b'), makeKey('c')];
const day = { used: 0, limit: 1_000 };

function send(lease: Lease): void {
  lease.markSent();
  lease.markHead();
}

/** Sends so many requests of the account's minute at once; each is answered and ends. */
async function spend(pool: Pool, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    using lease = await leased(pool.lease(freeRequest(pool.nowMs() + 1), never));
    send(lease);
    lease.settle({ kind: 'healthy' });
  }
}

/** Spends a whole minute of the account, so that a slot frees each second. */
async function spendEvenly(pool: Pool, clock: ManualClock): Promise<void> {
  for (let nth = 0; nth < 20; nth++) {
    await spend(pool, 1);
    await clock.run(1_000);
  }
}

describe('Pool: leases', () => {
  it('keeps free requests alone waiting for an account that has been read, as long as readings are expected', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([makeKey('a'), makeKey('b')]);
    let come: () => void = () => undefined;
    pool.awaitReadings(new Promise((resolve) => (come = resolve)));
    const request = freeRequest(clock.elapsedMs());
    const served: string[] = [];
    for (let count = 0; count < 3; count++)
      void leased(pool.lease(request, never)).then(({ key }) => served.push(key.label));
    (await leased(pool.lease(paidRequest(clock.elapsedMs()), never)))[Symbol.dispose]();
    const leaving = new AbortController();
    const gone = pool.lease(request, leaving.signal);
    leaving.abort(new Error('left'));
    await assert.rejects(gone, /left/);
    assert.deepEqual(served, []);
    pool.read(makeKey('a').keyId, makeReading('one', clock.elapsedMs(), { used: 48, limit: 50 }));
    await settled();
    assert.deepEqual(served, ['a', 'a'], 'the third waits for the other account');
    come();
    await settled();
    assert.deepEqual(served, ['a', 'a', 'b']);
  });

  it('probes no account that its first reading calls empty, as long as others may have some left', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([makeKey('a'), makeKey('b')]);
    pool.awaitReadings(new Promise(() => undefined));
    pool.read(makeKey('a').keyId, makeReading('one', clock.elapsedMs(), { used: 50, limit: 50 }));
    const lease = leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    await settled();
    pool.read(makeKey('b').keyId, makeReading('two', clock.elapsedMs(), { used: 0, limit: 50 }));
    assert.equal((await lease).key.label, 'b');
  });

  it('counts an attempt from the head on the socket, and gives back what was never sent', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const [account] = pool.roster.accounts;
    assert.ok(account);
    const unsent = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    assert.equal(account.ledger.used, 1);
    assert.equal(account.ledger.day.own, 0);
    unsent[Symbol.dispose]();
    assert.equal(account.ledger.used, 0);
    assert.equal(account.minute.used(clock.elapsedMs()), 0);
    await spend(pool, 1);
    assert.equal(account.ledger.day.own, 1);
    assert.equal(account.minute.used(clock.elapsedMs()), 1);
    assert.equal(account.inFlight, 0);
  });

  it('takes an answer’s head for a sign that the attempt was sent', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    lease.markHead();
    lease[Symbol.dispose]();
    assert.equal(pool.roster.accounts[0]?.ledger.day.own, 1);
  });

  it('settles once, and a lease that ends unsettled teaches nothing', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    lease[Symbol.dispose]();
    lease[Symbol.dispose]();
    assert.throws(
      () => lease.settle({ kind: 'locked', reason: 'unauthorized', untilMs: null, limit: null }),
      /settled once/,
    );
    assert.equal(pool.roster.keys.get(a.keyId)?.locks.get('unauthorized'), null);
  });

  it('counts a paid request that a free model answered', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    using lease = await leased(pool.lease(paidRequest(clock.elapsedMs()), never));
    send(lease);
    lease.settle({ kind: 'healthy' }, true);
    assert.equal(pool.roster.accounts[0]?.ledger.day.own, 1);
    assert.equal(pool.roster.accounts[0].minute.used(clock.elapsedMs()), 1);
  });
});

describe('Pool: waiting', () => {
  it('gives the slot that frees first to the oldest, 60 s after its answer’s head came', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const startMs = clock.elapsedMs();
    const first = await leased(pool.lease(freeRequest(startMs), never));
    first.markSent();
    await clock.run(200);
    first.markHead();
    await spend(pool, 19);
    const times: string[] = [];
    for (const name of ['x', 'y']) {
      void pool
        .lease(freeRequest(startMs + 90_000), never)
        .then(() => times.push(`${name} ${clock.elapsedMs() - startMs}`));
    }
    await clock.run(70_000);
    assert.deepEqual(times, ['x 60200', 'y 60200']);
  });

  it('lets clients take turns: who sends many at once does not keep another one waiting', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day, maxWaiting: 9 });
    await spendEvenly(pool, clock);
    const order: string[] = [];
    const untilMs = clock.elapsedMs() + 90_000;
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2', 'a5', 'c2']) {
      const client = name.charAt(0);
      void leased(pool.lease(freeRequest(untilMs, { client }), never)).then(() => order.push(name));
    }
    await clock.run(60_000);
    assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'a4', 'a5']);
  });

  it('lets no request overtake an older one of its own client, whoever has left meanwhile', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    await spendEvenly(pool, clock);
    const order: string[] = [];
    const leaving = new Canceller();
    const wait = (name: string, signal: Signal): void => {
      const request = freeRequest(clock.elapsedMs() + 90_000, { client: name.charAt(0) });
      pool.lease(request, signal).then(
        () => order.push(name),
        () => order.push(`${name} left`),
      );
    };
    for (const name of ['a1', 'a2', 'a3']) wait(name, never);
    for (const name of ['b1', 'b2']) wait(name, leaving);
    for (const name of ['b3', 'b4']) wait(name, never);
    leaving.abort(new Error('Left.'));
    wait('b5', never);
    await clock.run(60_000);
    assert.deepEqual(order, ['b1 left', 'b2 left', 'a1', 'a2', 'a3', 'b3', 'b4', 'b5']);
  });

  it('serves at the head’s time although the alarm was set before the head came', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const leases = [];
    for (let nth = 0; nth < 20; nth++)
      leases.push(await leased(pool.lease(freeRequest(clock.elapsedMs()), never)));
    const startMs = clock.elapsedMs();
    let servedAtMs = 0;
    void pool.lease(freeRequest(startMs + 90_000), never).then(() => (servedAtMs = clock.elapsedMs()));
    await clock.run(1_000);
    for (const lease of leases) lease.markSent();
    await clock.run(50);
    for (const lease of leases) lease.markHead();
    await clock.run(70_000);
    assert.equal(servedAtMs - startMs, 61_050);
  });

  it('wakes who waits when a slot’s attempt left later than was thought', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const leases = [];
    for (let nth = 0; nth < 20; nth++)
      leases.push(await leased(pool.lease(freeRequest(clock.elapsedMs()), never)));
    const startMs = clock.elapsedMs();
    let servedAtMs = 0;
    void pool.lease(freeRequest(startMs + 200_000), never).then(() => (servedAtMs = clock.elapsedMs()));
    await clock.run(100_000);
    for (const lease of leases) lease.markSent();
    await clock.run(100_000);
    assert.equal(servedAtMs - startMs, 160_500);
  });

  it('refuses at once what no slot can serve in time, and when too many wait', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day, maxWaiting: 2 });
    await spend(pool, 20);
    const denial = await denied(pool.lease(freeRequest(clock.elapsedMs() + 59_000), never));
    assert.equal(denial.kind, 'exhausted');
    assert.equal(denial.retryAtMs, clock.elapsedMs() + 60_000);
    assert.deepEqual(
      denial.accounts.map(({ reason, untilMs }) => [reason, untilMs]),
      [['minuteLimit', clock.elapsedMs() + 60_000]],
    );
    void pool.lease(freeRequest(clock.elapsedMs() + 90_000), never);
    void pool.lease(freeRequest(clock.elapsedMs() + 90_000), never);
    assert.equal(
      (await denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never))).kind,
      'queueFull',
    );
    assert.equal(pool.waiting, 2);
    pool.dispose();
    await settled();
    assert.equal(pool.waiting, 0);
    assert.equal(clock.pending, 0);
  });

  it('frees the place of a client that leaves, and keeps no timer for it', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    await spend(pool, 20);
    const client = new AbortController();
    const waiting = pool.lease(freeRequest(clock.elapsedMs() + 90_000), client.signal);
    client.abort(new Error('left'));
    await assert.rejects(waiting, /left/);
    assert.equal(pool.waiting, 0);
    assert.equal(clock.pending, 0);
  });

  it('lets a request of another model pass one whose model is held back on every account', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    {
      using lease = await leased(pool.lease(freeRequest(clock.elapsedMs(), { model: 'busy:free' }), never));
      send(lease);
      lease.settle({
        kind: 'locked',
        reason: 'ownProviderBusy',
        untilMs: clock.elapsedMs() + 70_000,
        limit: null,
      });
    }
    await spend(pool, 19);
    const startMs = clock.elapsedMs();
    const served: string[] = [];
    for (const model of ['busy:free', 'other:free']) {
      const request = freeRequest(startMs + 90_000, { model });
      void pool.lease(request, never).then(() => served.push(`${model} ${clock.elapsedMs() - startMs}`));
    }
    await clock.run(90_000);
    assert.deepEqual(served, ['other:free 60000', 'busy:free 70000']);
  });

  it('wakes a request whose tried key is ready but whose other key is locked, at that lock’s end', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a, b] });
    pool.roster.keys.get(b.keyId)?.locks.set({
      reason: 'unauthorized',
      covers: 'all',
      sinceMs: clock.elapsedMs(),
      untilMs: clock.elapsedMs() + 20_000,
    });
    pool.rejudge();
    const startMs = clock.elapsedMs();
    let servedAtMs = 0;
    void pool
      .lease(freeRequest(startMs + 90_000, { tried: new Set([a.keyId]) }), never)
      .then(() => (servedAtMs = clock.elapsedMs()));
    await clock.run(90_000);
    assert.equal(servedAtMs - startMs, 20_000);
  });

  it('judges all anew when a lock falls: what has become hopeless is refused at once', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const running = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    send(running);
    await spend(pool, 19);
    const waiting = denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    await clock.run(1_000);
    running.settle({
      kind: 'locked',
      reason: 'dailyLimit',
      untilMs: clock.elapsedMs() + 8 * hourMs,
      limit: null,
    });
    const denial = await waiting;
    assert.equal(denial.kind, 'exhausted');
    assert.equal(denial.accounts[0]?.reason, 'dailyLimit');
  });

  it('lets requests wait for the first keys, and serves them when they come', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    const fresh = makePool(clock, {});
    assert.equal((await denied(fresh.lease(freeRequest(clock.elapsedMs() + 1_000), never))).kind, 'noKeys');
    pool.setKeys([a]);
    await leased(pool.lease(freeRequest(clock.elapsedMs() + 1_000), never));
  });

  for (const byMs of [-hourMs, 3 * hourMs]) {
    it(`makes nobody wait for longer or shorter because the clock was set by ${byMs / hourMs} h`, async () => {
      const clock = new ManualClock();
      const pool = makePool(clock, { a: [a] }, { daily: day });
      await spend(pool, 20);
      const fromMs = clock.elapsedMs();
      const waiting = leased(pool.lease(freeRequest(fromMs + 90_000), never));
      clock.set(byMs);
      pool.rejudge();
      await clock.run(59_999);
      assert.equal(pool.waiting, 1);
      await clock.run(1);
      await waiting;
    });
  }

  it('ends the day where a clock that was put right ends it, and keeps what was counted', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    await spend(pool, 3);
    clock.set(-hourMs);
    pool.rejudge();
    const [account] = pool.roster.accounts;
    assert.deepEqual([account?.ledger.used, account?.ledger.resetAtMs], [3, clock.elapsedMs() + 13 * hourMs]);
    clock.set(14 * hourMs);
    pool.rejudge();
    // The three requests were sent just now, so they count on the new day.
    assert.deepEqual([account?.ledger.used, account?.ledger.resetAtMs], [3, clock.elapsedMs() + 23 * hourMs]);
    await clock.run(23 * hourMs);
    pool.rejudge();
    assert.equal(account?.ledger.used, 0);
  });

  it('goes on at once after a laptop slept', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    await spend(pool, 20);
    clock.sleep(hourMs);
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
  });

  it('looks at nobody who waits when a request passes that changes nothing for them', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b] }, { daily: day });
    await spend(pool, 40);
    const untilMs = clock.elapsedMs() + 90_000;
    let looks = 0;
    const watched = freeRequest(untilMs);
    Object.defineProperty(watched, 'untilMs', { get: () => (looks++, untilMs) });
    for (let nth = 0; nth < 10; nth++) void pool.lease(watched, new AbortController().signal);
    await settled();
    assert.ok(looks > 0);
    looks = 0;
    for (let nth = 0; nth < 5; nth++) {
      using lease = pool.leaseNow(paidRequest(clock.elapsedMs()));
      assert.ok(lease);
      send(lease);
      lease.settle({ kind: 'healthy' });
    }
    assert.equal(looks, 0);
    await clock.run(60_000);
    assert.equal(pool.waiting, 0);
  });

  it('asks nobody to poll: while all wait there is one timer', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b] }, { daily: day });
    await spend(pool, 40);
    for (let nth = 0; nth < 30; nth++) {
      void pool.lease(freeRequest(clock.elapsedMs() + 90_000), new AbortController().signal);
    }
    await settled();
    assert.equal(clock.pending, 1);
    assert.equal(clock.nextDueAtMs, clock.elapsedMs() + 60_000);
  });
});

describe('Pool: a day that only our own sum calls used up', () => {
  /** An account with one request left, whose readings the test answers itself. */
  function doubtfulPool(clock: ManualClock): { pool: Pool; wanted: number[]; tell: (used: number) => void } {
    const wanted: number[] = [];
    const startMs = clock.elapsedMs();
    const onReadingWanted = (): number => wanted.push(clock.elapsedMs() - startMs);
    const pool = makePool(clock, { a: [a] }, { daily: { used: 48, limit: 50 }, onReadingWanted });
    const tell = (used: number): void =>
      pool.read(a.keyId, makeReading('a', clock.elapsedMs(), { used, limit: 50 }));
    return { pool, wanted, tell };
  }

  it('is asked about at once, and who waits goes when the reading shows allowance', async () => {
    const clock = new ManualClock();
    const { pool, wanted, tell } = doubtfulPool(clock);
    await clock.run(120_000);
    await spend(pool, 2);
    assert.deepEqual(wanted, [120_000]);
    const waiting = leased(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    await clock.run(100);
    assert.equal(pool.waiting, 1);
    tell(40);
    await waiting;
  });

  it('refuses who waits when the reading leaves the doubt, and asks again for who comes when a reading must hold all attempts', async () => {
    const clock = new ManualClock();
    const { pool, wanted, tell } = doubtfulPool(clock);
    await clock.run(1_000);
    await spend(pool, 2);
    const waiting = denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    await clock.run(100);
    tell(48);
    assert.equal((await waiting).kind, 'exhausted');
    await clock.run(90_900);
    const again = denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    assert.deepEqual(wanted, [1_000, 92_000]);
    tell(50);
    assert.equal((await again).kind, 'exhausted');
    assert.equal(pool.roster.accounts[0]?.ledger.emptiness, 'spent');
  });

  it('waits no longer than 5 s for a reading that does not come, and is probed once it could have told', async () => {
    const clock = new ManualClock();
    const { pool, wanted } = doubtfulPool(clock);
    await clock.run(1_000);
    const startMs = clock.elapsedMs();
    await spend(pool, 2);
    const denial = await Promise.all([
      denied(pool.lease(freeRequest(startMs + 90_000), never)),
      clock.run(5_000),
    ]);
    assert.equal(denial[0].retryAtMs, startMs + 96_000);
    await clock.runTo(startMs + 60_000);
    let servedAtMs = 0;
    void pool.lease(freeRequest(startMs + 150_000), never).then(() => (servedAtMs = clock.elapsedMs()));
    await clock.runTo(startMs + 150_000);
    assert.equal(servedAtMs - startMs, 96_000);
    assert.deepEqual(wanted.slice(0, 2), [1_000, 92_000]);
  });

  it('is never probed beyond the user’s own lower limit', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a', { dailyLimit: 3 })] }, { daily: { used: 0, limit: 50 } });
    await spend(pool, 3);
    for (let minutes = 0; minutes < 10; minutes++) {
      await clock.run(minuteMs);
      const denial = denied(pool.lease(freeRequest(clock.elapsedMs() + 1_000), never));
      await clock.run(1_000);
      assert.equal((await denial).kind, 'exhausted');
    }
  });

  it('is probed once a minute where readings tell no count, and an answer beyond 50 shows the higher limit', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: null });
    const [account] = pool.roster.accounts;
    assert.ok(account);
    for (let minutes = 0; minutes < 3; minutes++) {
      await spend(pool, minutes < 2 ? 20 : 10);
      await clock.run(61_000);
    }
    assert.equal(account.ledger.emptiness, 'doubtful');
    const probe = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    send(probe);
    assert.equal(
      (await denied(pool.lease(freeRequest(clock.elapsedMs() + 59_000), never))).kind,
      'exhausted',
    );
    probe.settle({ kind: 'healthy' });
    assert.equal(account.ledger.limit, 1_000);
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
  });
});

describe('Pool: a day that a reading alone calls used up', () => {
  const usedUp = { daily: { used: 50, limit: 50 } };

  it('is asked last, by one request; an answer shows that the limit does not hold the account', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { exempt: [a], other: [b] }, { daily: { used: 0, limit: 50 } });
    pool.read(a.keyId, makeReading('exempt', clock.elapsedMs(), usedUp.daily));
    for (let nth = 0; nth < 20; nth++) {
      const lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
      assert.equal(lease.key.keyId, b.keyId);
      lease.markSent();
      lease.settle({ kind: 'healthy' });
      lease[Symbol.dispose]();
    }
    const probe = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    assert.equal(probe.key.keyId, a.keyId);
    probe.markSent();
    await denied(pool.lease(freeRequest(clock.elapsedMs()), never));
    probe.markHead();
    probe.settle({ kind: 'healthy' });
    probe[Symbol.dispose]();
    for (let nth = 0; nth < 19; nth++) send(await leased(pool.lease(freeRequest(clock.elapsedMs()), never)));
    pool.read(a.keyId, makeReading('exempt', clock.elapsedMs(), { used: 70, limit: 50 }));
    const waiting = pool.lease(freeRequest(clock.elapsedMs() + 61_000), never);
    await clock.run(61_000);
    await leased(waiting);
  });

  it('is told nothing of its successor by what was sent before the reset and answered after it', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: { used: 1, limit: 1 } });
    clock.advance(Date.UTC(2026, 0, 16) - 1 - clock.wallMs());
    const probe = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    probe.markSent();
    clock.advance(2);
    const atMidnight = pool.lease(freeRequest(clock.elapsedMs()), never);
    probe.markHead();
    probe.settle({ kind: 'healthy' });
    probe[Symbol.dispose]();
    // Upstream may have counted it on the new day, which has one request.
    await denied(atMidnight);
    await denied(pool.lease(freeRequest(clock.elapsedMs()), never));
  });

  it('is used up once a request was refused, until the reset', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, usedUp);
    await confirmUsedUp(pool, clock);
    const denial = await denied(pool.lease(freeRequest(clock.elapsedMs() + hourMs), never));
    assert.deepEqual([denial.kind, denial.retryAtMs], ['exhausted', Date.UTC(2026, 0, 16)]);
  });

  it('has nothing left that another account’s request might spend', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    assert.equal(pool.leftFor(freeRequest(0)), 50);
    await confirmUsedUp(pool, clock);
    assert.equal(pool.leftFor(freeRequest(0)), 0);
  });

  it('is used up without a question where our own requests came to the limit, and where the limit is the user’s', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: { used: 45, limit: 50 } });
    for (let nth = 0; nth < 5; nth++) send(await leased(pool.lease(freeRequest(clock.elapsedMs()), never)));
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), usedUp.daily));
    assert.equal((await denied(pool.lease(freeRequest(clock.elapsedMs()), never))).kind, 'exhausted');
    const users = makePool(clock, { b: [makeKey('b', { dailyLimit: 10 })] }, usedUp);
    assert.equal((await denied(users.lease(freeRequest(clock.elapsedMs()), never))).kind, 'exhausted');
  });
});

describe('Pool: choosing', () => {
  it('takes the account with the highest share left, and counts keys of one account as one', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [a, b], other: [c] });
    const used: string[] = [];
    for (let nth = 0; nth < 6; nth++) {
      using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
      send(lease);
      used.push(lease.key.label);
      await clock.run(10);
    }
    assert.deepEqual(used, ['a', 'c', 'b', 'c', 'a', 'c']);
    const left = pool.roster.accounts.reduce((sum, { ledger }) => sum + ledger.left, 0);
    assert.equal(left, 94);
  });

  it('stays with the conversation’s account for paid requests until it is locked, then goes where most credits are', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b], c: [c] });
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), day, { capLeft: 1, isFreeTier: false }));
    pool.read(b.keyId, makeReading('b', clock.elapsedMs(), day, { capLeft: 5, isFreeTier: false }));
    pool.read(c.keyId, makeReading('c', clock.elapsedMs(), day, { capLeft: 9, isFreeTier: false }));
    const talk = paidRequest(clock.elapsedMs(), { conversation: 'talk' });
    {
      using lease = await leased(pool.lease({ ...talk, tried: new Set([c.keyId]) }, never));
      assert.equal(lease.key.label, 'b');
      lease.settle({ kind: 'healthy' });
    }
    {
      using lease = await leased(pool.lease(talk, never));
      assert.equal(lease.key.label, 'b');
      lease.settle({ kind: 'locked', reason: 'noCredits', untilMs: null, limit: null });
    }
    using lease = await leased(pool.lease(talk, never));
    assert.equal(lease.key.label, 'c');
  });

  it('sends a paid request last to an account that never bought credits, whatever its key may spend', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b] });
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), day, { capLeft: 9, isFreeTier: true }));
    pool.read(b.keyId, makeReading('b', clock.elapsedMs(), day, { capLeft: 5, isFreeTier: false }));
    using lease = await leased(pool.lease(paidRequest(clock.elapsedMs()), never));
    assert.equal(lease.key.label, 'b');
  });

  it('stays with the key whose cache may answer, and goes to the account’s other one while it cannot serve', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a, b] });
    const served = async (conversation: string, tried: readonly KeyId[] = []): Promise<string> => {
      const request = freeRequest(clock.elapsedMs(), { conversation, tried: new Set(tried) });
      using lease = await leased(pool.lease(request, never));
      lease.settle({ kind: 'healthy' });
      await clock.run(10);
      return lease.key.label;
    };
    for (let round = 0; round < 3; round++) {
      assert.equal(await served(`${cachedConversation}x`), 'a');
      assert.equal(await served(`${cachedConversation}y`), 'b');
      assert.equal(await served(`${cachedConversation}z`), 'a');
    }
    assert.equal(await served(`${cachedConversation}x`, [a.keyId]), 'b');
  });

  it('never excludes an account for its credits before its 402', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), day, { capLeft: 0 }));
    await leased(pool.lease(paidRequest(clock.elapsedMs()), never));
  });

  it('keeps free requests off keys for paid ones alone, and the other way round', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {
      a: [makeKey('a', { paidUse: 'only' })],
      b: [makeKey('b', { paidUse: 'never' })],
    });
    assert.equal((await leased(pool.lease(freeRequest(clock.elapsedMs()), never))).key.label, 'b');
    assert.equal((await leased(pool.lease(paidRequest(clock.elapsedMs()), never))).key.label, 'a');
  });

  it('names what everything waits for when the edge refuses this address', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    lease.settle({
      kind: 'locked',
      reason: 'edgeBlocked',
      untilMs: clock.elapsedMs() + 100_000,
      limit: null,
    });
    const denial = await denied(pool.lease(freeRequest(clock.elapsedMs() + 90_000), never));
    assert.deepEqual(
      denial.accounts.map(({ reason }) => reason),
      ['edgeBlocked'],
    );
    assert.equal(denial.retryAtMs, clock.elapsedMs() + 100_000);
  });
});
