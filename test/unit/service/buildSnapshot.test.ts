// The snapshot of the wheel for views and for GET /key-status.
import assert from 'node:assert/strict';
import type { Pool } from '../../../src/keys/pool';
import type { AccountView } from '../../../src/service/snapshot';
import { ManualClock } from '../../support/manualClock';
import {
  freeRequest,
  leased,
  makeKey,
  makePool,
  makeReading,
  minuteMs,
  never,
  paidRequest,
} from '../keys/make';
import { snapshotOf } from './snapshots';

function firstOf(pool: Pool): AccountView {
  const [account] = snapshotOf(pool).accounts;
  assert.ok(account !== undefined);
  return account;
}

describe('buildSnapshot', () => {
  it('sums over accounts, not over keys', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { shared: [makeKey('one'), makeKey('two')], alone: [makeKey('three')] });
    const { keys, accounts, freeLeft, freeUsed, freeLimit } = snapshotOf(pool).wheel;
    assert.deepEqual([keys, accounts, freeLeft, freeUsed, freeLimit], [3, 2, 100, 0, 100]);
  });

  it('counts an attempt as soon as it has a lease, and tells the next slot of a full minute', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one')] });
    const sentAtMs = clock.wallMs();
    for (let count = 0; count < 20; count++) {
      const lease = await leased(pool.lease(freeRequest(clock.wallMs()), never));
      if (count === 0) assert.equal(firstOf(pool).day.left, 49);
      lease.markSent();
      lease.markHead();
      lease.settle({ kind: 'healthy' });
      lease[Symbol.dispose]();
    }
    const { day, minute, state, untilMs } = firstOf(pool);
    assert.deepEqual([day.used, day.left, day.own], [20, 30, 20]);
    assert.deepEqual(minute, { used: 20, limit: 20 });
    assert.deepEqual([state, untilMs], ['waiting', sentAtMs + minuteMs]);
    clock.advance(minuteMs);
    assert.equal(firstOf(pool).state, 'ready');
  });

  it('shows an account that others used up as used up, and never less than nothing', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one')] }, { daily: { used: 73, limit: 50 } });
    const { day, state, untilMs } = firstOf(pool);
    assert.deepEqual([day.left, day.limit, day.used], [0, 50, 50]);
    assert.deepEqual([state, untilMs], ['usedUp', Date.UTC(2026, 0, 16)]);
    assert.equal(snapshotOf(pool).wheel.freeUsed, 50);
  });

  it('shows an account as ready that is answered beyond its limit', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one')] }, { daily: { used: 50, limit: 50 } });
    {
      using probe = await leased(pool.lease(freeRequest(clock.wallMs()), never));
      probe.markSent();
      probe.markHead();
      probe.settle({ kind: 'healthy' });
    }
    const { day, state } = firstOf(pool);
    assert.deepEqual([state, day.left], ['ready', 0]);
  });

  it('shows what is left again as soon as a used-up day’s lock has ended', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one')] });
    const untilMs = clock.wallMs() + minuteMs;
    {
      using lease = await leased(pool.lease(freeRequest(clock.wallMs()), never));
      lease.markSent();
      lease.settle({ kind: 'locked', reason: 'dailyLimit', untilMs, limit: 50 });
    }
    const seen = (): readonly unknown[] => {
      const { state, day } = firstOf(pool);
      const { freeLeft, freeUsed } = snapshotOf(pool).wheel;
      return [state, day.left, day.used, freeLeft, freeUsed];
    };
    clock.advance(minuteMs - 1);
    assert.deepEqual(seen(), ['usedUp', 0, 50, 0, 50]);
    clock.advance(1);
    assert.deepEqual(seen(), ['ready', 49, 1, 49, 1]);
  });

  it('leaves accounts out of the sums that serve no free request', () => {
    const clock = new ManualClock();
    const keys = {
      off: [makeKey('off', { enabled: false })],
      paid: [makeKey('paid', { paidUse: 'only' })],
      a: [makeKey('a')],
    };
    const pool = makePool(clock, keys);
    const { wheel, accounts } = snapshotOf(pool);
    assert.equal(wheel.freeLimit, 50);
    assert.deepEqual(
      accounts.map(({ name, state }) => [name, state]),
      [
        ['off', 'off'],
        ['paid', 'ready'],
        ['a', 'ready'],
      ],
    );
  });

  it('shows an account for paid requests alone as those stand', async () => {
    const clock = new ManualClock();
    const key = makeKey('paid', { paidUse: 'only' });
    const pool = makePool(clock, { paid: [key] }, { daily: { used: 50, limit: 50 } });
    assert.deepEqual([firstOf(pool).state, firstOf(pool).untilMs], ['ready', null]);
    {
      using lease = await leased(pool.lease(paidRequest(clock.wallMs()), never));
      lease.markSent();
      lease.settle({ kind: 'locked', reason: 'noCredits', untilMs: null, limit: null });
    }
    assert.equal(firstOf(pool).state, 'locked');
  });

  it('counts the credits of keys that are on', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one'), makeKey('two', { enabled: false })] });
    const read = (name: string, capLeft: number): void =>
      pool.read(makeKey(name).keyId, makeReading('a', clock.wallMs(), { used: 0, limit: 50 }, { capLeft }));
    read('one', 1.5);
    read('two', 0);
    assert.equal(firstOf(pool).creditsLeft, 1.5);
  });

  it('sums the caps of the keys that may spend credits, where each of them has one', () => {
    const clock = new ManualClock();
    const keys = [makeKey('one'), makeKey('two'), makeKey('free', { paidUse: 'never' })];
    const pool = makePool(clock, { a: keys });
    const read = (name: string, capLeft: number | null): void =>
      pool.read(makeKey(name).keyId, makeReading('a', clock.wallMs(), { used: 0, limit: 50 }, { capLeft }));
    read('one', 3);
    assert.equal(firstOf(pool).creditsLeft, null, 'the other key spends without a cap');
    read('two', 0.5);
    assert.equal(firstOf(pool).creditsLeft, 3.5);
    read('one', 0);
    assert.equal(firstOf(pool).creditsLeft, 0.5);
    pool.markBad(makeKey('two').keyId);
    assert.equal(firstOf(pool).creditsLeft, 0);
  });

  it('tells health, caps and the account of each key', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one'), makeKey('two')] });
    pool.read(
      makeKey('one').keyId,
      makeReading('a', clock.wallMs(), { used: 0, limit: 50 }, { capLeft: 1.5 }),
    );
    pool.markBad(makeKey('two').keyId);
    const { keys, creditsLeft } = firstOf(pool);
    assert.deepEqual(
      keys.map(({ label, health, capLeft }) => [label, health, capLeft]),
      [
        ['one', 'good', 1.5],
        ['two', 'bad', null],
      ],
    );
    assert.equal(creditsLeft, 1.5);
  });

  it('holds nothing but plain values, and no secret', () => {
    const clock = new ManualClock();
    const snapshot = snapshotOf(makePool(clock, { a: [makeKey('canary')] }));
    const text = JSON.stringify(snapshot);
    assert.deepEqual(structuredClone(snapshot), snapshot);
    assert.deepEqual(JSON.parse(text), snapshot);
    assert.ok(!text.includes('sk-or-v1-canary'));
  });
});
