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
    locks.set(lock('unauthorized', 'all', 5_000));
    assert.equal(locks.lockedUntilMs('free', noonMs), noonMs + 10_000);
    assert.equal(locks.lockedUntilMs('paid', noonMs), noonMs + 20_000);
    assert.equal(locks.lockedUntilMs('unmetered', noonMs), noonMs + 5_000);
    assert.equal(locks.lockedUntilMs('unmetered', noonMs + 5_000), 0);
    assert.deepEqual(
      locks.active(noonMs + 5_000).map(({ reason }) => reason),
      ['noCredits', 'minuteLimit'],
    );
  });

  it('about money hold nothing back that spends none', () => {
    const locks = new Locks();
    for (const reason of ['belowZero', 'keyCap', 'budget'] as const) locks.set(lock(reason, 'all', 5_000));
    assert.equal(locks.lockedUntilMs('free', noonMs), noonMs + 5_000);
    assert.equal(locks.lockedUntilMs('unmetered', noonMs), 0);
  });

  it('are replaced by the next of the same reason, or joined with it by the longer', () => {
    const locks = new Locks();
    locks.set(lock('budget', 'all', 10_000));
    locks.join(lock('budget', 'all', 5_000));
    assert.equal(locks.get('budget')?.untilMs, noonMs + 10_000);
    locks.set(lock('budget', 'all', 5_000));
    assert.equal(locks.get('budget')?.untilMs, noonMs + 5_000);
    assert.equal(locks.lift('budget'), true);
    assert.equal(locks.lift('budget'), false);
  });
});
