import assert from 'node:assert/strict';
import { ModelLocks } from '../../../src/keys/modelLocks';
import { someNoonMs as noonMs } from '../../support/manualClock';

const model = 'm:free';

/** The model's providers are busy for everybody. */
function busy(locks: ModelLocks, name: string, untilMs: number | null, nowMs: number): void {
  locks.learn({ model: name, accountId: null, keyId: null, reason: 'busy' }, untilMs, nowMs);
}

describe('ModelLocks', () => {
  it('locks without a hint for 2, 4, 8 … 60 s, each time the probe fails', () => {
    const locks = new ModelLocks();
    let nowMs = noonMs;
    const held: number[] = [];
    for (let nth = 0; nth < 7; nth++) {
      busy(locks, model, null, nowMs);
      held.push((locks.heldUntilMs({ model, hasFallback: false }, null, nowMs) - nowMs) / 1_000);
      nowMs = locks.heldUntilMs({ model, hasFallback: false }, null, nowMs);
    }
    assert.deepEqual(held, [2, 4, 8, 16, 32, 60, 60]);
  });

  it('does not grow by answers to what was on its way when the lock fell', () => {
    const locks = new ModelLocks();
    for (let nth = 0; nth < 5; nth++) busy(locks, model, null, noonMs + nth);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 5), noonMs + 2_004);
  });

  it('lets one probe go after the lock, then 1, 2, 4 … more for each success, until it is open', () => {
    const locks = new ModelLocks();
    busy(locks, model, null, noonMs);
    const nowMs = noonMs + 2_000;
    const permitted: number[] = [];
    for (let round = 0; round < 5; round++) {
      const permits = [];
      while (locks.heldUntilMs({ model, hasFallback: false }, null, nowMs) === 0 && permits.length < 40)
        permits.push(locks.sent(model, 'a', nowMs));
      permitted.push(permits.length);
      locks.healthy(model, 'a', 'key-a', nowMs);
      for (const permit of permits) permit?.();
    }
    assert.deepEqual(permitted, [1, 2, 4, 8, 16]);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, nowMs), 0);
    assert.equal(locks.active(nowMs).length, 0);
    busy(locks, model, null, nowMs);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, nowMs), nowMs + 2_000);
  });

  it('waits for a probe that runs, however long, and sends the next when it ends without a word', () => {
    const locks = new ModelLocks();
    busy(locks, model, null, noonMs);
    const probe = locks.sent(model, 'a', noonMs);
    assert.equal(
      locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 3_600_000),
      Number.POSITIVE_INFINITY,
    );
    probe?.();
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 3_000), 0);
  });

  it('locks longer when the probe fails, and one probe is permitted again after that', () => {
    const locks = new ModelLocks();
    busy(locks, model, null, noonMs);
    const probe = locks.sent(model, 'a', noonMs);
    busy(locks, model, null, noonMs + 3_000);
    probe?.();
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 3_000), noonMs + 7_000);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 7_000), 0);
    locks.sent(model, 'a', noonMs);
    assert.equal(
      locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 7_000),
      Number.POSITIVE_INFINITY,
    );
  });

  it('believes a hint up to a quarter of an hour, and needs no probe for what nobody asked for in a minute', () => {
    const locks = new ModelLocks();
    busy(locks, model, noonMs + 40_000, noonMs);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs), noonMs + 40_000);
    busy(locks, 'other', noonMs + 3_600_000, noonMs);
    assert.equal(locks.heldUntilMs({ model: 'other', hasFallback: false }, null, noonMs), noonMs + 900_000);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 100_001), 0);
    assert.equal(locks.sent(model, 'a', noonMs + 100_001), locks.sent('never locked', 'a', noonMs));
  });

  it('holds one account back alone, where its own provider key is busy', () => {
    const locks = new ModelLocks();
    locks.learn({ model, accountId: 'a', keyId: null, reason: 'ownProviderBusy' }, null, noonMs);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs), 0);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, 'a', noonMs), noonMs + 2_000);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, 'b', noonMs), 0);
    assert.equal(locks.hasNarrowLocks(model), true);
    assert.equal(locks.hasNarrowLocks('other'), false);
  });

  it('takes an unexplained refusal for the model’s where another account got it within 10 s, or a probe of the model', () => {
    const unknown = (locks: ModelLocks, name: string, nowMs: number): void =>
      locks.learn({ model, accountId: name, keyId: null, reason: 'unknownLimit' }, null, nowMs);
    const locks = new ModelLocks();
    unknown(locks, 'a', noonMs);
    unknown(locks, 'a', noonMs + 4_000);
    unknown(locks, 'b', noonMs + 15_000);
    assert.equal(locks.isHeld(model), false);
    unknown(locks, 'a', noonMs + 25_000);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 25_000), noonMs + 27_000);
    const probe = locks.sent(model, 'c', noonMs + 50_000);
    unknown(locks, 'c', noonMs + 50_000);
    probe?.();
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, null, noonMs + 50_000), noonMs + 54_000);
  });

  it('asks a key or account that a setting or a guess speaks against last, until it serves', () => {
    const locks = new ModelLocks();
    locks.learn({ model, accountId: 'a', keyId: 'key-a', reason: 'policy' }, null, noonMs);
    locks.learn({ model, accountId: 'b', keyId: null, reason: 'ownKeyWanted' }, null, noonMs);
    const isLast = (accountId: string, keyId: string, nowMs = noonMs): boolean =>
      locks.isReordered(model, accountId, keyId, nowMs);
    assert.deepEqual([isLast('a', 'key-a'), isLast('a', 'other'), isLast('b', 'any')], [true, false, true]);
    assert.equal(locks.heldUntilMs({ model, hasFallback: false }, 'b', noonMs), 0);
    assert.equal(isLast('a', 'key-a', noonMs + 86_400_000), false);
    locks.healthy(model, 'a', 'other', noonMs);
    assert.equal(isLast('a', 'key-a'), true);
    locks.healthy(model, 'a', 'key-a', noonMs);
    locks.healthy(model, 'b', 'any', noonMs);
    assert.deepEqual([isLast('a', 'key-a'), isLast('b', 'any')], [false, false]);
  });

  it('is lifted by hand, and comes back after a restart while it holds', () => {
    const locks = new ModelLocks();
    busy(locks, model, noonMs + 40_000, noonMs);
    busy(locks, 'gone', noonMs + 1_000, noonMs);
    const again = new ModelLocks();
    again.restore(locks.active(noonMs + 5_000), noonMs + 5_000);
    assert.deepEqual(
      again.active(noonMs + 5_000).map((lock) => lock.model),
      [model],
    );
    assert.equal(again.heldUntilMs({ model, hasFallback: false }, null, noonMs + 5_000), noonMs + 40_000);
    again.lift(model);
    assert.equal(again.heldUntilMs({ model, hasFallback: false }, null, noonMs + 5_000), 0);
  });
});
