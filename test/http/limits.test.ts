// How long the limits make requests wait, against the least that sliding minutes allow. The large cases: `npm run bench limits`.
import assert from 'node:assert/strict';
import { accountsAlike, leastMs, runLimits } from '../support/limitsRun';

describe('the time that limits cost', () => {
  it('is known exactly: a slot of each sliding minute, as long as the day lasts', () => {
    assert.equal(leastMs(accountsAlike(1), 20), 2_000);
    assert.equal(leastMs(accountsAlike(1), 21), 62_000);
    assert.equal(leastMs(accountsAlike(3), 180), 122_000);
    // Three of the accounts have 1 left: 20 + 3 go at once, the 24th waits for the large one.
    const late = [...accountsAlike(3, 1, 50, 49), ...accountsAlike(1)];
    assert.equal(leastMs(late, 23), 2_000);
    assert.equal(leastMs(late, 24), 62_000);
    assert.throws(() => leastMs(accountsAlike(2, 1, 50), 101), RangeError);
  });

  for (const stream of [true, false]) {
    const form = stream ? 'streams' : 'whole answers';
    it(`is at most 1.02 of the least for ${form}, and upstream never has to say no`, async () => {
      const late = [...accountsAlike(2, 1, 50, 45), ...accountsAlike(1)];
      const cases = [
        { accounts: accountsAlike(1), requests: 45 },
        { accounts: accountsAlike(2, 3), requests: 90 },
        { accounts: late, requests: 45 },
      ];
      for (const { accounts, requests } of cases) {
        const result = await runLimits({ name: '', accounts, requests, stream });
        assert.ok(result.ratio <= 1.02, `${result.lastAnswerMs} of ${result.leastMs} ms`);
        assert.equal(result.limitAnswers, 0);
        assert.equal(result.answered, requests);
        assert.equal(result.attempts, requests);
      }
    });
  }
});
