// The ends of days: UTC midnight by OpenRouter's count, the user's midnight for accounts whose count was never read.
import { DateTime } from 'luxon';

export const dayMs = 86_400_000;

/** A smaller difference between wall time and the calendar's is ignored: clocks drift. */
const partedMs = 2_000;

/**
 * Converts days to the scale of `elapsedMs`, which all instants of this room are on. Wall time may jump both ways: the
 * owner then calls `follow`, and moves the ends of days that it knows by the result.
 */
export class Calendar {
  /** Wall time minus elapsed time. */
  private skewMs = 0;
  private zoneDay: { fromMs: number; untilMs: number } | null = null;

  /** `zone`: an IANA name, or `local`. */
  constructor(private zone: string) {}

  setZone(zone: string): void {
    if (zone === this.zone) return;
    this.zone = zone;
    this.zoneDay = null;
  }

  /** Follows wall time after a jump; returns how much later each wall instant now comes on the elapsed scale, else 0. */
  follow(skewMs: number): number {
    const delayMs = this.skewMs - skewMs;
    if (Math.abs(delayMs) < partedMs) return 0;
    this.skewMs = skewMs;
    this.zoneDay = null;
    return delayMs;
  }

  wallOf(elapsedMs: number): number {
    return elapsedMs + this.skewMs;
  }

  elapsedOf(wallMs: number): number {
    return wallMs - this.skewMs;
  }

  nextUtcMidnightMs(nowMs: number): number {
    return this.elapsedOf(nextUtcMidnightMs(this.wallOf(nowMs)));
  }

  /** The next midnight of the zone: 23 to 25 hours after the last, not always at 00:00. Kept for a day, as it is slow to compute. */
  nextMidnightMs(nowMs: number): number {
    const day = this.zoneDay;
    if (day !== null && nowMs >= day.fromMs && nowMs < day.untilMs) return day.untilMs;
    const midnight = this.startOfDay(this.wallOf(nowMs));
    // 36 hours after a midnight is in the next day: no day is that long, and no two days together are that short.
    const untilMs = this.elapsedOf(this.startOfDay(midnight + 1.5 * dayMs));
    this.zoneDay = { fromMs: nowMs, untilMs };
    return untilMs;
  }

  private startOfDay(wallMs: number): number {
    // Without luxon, which would take longer to load than all the rest of a start.
    if (this.zone === 'local') return new Date(wallMs).setHours(0, 0, 0, 0);
    // The locale changes nothing; without it luxon looks up the system's, which is slow.
    return DateTime.fromMillis(wallMs, { zone: this.zone, locale: 'en' }).startOf('day').toMillis();
  }
}

/** The zone of the setting `timezone`: the machine's own where it is empty. */
export function zoneOf(timezone: string): string {
  return timezone === '' ? 'local' : timezone;
}

export function nextUtcMidnightMs(wallMs: number): number {
  return (Math.floor(wallMs / dayMs) + 1) * dayMs;
}

/** The end of a key cap's period: in UTC, weeks begin on Monday (OpenRouter, `limit_reset`); null for an unknown period. */
export function periodEndMs(period: string, wallMs: number): number | null {
  const midnightMs = nextUtcMidnightMs(wallMs);
  switch (period) {
    case 'daily':
      return midnightMs;
    case 'weekly':
      // `getUTCDay` is 0 on Sunday, the last day of the week.
      return midnightMs + ((7 - new Date(wallMs).getUTCDay()) % 7) * dayMs;
    case 'monthly':
      return Date.UTC(new Date(wallMs).getUTCFullYear(), new Date(wallMs).getUTCMonth() + 1);
    default:
      return null;
  }
}
