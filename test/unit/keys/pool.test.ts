import assert from 'node:assert/strict';
import type { Lease } from '../../../src/keys/lease';
import type { Pool } from '../../../src/keys/pool';
import { ManualClock, settled } from '../../support/manualClock';
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

describe('Pool: leases', () => {
  it('counts an attempt from the head on the socket, and gives back what was never sent', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const [account] = pool.wheel.roster.accounts;
    assert.ok(account);
    const unsent = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    assert.equal(account.ledger.used, 1);
    assert.equal(account.ledger.own, 0);
    unsent[Symbol.dispose]();
    assert.equal(account.ledger.used, 0);
    assert.equal(account.minute.used(clock.nowMs()), 0);
    await spend(pool, 1);
    assert.equal(account.ledger.own, 1);
    assert.equal(account.minute.used(clock.nowMs()), 1);
    assert.equal(account.inFlight, 0);
  });

  it('takes an answer’s head for a sign that the attempt was sent', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lease = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    lease.markHead();
    lease[Symbol.dispose]();
    assert.equal(pool.wheel.roster.accounts[0]?.ledger.own, 1);
  });

  it('settles once, and a lease that ends unsettled teaches nothing', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lease = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    lease[Symbol.dispose]();
    lease[Symbol.dispose]();
    assert.throws(() => lease.settle({ kind: 'unauthorized' }), /settled once/);
    assert.equal(pool.wheel.roster.keys.get(a.keyId)?.locks.get('unauthorized'), null);
  });

  it('counts a paid request that a free model answered', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    using lease = await leased(pool.lease(paidRequest(clock.nowMs()), never));
    send(lease);
    lease.settle({ kind: 'healthy' }, true);
    assert.equal(pool.wheel.roster.accounts[0]?.ledger.own, 1);
    assert.equal(pool.wheel.roster.accounts[0].minute.used(clock.nowMs()), 1);
  });
});

describe('Pool: waiting', () => {
  it('gives the slot that frees first to the oldest, 60 s after its answer’s head came', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const startMs = clock.nowMs();
    const first = await leased(pool.lease(freeRequest(startMs), never));
    first.markSent();
    await clock.run(200);
    first.markHead();
    await spend(pool, 19);
    const times: string[] = [];
    for (const name of ['x', 'y']) {
      void pool
        .lease(freeRequest(startMs + 90_000), never)
        .then(() => times.push(`${name} ${clock.nowMs() - startMs}`));
    }
    await clock.run(70_000);
    assert.deepEqual(times, ['x 60200', 'y 60200']);
  });

  it('serves at the head’s time although the alarm was set before the head came', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const leases = [];
    for (let nth = 0; nth < 20; nth++)
      leases.push(await leased(pool.lease(freeRequest(clock.nowMs()), never)));
    const startMs = clock.nowMs();
    let servedAtMs = 0;
    void pool.lease(freeRequest(startMs + 90_000), never).then(() => (servedAtMs = clock.nowMs()));
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
      leases.push(await leased(pool.lease(freeRequest(clock.nowMs()), never)));
    const startMs = clock.nowMs();
    let servedAtMs = 0;
    void pool.lease(freeRequest(startMs + 200_000), never).then(() => (servedAtMs = clock.nowMs()));
    await clock.run(100_000);
    for (const lease of leases) lease.markSent();
    await clock.run(100_000);
    assert.equal(servedAtMs - startMs, 160_500);
  });

  it('refuses at once what no slot can serve in time, and when too many wait', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day, maxWaiting: 2 });
    await spend(pool, 20);
    const denial = await denied(pool.lease(freeRequest(clock.nowMs() + 59_000), never));
    assert.equal(denial.kind, 'exhausted');
    assert.equal(denial.retryAtMs, clock.nowMs() + 60_000);
    assert.deepEqual(
      denial.accounts.map(({ reason, untilMs }) => [reason, untilMs]),
      [['minuteFull', clock.nowMs() + 60_000]],
    );
    void pool.lease(freeRequest(clock.nowMs() + 90_000), never);
    void pool.lease(freeRequest(clock.nowMs() + 90_000), never);
    assert.equal((await denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never))).kind, 'lineFull');
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
    const waiting = pool.lease(freeRequest(clock.nowMs() + 90_000), client.signal);
    client.abort(new Error('left'));
    await assert.rejects(waiting, /left/);
    assert.equal(pool.waiting, 0);
    assert.equal(clock.pending, 0);
  });

  it('lets a request of another model pass one whose model is held back on every account', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    {
      using lease = await leased(pool.lease(freeRequest(clock.nowMs(), { model: 'busy:free' }), never));
      send(lease);
      lease.settle({ kind: 'modelBusy', untilMs: clock.nowMs() + 70_000, onAccountAlone: true });
    }
    await spend(pool, 19);
    const startMs = clock.nowMs();
    const served: string[] = [];
    for (const model of ['busy:free', 'other:free']) {
      const request = freeRequest(startMs + 90_000, { model });
      void pool.lease(request, never).then(() => served.push(`${model} ${clock.nowMs() - startMs}`));
    }
    await clock.run(90_000);
    assert.deepEqual(served, ['other:free 60000', 'busy:free 70000']);
  });

  it('wakes a request whose tried key is ready but whose other key is locked, at that lock’s end', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a, b] });
    pool.wheel.roster.keys.get(b.keyId)?.locks.set({
      reason: 'unauthorized',
      covers: 'all',
      sinceMs: clock.nowMs(),
      untilMs: clock.nowMs() + 20_000,
    });
    pool.rejudge();
    const startMs = clock.nowMs();
    let servedAtMs = 0;
    void pool
      .lease(freeRequest(startMs + 90_000, { tried: new Set([a.keyId]) }), never)
      .then(() => (servedAtMs = clock.nowMs()));
    await clock.run(90_000);
    assert.equal(servedAtMs - startMs, 20_000);
  });

  it('judges all anew when a lock falls: what has become hopeless is refused at once', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    const running = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    send(running);
    await spend(pool, 19);
    const waiting = denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never));
    await clock.run(1_000);
    running.settle({ kind: 'dayUsedUp', untilMs: clock.nowMs() + 8 * hourMs, limit: null });
    const denial = await waiting;
    assert.equal(denial.kind, 'exhausted');
    assert.equal(denial.accounts[0]?.reason, 'dailyLimit');
  });

  it('lets requests wait for the first keys, and serves them when they come', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    const fresh = makePool(clock, {});
    assert.equal((await denied(fresh.lease(freeRequest(clock.nowMs() + 1_000), never))).kind, 'noKeys');
    pool.setKeys([a]);
    await leased(pool.lease(freeRequest(clock.nowMs() + 1_000), never));
  });

  it('does not make anybody wait for longer because the clock was set back', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    await spend(pool, 20);
    let servedAfterMs = 0;
    const startMs = clock.nowMs();
    const waiting = pool.lease(freeRequest(startMs + 90_000), never).then((got) => {
      servedAfterMs = clock.nowMs() - (startMs - hourMs);
      return got;
    });
    clock.jump(-hourMs);
    await clock.run(130_000);
    assert.ok('lease' in (await waiting));
    assert.ok(servedAfterMs <= 121_000, `${servedAfterMs}`);
  });

  it('goes on at once after a laptop slept', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: day });
    await spend(pool, 20);
    clock.jump(hourMs);
    await leased(pool.lease(freeRequest(clock.nowMs()), never));
  });

  it('asks nobody to poll: while all wait there is one timer', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b] }, { daily: day });
    await spend(pool, 40);
    for (let nth = 0; nth < 30; nth++) {
      void pool.lease(freeRequest(clock.nowMs() + 90_000), new AbortController().signal);
    }
    await settled();
    assert.equal(clock.pending, 1);
    assert.equal(clock.nextDueAtMs, clock.nowMs() + 60_000);
  });
});

describe('Pool: a day that only our own sum calls used up', () => {
  /** An account with one request left, whose readings the test answers itself. */
  function doubtfulPool(clock: ManualClock): { pool: Pool; wanted: number[]; tell: (used: number) => void } {
    const pool = makePool(clock, { a: [a] }, { daily: { used: 48, limit: 50 } });
    const wanted: number[] = [];
    const startMs = clock.nowMs();
    pool.onEvent((event) => {
      if (event.kind === 'readingWanted') wanted.push(clock.nowMs() - startMs);
    });
    const tell = (used: number): void =>
      pool.read(a.keyId, makeReading('a', clock.nowMs(), { used, limit: 50 }));
    return { pool, wanted, tell };
  }

  it('is asked about at once, and who waits goes when the reading shows allowance', async () => {
    const clock = new ManualClock();
    const { pool, wanted, tell } = doubtfulPool(clock);
    await clock.run(120_000);
    await spend(pool, 2);
    assert.deepEqual(wanted, [120_000]);
    const waiting = leased(pool.lease(freeRequest(clock.nowMs() + 90_000), never));
    await clock.run(100);
    assert.equal(pool.waiting, 1);
    tell(40);
    await waiting;
  });

  it('refuses who waits when the reading leaves the doubt, and asks again when a reading must hold all attempts', async () => {
    const clock = new ManualClock();
    const { pool, wanted, tell } = doubtfulPool(clock);
    await clock.run(1_000);
    await spend(pool, 2);
    const waiting = denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never));
    await clock.run(100);
    tell(48);
    assert.equal((await waiting).kind, 'exhausted');
    await clock.run(90_900);
    assert.deepEqual(wanted, [1_000, 92_000]);
    tell(50);
    assert.equal(pool.wheel.roster.accounts[0]?.ledger.emptiness, 'spent');
    await clock.run(4 * minuteMs);
    assert.deepEqual(wanted, [1_000, 92_000]);
  });

  it('waits no longer than 5 s for a reading that does not come, and is probed once it could have told', async () => {
    const clock = new ManualClock();
    const { pool, wanted } = doubtfulPool(clock);
    await clock.run(1_000);
    const startMs = clock.nowMs();
    await spend(pool, 2);
    const denial = await Promise.all([
      denied(pool.lease(freeRequest(startMs + 90_000), never)),
      clock.run(5_000),
    ]);
    assert.equal(denial[0].retryAtMs, startMs + 96_000);
    await clock.runTo(startMs + 60_000);
    let servedAtMs = 0;
    void pool.lease(freeRequest(startMs + 150_000), never).then(() => (servedAtMs = clock.nowMs()));
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
      assert.equal((await denied(pool.lease(freeRequest(clock.nowMs() + 1_000), never))).kind, 'exhausted');
    }
  });

  it('is probed once a minute where readings tell no count, and an answer beyond 50 shows the higher limit', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: null });
    const [account] = pool.wheel.roster.accounts;
    assert.ok(account);
    for (let minutes = 0; minutes < 3; minutes++) {
      await spend(pool, minutes < 2 ? 20 : 10);
      await clock.run(61_000);
    }
    assert.equal(account.ledger.emptiness, 'doubtful');
    const probe = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    send(probe);
    assert.equal((await denied(pool.lease(freeRequest(clock.nowMs() + 59_000), never))).kind, 'exhausted');
    probe.settle({ kind: 'healthy' });
    assert.equal(account.ledger.limit, 1_000);
    await leased(pool.lease(freeRequest(clock.nowMs()), never));
  });

  it('is asked about again after five minutes of demand, once the server calls it used up: credits may have been bought', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: { used: 50, limit: 50 } });
    const wanted: number[] = [];
    const startMs = clock.nowMs();
    pool.onEvent((event) => {
      if (event.kind === 'readingWanted') wanted.push(clock.nowMs() - startMs);
    });
    for (let nth = 0; nth < 40; nth++) {
      await denied(pool.lease(freeRequest(clock.nowMs() + 5_000), never));
      await clock.run(10_000);
    }
    assert.deepEqual(wanted, [300_000]);
    pool.read(a.keyId, makeReading('a', clock.nowMs(), { used: 51, limit: 1_000 }));
    await leased(pool.lease(freeRequest(clock.nowMs()), never));
  });
});

describe('Pool: choosing', () => {
  it('takes the account with the highest share left, and counts keys of one account as one', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [a, b], other: [c] });
    const used: string[] = [];
    for (let nth = 0; nth < 6; nth++) {
      using lease = await leased(pool.lease(freeRequest(clock.nowMs()), never));
      send(lease);
      used.push(lease.key.label);
      await clock.run(10);
    }
    assert.deepEqual(used, ['a', 'c', 'b', 'c', 'a', 'c']);
    const left = pool.wheel.roster.accounts.reduce((sum, { ledger }) => sum + ledger.left, 0);
    assert.equal(left, 94);
  });

  it('stays with the conversation’s account for paid requests until it is locked, then goes where most credits are', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b], c: [c] });
    pool.read(a.keyId, makeReading('a', clock.nowMs(), day, { capLeft: 1 }));
    pool.read(b.keyId, makeReading('b', clock.nowMs(), day, { capLeft: 5 }));
    pool.read(c.keyId, makeReading('c', clock.nowMs(), day, { capLeft: 9 }));
    const talk = paidRequest(clock.nowMs(), { conversation: 'talk' });
    {
      using lease = await leased(pool.lease({ ...talk, tried: new Set([c.keyId]) }, never));
      assert.equal(lease.key.label, 'b');
      lease.settle({ kind: 'healthy' });
    }
    {
      using lease = await leased(pool.lease(talk, never));
      assert.equal(lease.key.label, 'b');
      lease.settle({ kind: 'noCredits' });
    }
    using lease = await leased(pool.lease(talk, never));
    assert.equal(lease.key.label, 'c');
  });

  it('never excludes an account for its credits before its 402', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    pool.read(a.keyId, makeReading('a', clock.nowMs(), day, { capLeft: 0 }));
    await leased(pool.lease(paidRequest(clock.nowMs()), never));
  });

  it('keeps free requests off keys for paid ones alone, and the other way round', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {
      a: [makeKey('a', { paidUse: 'only' })],
      b: [makeKey('b', { paidUse: 'never' })],
    });
    assert.equal((await leased(pool.lease(freeRequest(clock.nowMs()), never))).key.label, 'b');
    assert.equal((await leased(pool.lease(paidRequest(clock.nowMs()), never))).key.label, 'a');
  });

  it('names what everything waits for when the edge refuses this address', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] });
    const lease = await leased(pool.lease(freeRequest(clock.nowMs()), never));
    lease.settle({ kind: 'edgeBlocked', untilMs: clock.nowMs() + 100_000 });
    const denial = await denied(pool.lease(freeRequest(clock.nowMs() + 90_000), never));
    assert.deepEqual(
      denial.accounts.map(({ reason }) => reason),
      ['edgeBlocked'],
    );
    assert.equal(denial.retryAtMs, clock.nowMs() + 100_000);
  });
});
