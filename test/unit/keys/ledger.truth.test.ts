// The ledger against random truth: 100,000 simulated days of one account, with others, lost counts, late readings and restarts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LedgerWorld, type WorldOptions } from './ledgerWorld';

const daysARun = 200;
const numRuns = 500;

const options: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.integer({ min: 1 }),
  days: fc.constant(daysARun),
  dailyLimit: fc.constantFrom(8, 15, 30),
  uncountedShare: fc.constantFrom(0, 0.05, 0.2, 0.6),
  elsewhere: fc.constantFrom(0, 2, 10),
  longestMs: fc.constantFrom(2_000, 20_000, 300_000),
  restarts: fc.boolean(),
  saysReset: fc.boolean(),
});

/** Two limit answers within a minute, of two days: all of the second was spent elsewhere in its first half minute. */
const twoDaysInAMinute: WorldOptions = {
  seed: 2_147_483_644,
  days: daysARun,
  dailyLimit: 8,
  uncountedShare: 0.6,
  elsewhere: 10,
  longestMs: 20_000,
  restarts: true,
  saysReset: false,
};

/** A restart in a day's last half second, minutes after the last attempts, one of which was still running. */
const restartAtMidnight: WorldOptions = {
  seed: 832_614_556,
  days: daysARun,
  dailyLimit: 8,
  uncountedShare: 0.05,
  elsewhere: 0,
  longestMs: 300_000,
  restarts: true,
  saysReset: false,
};

/** For half a minute no request comes, so no reading tells that one is left: the next request waits for a reading. */
const demandThatPauses: WorldOptions = {
  seed: 2_147_483_620,
  days: daysARun,
  dailyLimit: 30,
  uncountedShare: 0.6,
  elsewhere: 2,
  longestMs: 2_000,
  restarts: false,
  saysReset: false,
};

/*
 * By how much, and for how long, the number that is shown may be off:
 * - Too low by what others sent since 90 s before the last reading, and by as many of theirs as we had attempts unsure at it
 *   (running, or over for less than 90 s: a late reading misses them, and others hide in the gap).
 * - Too high by what upstream did not count of ours since the last reading, and by those that were unsure at it.
 * A reading is made every 45 s while we send, and for five minutes after: so an error lasts two minutes at most and is then
 * replaced by what is new, and an idle account is right but for what others send; that shows within 45 s of our next
 * attempt. In a day's first two minutes no reading is believed.
 */
describe('The ledger, against random truth', function () {
  this.timeout(10 * 60_000);

  it('draws no second limit answer within a minute, and refuses nothing for two minutes that the truth allows', () => {
    let days = 0;
    fc.assert(
      fc.property(options, (each) => {
        const found = new LedgerWorld(each).run();
        days += each.days;
        assert.deepEqual(found.needless, []);
        assert.deepEqual(found.starved, []);
        assert.deepEqual(found.tooHigh, []);
        assert.deepEqual(found.tooLow, []);
        assert.ok(found.attempts > each.days);
      }),
      { numRuns, examples: [[twoDaysInAMinute], [restartAtMidnight], [demandThatPauses]] },
    );
    assert.ok(days >= 100_000);
  });

  it('draws no limit answer at all where nobody else uses the account and upstream counts everything', () => {
    fc.assert(
      fc.property(options, (each) => {
        const found = new LedgerWorld({ ...each, days: 40, uncountedShare: 0, elsewhere: 0 }).run();
        assert.equal(found.limitAnswers, 0);
      }),
      { numRuns: 50 },
    );
  });
});
