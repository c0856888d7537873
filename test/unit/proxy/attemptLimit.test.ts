import assert from 'node:assert/strict';
import { RetryBudget, type Repeats } from '../../../src/proxy/attemptLimit';

function enter(budget: RetryBudget, count: number): readonly Repeats[] {
  return Array.from({ length: count }, () => budget.enter());
}

describe('RetryBudget', () => {
  it('has a place for every fifth exchange, and never under three', () => {
    for (const [running, places] of [
      [1, 1],
      [3, 3],
      [19, 3],
      [20, 4],
      [104, 20],
    ] as const) {
      const taken = enter(new RetryBudget(), running).filter((repeats) => repeats.take());
      assert.equal(taken.length, places);
    }
  });

  it('has one place for an exchange, which comes back when it is released or the exchange ends', () => {
    const budget = new RetryBudget();
    const [first, second, third, fourth] = enter(budget, 4);
    assert.ok(first !== undefined && second !== undefined && third !== undefined && fourth !== undefined);
    for (const repeats of [first, first, second, third]) assert.equal(repeats.take(), true);
    assert.equal(fourth.take(), false);
    first.release();
    first.release();
    assert.equal(fourth.take(), true);
    assert.equal(first.take(), false);
    second[Symbol.dispose]();
    assert.equal(first.take(), true);
  });

  it('shrinks with the exchanges that run', () => {
    const budget = new RetryBudget();
    const [next, ...all] = enter(budget, 25);
    assert.ok(next !== undefined);
    for (const repeats of all.slice(0, 5)) assert.equal(repeats.take(), true);
    for (const repeats of all.slice(9)) repeats[Symbol.dispose]();
    for (const repeats of all.slice(0, 2)) repeats.release();
    assert.equal(next.take(), false);
    all[2]?.release();
    assert.equal(next.take(), true);
  });
});
