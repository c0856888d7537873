import assert from 'node:assert/strict';
import { Locks, type Lock } from '../../../src/keys/lock';
import { someNoonMs as noonMs } from '../../support/manualClock';

function lock(reason: Lock['reason'], covers: Lock['covers'], lastsMs: number): Lock {
  return { reason, covers, sinceMs: noonMs, untilMs: noonMs + lastsMs };
}

describe('Locks', () => {
  it('hold back the classes that they cover, until the longest ends', () => {
    const locks = new Locks();
    locks.set(lock('minuteLimit', 'free', 10_000));
    locks.set(lock('noCredits', 'paid', 20_000));
    locks.set(lock('belowZero', 'all', 5_000));
    assert.equal(locks.readyAtMs('free', noonMs), noonMs + 10_000);
    assert.equal(locks.readyAtMs('paid', noonMs), noonMs + 20_000);
    assert.equal(locks.readyAtMs('unmetered', noonMs), noonMs + 5_000);
    assert.equal(locks.readyAtMs('unmetered', noonMs + 5_000), 0);
    assert.deepEqual(
      locks.active(noonMs + 5_000).map(({ reason }) => reason),
      ['noCredits', 'minuteLimit'],
    );
  });

  it('are replaced by the next of the same reason, or joined with it by the longer', () => {
    const locks = new Locks();
    locks.set(lock('busy', 'all', 10_000));
    locks.join(lock('busy', 'all', 5_000));
    assert.equal(locks.get('busy')?.untilMs, noonMs + 10_000);
    locks.set(lock('busy', 'all', 5_000));
    assert.equal(locks.get('busy')?.untilMs, noonMs + 5_000);
    assert.equal(locks.lift('busy'), true);
    assert.equal(locks.lift('busy'), false);
  });

  it('last as long as they were to when the clock is set back, but a day ends at its midnight', () => {
    const locks = new Locks();
    locks.set(lock('minuteLimit', 'free', 10_000));
    locks.set(lock('dailyLimit', 'free', 12 * 3_600_000));
    locks.clockSetBack(3_600_000, noonMs - 3_600_000);
    assert.equal(locks.get('minuteLimit')?.untilMs, noonMs - 3_600_000 + 10_000);
    assert.equal(locks.get('dailyLimit')?.untilMs, noonMs + 12 * 3_600_000);
  });
});
