import assert from 'node:assert/strict';
import { AttemptLimit, mostRepeats } from '../../../src/proxy/attemptLimit';
import { ManualClock } from '../../support/manualClock';

describe('The limit of repeats', () => {
  it('is every fifth exchange, and never under three', () => {
    for (const [running, places] of [
      [1, 3],
      [19, 3],
      [20, 4],
      [104, 20],
    ] as const)
      assert.equal(mostRepeats(running), places);
  });

  it('shrinks with the exchanges that run; a place comes back once, however often it is given back', () => {
    let running = 25;
    const limit = new AttemptLimit(new ManualClock(), () => mostRepeats(running));
    const permits = Array.from({ length: 6 }, () => limit.enterNow());
    assert.deepEqual(
      permits.map((permit) => permit !== null),
      [true, true, true, true, true, false],
    );
    running = 10;
    const [first, second, third] = permits;
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    second?.[Symbol.dispose]();
    assert.equal(limit.enterNow(), null);
    third?.[Symbol.dispose]();
    assert.notEqual(limit.enterNow(), null);
  });
});
