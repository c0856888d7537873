import assert from 'node:assert/strict';
import { Midnights, nextMidnightMs, nextUtcMidnightMs } from '../../../src/keys/calendar';

describe('The calendar', () => {
  it('ends a UTC day at UTC midnight, and midnight itself begins the next', () => {
    assert.equal(nextUtcMidnightMs(Date.UTC(2026, 0, 15, 23, 59, 59, 999)), Date.UTC(2026, 0, 16));
    assert.equal(nextUtcMidnightMs(Date.UTC(2026, 0, 16)), Date.UTC(2026, 0, 17));
  });

  it('knows days of 23 and 25 hours', () => {
    assert.equal(nextMidnightMs(Date.UTC(2026, 2, 28, 23), 'Europe/Berlin'), Date.UTC(2026, 2, 29, 22));
    assert.equal(nextMidnightMs(Date.UTC(2026, 9, 24, 22), 'Europe/Berlin'), Date.UTC(2026, 9, 25, 23));
  });

  it('knows zones whose clocks change at midnight, and zones with half hours', () => {
    // In Beirut the 29th of March 2026 begins at 01:00, because 00:00 does not exist.
    assert.equal(nextMidnightMs(Date.UTC(2026, 2, 28, 12), 'Asia/Beirut'), Date.UTC(2026, 2, 28, 22));
    assert.equal(nextMidnightMs(Date.UTC(2026, 0, 15, 12), 'Asia/Kolkata'), Date.UTC(2026, 0, 15, 18, 30));
  });

  it('works the next midnight out once a day, and again when the clock is set back', () => {
    const midnights = new Midnights('Europe/Berlin');
    for (const nowMs of [Date.UTC(2026, 0, 15, 12), Date.UTC(2026, 0, 15, 23), Date.UTC(2026, 0, 14, 12)]) {
      assert.equal(midnights.nextMs(nowMs), nextMidnightMs(nowMs, 'Europe/Berlin'));
    }
  });
});
