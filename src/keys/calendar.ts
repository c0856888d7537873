// When a day ends: at UTC midnight for OpenRouter, at the user's midnight for accounts that OpenRouter tells nothing of.
import { DateTime } from 'luxon';

export const dayMs = 86_400_000;

/** Wall time that parts from the calendar's by less is taken for the same: clocks drift. */
const partedMs = 2_000;

/**
 * Converts days to the scale of `elapsedMs`, which all instants of this room are on. Wall time may jump both ways: the
 * owner calls `follow` then, and moves the days that it knows by the result.
 */
export class Calendar {
  /** How far wall time is ahead of elapsed time. */
  private skewMs = 0;
  private zoneDay: { fromMs: number; untilMs: number } | null = null;

  /** `zone`: an IANA name, or `local`. */
  constructor(private zone: string) {}

  setZone(zone: string): void {
    if (zone === this.zone) return;
    this.zone = zone;
    this.zoneDay = null;
  }

  /** Follows wall time if the two have parted; returns by how much later every wall instant comes now, 0 if they have not. */
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

  /** The zone's, which may be 23 or 25 hours after the last and need not be at 00:00; worked out once a day, as it takes long. */
  nextMidnightMs(nowMs: number): number {
    const day = this.zoneDay;
    if (day !== null && nowMs >= day.fromMs && nowMs < day.untilMs) return day.untilMs;
    const midnight = this.startOfDay(this.wallOf(nowMs));
    // No day is as long as 36 hours, and no two are as short.
    const untilMs = this.elapsedOf(this.startOfDay(midnight + 1.5 * dayMs));
    this.zoneDay = { fromMs: nowMs, untilMs };
    return untilMs;
  }

  private startOfDay(wallMs: number): number {
    // Without the library, which would take longer to load than all else of a start.
    if (this.zone === 'local') return new Date(wallMs).setHours(0, 0, 0, 0);
    // With a locale, which plays no part: to look for the system's takes as long.
    return DateTime.fromMillis(wallMs, { zone: this.zone, locale: 'en' }).startOf('day').toMillis();
  }
}

/** The zone of a setting: the machine's own where none is set. */
export function zoneOf(timezone: string): string {
  return timezone === '' ? 'local' : timezone;
}

export function nextUtcMidnightMs(wallMs: number): number {
  return (Math.floor(wallMs / dayMs) + 1) * dayMs;
}

/** When the period of a key's cap ends: all of UTC, and weeks begin on Monday (OpenRouter, `limit_reset`); null for another word. */
export function periodEndMs(period: string, wallMs: number): number | null {
  const midnightMs = nextUtcMidnightMs(wallMs);
  switch (period) {
    case 'daily':
      return midnightMs;
    case 'weekly':
      // 0 of `getUTCDay` is Sunday, which ends the week.
      return midnightMs + ((7 - new Date(wallMs).getUTCDay()) % 7) * dayMs;
    case 'monthly':
      return Date.UTC(new Date(wallMs).getUTCFullYear(), new Date(wallMs).getUTCMonth() + 1);
    default:
      return null;
  }
}
