import assert from 'node:assert/strict';
import { ModelLocks } from '../../../src/keys/modelLocks';
import { someNoonMs as noonMs } from '../../support/manualClock';

const model = 'm:free';

describe('ModelLocks', () => {
  it('locks without a hint for 2, 4, 8 … 60 s, each time the probe fails', () => {
    const locks = new ModelLocks();
    let nowMs = noonMs;
    const held: number[] = [];
    for (let nth = 0; nth < 7; nth++) {
      locks.busy(model, null, null, nowMs);
      held.push((locks.readyAtMs(model, nowMs) - nowMs) / 1_000);
      nowMs = locks.readyAtMs(model, nowMs);
    }
    assert.deepEqual(held, [2, 4, 8, 16, 32, 60, 60]);
  });

  it('does not grow by answers to what was on its way when the lock fell', () => {
    const locks = new ModelLocks();
    for (let nth = 0; nth < 5; nth++) locks.busy(model, null, null, noonMs + nth);
    assert.equal(locks.readyAtMs(model, noonMs + 5), noonMs + 2_004);
  });

  it('lets one probe go after the lock, then 1, 2, 4 … more for each success, until it is open', () => {
    const locks = new ModelLocks();
    locks.busy(model, null, null, noonMs);
    const nowMs = noonMs + 2_000;
    const permitted: number[] = [];
    for (let round = 0; round < 5; round++) {
      const permits = [];
      while (locks.readyAtMs(model, nowMs) === 0 && permits.length < 40) permits.push(locks.sent(model, 'a'));
      permitted.push(permits.length);
      locks.healthy(model, 'a', nowMs);
      for (const permit of permits) permit.ended();
    }
    assert.deepEqual(permitted, [1, 2, 4, 8, 16]);
    assert.equal(locks.readyAtMs(model, nowMs), 0);
    assert.equal(locks.active(nowMs).length, 0);
    locks.busy(model, null, null, nowMs);
    assert.equal(locks.readyAtMs(model, nowMs), nowMs + 2_000);
  });

  it('waits for a probe that runs, however long, and sends the next when it ends without a word', () => {
    const locks = new ModelLocks();
    locks.busy(model, null, null, noonMs);
    const probe = locks.sent(model, 'a');
    assert.equal(locks.readyAtMs(model, noonMs + 3_600_000), Number.POSITIVE_INFINITY);
    probe.ended();
    assert.equal(locks.readyAtMs(model, noonMs + 3_000), 0);
  });

  it('locks longer when the probe fails, and one probe is permitted again after that', () => {
    const locks = new ModelLocks();
    locks.busy(model, null, null, noonMs);
    const probe = locks.sent(model, 'a');
    locks.busy(model, null, null, noonMs + 3_000);
    probe.ended();
    assert.equal(locks.readyAtMs(model, noonMs + 3_000), noonMs + 7_000);
    assert.equal(locks.readyAtMs(model, noonMs + 7_000), 0);
    locks.sent(model, 'a');
    assert.equal(locks.readyAtMs(model, noonMs + 7_000), Number.POSITIVE_INFINITY);
  });

  it('believes a hint up to a quarter of an hour, and needs no probe for what nobody asked for in a minute', () => {
    const locks = new ModelLocks();
    locks.busy(model, null, noonMs + 40_000, noonMs);
    assert.equal(locks.readyAtMs(model, noonMs), noonMs + 40_000);
    locks.busy('other', null, noonMs + 3_600_000, noonMs);
    assert.equal(locks.readyAtMs('other', noonMs), noonMs + 900_000);
    assert.equal(locks.readyAtMs(model, noonMs + 100_001), 0);
    assert.equal(locks.sent(model, 'a'), locks.sent('never locked', 'a'));
  });

  it('holds one account back alone, where its own provider key is busy', () => {
    const locks = new ModelLocks();
    locks.busy(model, 'a', null, noonMs);
    assert.equal(locks.readyAtMs(model, noonMs), 0);
    assert.equal(locks.onAccountReadyAtMs(model, 'a', noonMs), noonMs + 2_000);
    assert.equal(locks.onAccountReadyAtMs(model, 'b', noonMs), 0);
    assert.equal(locks.hasAccountLocks(model), true);
    assert.equal(locks.hasAccountLocks('other'), false);
  });

  it('is lifted by hand, comes back after a restart while it holds, and lasts no longer when the clock is set back', () => {
    const locks = new ModelLocks();
    locks.busy(model, null, noonMs + 40_000, noonMs);
    locks.busy('gone', null, noonMs + 1_000, noonMs);
    const again = new ModelLocks();
    again.restore(locks.active(noonMs + 5_000), noonMs + 5_000);
    assert.deepEqual(
      again.active(noonMs + 5_000).map((lock) => lock.model),
      [model],
    );
    again.clockSetBack(3_600_000);
    assert.equal(again.readyAtMs(model, noonMs - 3_600_000), noonMs - 3_560_000);
    again.lift(model);
    assert.equal(again.readyAtMs(model, noonMs - 3_600_000), 0);
  });
});
