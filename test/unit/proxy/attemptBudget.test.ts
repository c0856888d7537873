// How many attempts a request may spend.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attemptsAllowed } from '../../../src/proxy/attemptBudget';

describe('attemptsAllowed', () => {
  it('is ten for paid and unmetered requests, whatever is left', () => {
    assert.equal(attemptsAllowed('paid', 0), 10);
    assert.equal(attemptsAllowed('unmetered', 1000), 10);
  });

  it('is 5 % of what is left for free requests, rounded up, between four and ten', () => {
    const expected = [
      [0, 4],
      [-3, 4],
      [80, 4],
      [81, 5],
      [100, 5],
      [101, 6],
      [140, 7],
      [141, 8],
      [180, 9],
      [181, 10],
      [1000, 10],
      [Number.POSITIVE_INFINITY, 10],
    ] as const;
    for (const [left, attempts] of expected)
      assert.equal(attemptsAllowed('free', left), attempts, String(left));
  });

  it('never leaves the bounds', () => {
    fc.assert(
      fc.property(fc.integer(), (left) => {
        const attempts = attemptsAllowed('free', left);
        assert.ok(Number.isInteger(attempts) && attempts >= 4 && attempts <= 10);
      }),
    );
  });
});
