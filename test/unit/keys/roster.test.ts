import assert from 'node:assert/strict';
import { accountIdOf } from '../../../src/keys/roster';
import { ManualClock } from '../../support/manualClock';
import {
  confirmUsedUp,
  denied,
  freeRequest,
  leased,
  makeKey,
  makePool,
  makeReading,
  minuteMs,
  never,
  paidRequest,
} from './make';

const [a, b, c] = [makeKey('a'), makeKey('b'), makeKey('c')];

describe('Roster', () => {
  it('names an account by the user’s name, else by OpenRouter’s, else by the key, and shows none of them', () => {
    const named = makeKey('a', { accountName: 'work' });
    assert.equal(accountIdOf(named, 'user_1'), accountIdOf(makeKey('b', { accountName: 'work' }), null));
    assert.equal(accountIdOf(a, 'user_1'), accountIdOf(b, 'user_1'));
    assert.equal(accountIdOf(a, null), `key:${a.keyId}`);
    assert.doesNotMatch(accountIdOf(a, 'user_1') + accountIdOf(named, null), /user_1|work/);
  });

  it('makes one account of two keys when a reading tells, with all that both had counted and what is in flight', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([a, b]);
    pool.read(a.keyId, makeReading('one', clock.elapsedMs(), { used: 0, limit: 50 }));
    const leases = [];
    for (let nth = 0; nth < 6; nth++)
      leases.push(await leased(pool.lease(freeRequest(clock.elapsedMs()), never)));
    for (const lease of leases.slice(0, 4)) lease.markSent();
    assert.equal(pool.roster.accounts.length, 2);
    await clock.run(1_000);
    pool.read(b.keyId, makeReading('one', clock.elapsedMs(), { used: 0, limit: 50 }));
    const [account, ...others] = pool.roster.accounts;
    assert.ok(account);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [account.inFlight, account.ledger.used, account.minute.used(clock.elapsedMs())],
      [6, 6, 6],
    );
    for (const lease of leases) {
      lease.markSent();
      lease.settle({ kind: 'healthy' });
      lease[Symbol.dispose]();
      assert.equal(lease.accountId, account.accountId);
    }
    assert.deepEqual(
      [account.inFlight, account.ledger.day.own, account.minute.used(clock.elapsedMs())],
      [0, 6, 6],
    );
    await clock.run(minuteMs + 500);
    assert.equal(account.minute.used(clock.elapsedMs()), 0);
  });

  it('takes an account’s counts along when the user names it, and back again', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a] }, { daily: { used: 30, limit: 50 } });
    for (let nth = 0; nth < 20; nth++) {
      using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
      lease.markSent();
    }
    for (const accountName of ['mine', null]) {
      pool.setKeys([makeKey('a', { accountName })]);
      const [account] = pool.roster.accounts;
      assert.deepEqual([account?.ledger.used, account?.minute.used(clock.elapsedMs())], [50, 20]);
      assert.equal((await denied(pool.lease(freeRequest(clock.elapsedMs()), never))).kind, 'exhausted');
    }
  });

  it('finds an account by the names that it had: what it made and its conversations stay with it', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, {});
    pool.setKeys([a, b, c]);
    const talk = paidRequest(clock.elapsedMs(), { conversation: 'talk' });
    const first = await leased(pool.lease({ ...talk, tried: new Set([b.keyId, c.keyId]) }, never));
    const { accountId } = first;
    first.settle({ kind: 'healthy' });
    first[Symbol.dispose]();
    const keysThatServe = async (): Promise<string[]> => {
      const labels = [];
      for (const wish of [freeRequest(clock.elapsedMs(), { requestClass: 'unmetered', accountId }), talk]) {
        using lease = await leased(pool.lease(wish, never));
        labels.push(lease.key.label);
        await clock.run(1);
      }
      return labels;
    };
    for (const key of [a, b, c]) pool.read(key.keyId, makeReading(key.label, clock.elapsedMs()));
    assert.notEqual(pool.roster.owners.get(a.keyId)?.accountId, accountId);
    for (let nth = 0; nth < 3; nth++) assert.deepEqual(await keysThatServe(), ['a', 'a']);
    for (const accountName of ['mine', null, 'mine again']) {
      pool.setKeys([makeKey('a', { accountName }), b, c]);
      assert.deepEqual(await keysThatServe(), ['a', 'a'], String(accountName));
    }
    // An account that has gone is not found by any name.
    pool.setKeys([b, c]);
    assert.equal(pool.roster.account(accountId), null);
  });

  it('is bound by the lowest limit of the keys that are on, and by that of one that is off where no other is', () => {
    const clock = new ManualClock();
    const five = makeKey('a', { dailyLimit: 5 });
    const [fiveOff, ten] = [{ ...five, enabled: false }, makeKey('b', { dailyLimit: 10 })];
    const pool = makePool(clock, { one: [five, ten] });
    const limit = (): number | undefined => pool.roster.accounts[0]?.ledger.limit;
    assert.equal(limit(), 5);
    pool.setKeys([fiveOff, ten]);
    assert.equal(limit(), 10);
    pool.setKeys([fiveOff, b]);
    assert.equal(limit(), 50);
    pool.setKeys([fiveOff]);
    assert.equal(limit(), 5);
    pool.setKeys([five, ten]);
    assert.equal(limit(), 5);
  });

  it('keeps a key in its account when a reading does not name one', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [a, b] });
    pool.read(b.keyId, makeReading(null, clock.elapsedMs()));
    assert.equal(pool.roster.accounts.length, 1);
  });

  it('remembers an account whose keys went and came back, and lets its leases end meanwhile', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [a], b: [b] });
    const lease = await leased(
      pool.lease(freeRequest(clock.elapsedMs(), { tried: new Set([b.keyId]) }), never),
    );
    pool.setKeys([b]);
    lease.markSent();
    lease.settle({ kind: 'healthy' });
    lease[Symbol.dispose]();
    pool.setKeys([b, a]);
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), { used: 0, limit: 50 }));
    const account = pool.roster.owners.get(a.keyId);
    assert.deepEqual([account?.ledger.used, account?.inFlight], [1, 0]);
  });

  it('knows a key that was removed and comes back before anybody has read it again', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [a] }, { daily: { used: 3, limit: 50 } });
    for (let nth = 0; nth < 20; nth++) {
      using lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
      lease.markSent();
    }
    pool.setKeys([]);
    pool.setKeys([a]);
    const [account] = pool.roster.accounts;
    assert.deepEqual([account?.ledger.used, account?.minute.used(clock.elapsedMs())], [23, 20]);
    assert.equal((await denied(pool.lease(freeRequest(clock.elapsedMs()), never))).kind, 'exhausted');
  });

  it('forgets the oldest of very many keys that were removed', () => {
    const clock = new ManualClock();
    const many = Array.from({ length: 1_001 }, (_, nth) => makeKey(`many-${nth}`));
    const pool = makePool(clock, {});
    pool.setKeys(many);
    const health = (): (string | undefined)[] =>
      [many[0], many[1], many.at(-1)].map((key) => pool.roster.keys.get(key?.keyId ?? '')?.health);
    for (const { keyId } of many) pool.markBad(keyId);
    pool.setKeys([]);
    pool.setKeys(many);
    assert.deepEqual(health(), ['unchecked', 'bad', 'bad']);
  });

  it('refuses and sums by accounts: two keys of one and one of another are two', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [a, b], two: [c] }, { daily: { used: 50, limit: 50 } });
    await confirmUsedUp(pool, clock);
    const denial = await denied(pool.lease(freeRequest(clock.elapsedMs() + minuteMs), never));
    assert.deepEqual(
      denial.accounts.map(({ name, reason }) => [name, reason]),
      [
        ['a', 'dailyLimit'],
        ['c', 'dailyLimit'],
      ],
    );
    assert.equal(denial.retryAtMs, Date.UTC(2026, 0, 16));
  });

  it('rolls at UTC midnight once a first reading came, whatever the zone said before', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 15, 23, 50));
    const pool = makePool(clock, {}, { zone: 'America/New_York' });
    pool.setKeys([a]);
    assert.equal(pool.roster.accounts[0]?.ledger.resetAtMs, Date.UTC(2026, 0, 16, 5));
    pool.read(a.keyId, makeReading('a', clock.elapsedMs(), { used: 50, limit: 50 }));
    await clock.run(10 * minuteMs);
    await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
  });
});
