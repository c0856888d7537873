// How many attempts a request may spend.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attemptsAllowed } from '../../../../src/proxy/decision/situation';

describe('attemptsAllowed', () => {
  it('is ten for paid requests, whatever is left, and two for reads', () => {
    assert.equal(attemptsAllowed('paid', false, 0), 10);
    assert.equal(attemptsAllowed('unmetered', true, 1000), 2);
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
      assert.equal(attemptsAllowed('free', false, left), attempts, String(left));
  });

  it('never leaves the bounds', () => {
    fc.assert(
      fc.property(fc.integer(), (left) => {
        const attempts = attemptsAllowed('free', false, left);
        assert.ok(Number.isInteger(attempts) && attempts >= 4 && attempts <= 10);
      }),
    );
  });
});
