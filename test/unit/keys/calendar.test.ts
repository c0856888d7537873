import assert from 'node:assert/strict';
import { Calendar, nextUtcMidnightMs } from '../../../src/keys/calendar';

function nextMidnightMs(wallMs: number, zone: string): number {
  return new Calendar(zone).nextMidnightMs(wallMs);
}

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

  it('ends the days of the machine’s own zone when that zone named ends them', () => {
    const before = process.env['TZ'];
    try {
      for (const zone of [
        'Europe/Berlin',
        'Asia/Beirut',
        'America/Santiago',
        'Asia/Kolkata',
        'Pacific/Apia',
      ]) {
        process.env['TZ'] = zone;
        // The year in which Apia had no 30th of December, and this one; every 31 hours.
        for (const year of [2011, 2026])
          for (let hour = 0; hour < 366 * 24; hour += 31) {
            const wallMs = Date.UTC(year, 0, 1, hour);
            const at = `${zone}, ${new Date(wallMs).toISOString()}`;
            assert.equal(nextMidnightMs(wallMs, 'local'), nextMidnightMs(wallMs, zone), at);
          }
      }
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  it('tells midnights on the scale of elapsed time, and follows wall time that has jumped', () => {
    const calendar = new Calendar('Europe/Berlin');
    const [nowMs, midnightMs] = [Date.UTC(2026, 0, 15, 12), Date.UTC(2026, 0, 15, 23)];
    assert.equal(calendar.nextMidnightMs(nowMs), midnightMs);
    assert.equal(calendar.follow(1_999), 0);
    assert.equal(calendar.follow(-3_600_000), 3_600_000);
    assert.equal(calendar.nextMidnightMs(nowMs), midnightMs + 3_600_000);
    assert.equal(calendar.nextUtcMidnightMs(nowMs), Date.UTC(2026, 0, 16) + 3_600_000);
    assert.equal(calendar.follow(7_200_000), -3 * 3_600_000);
    assert.equal(calendar.nextMidnightMs(nowMs), midnightMs - 7_200_000);
    assert.equal(calendar.wallOf(nowMs), nowMs + 7_200_000);
    assert.equal(calendar.elapsedOf(calendar.wallOf(nowMs)), nowMs);
    calendar.setZone('UTC');
    assert.equal(calendar.nextMidnightMs(nowMs), calendar.nextUtcMidnightMs(nowMs));
  });
});
