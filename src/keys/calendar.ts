// When a day ends: at UTC midnight for OpenRouter, at the user's midnight for accounts that OpenRouter tells nothing of.
import { DateTime } from 'luxon';

export const dayMs = 86_400_000;

/** The first UTC midnight after `nowMs`. */
export function nextUtcMidnightMs(nowMs: number): number {
  return (Math.floor(nowMs / dayMs) + 1) * dayMs;
}

/** The midnights of a zone; the next one is worked out once a day, because thousands of accounts ask for it. */
export class Midnights {
  private fromMs = Number.POSITIVE_INFINITY;
  private untilMs = Number.NEGATIVE_INFINITY;

  /** `zone`: an IANA name. */
  constructor(private readonly zone: string) {}

  nextMs(nowMs: number): number {
    if (nowMs < this.fromMs || nowMs >= this.untilMs) {
      this.fromMs = nowMs;
      this.untilMs = nextMidnightMs(nowMs, this.zone);
    }
    return this.untilMs;
  }
}

/** The first midnight after `nowMs` in the zone (IANA name); right where clocks change at midnight and a day has 23 or 25 hours. */
export function nextMidnightMs(nowMs: number, zone: string): number {
  return DateTime.fromMillis(nowMs, { zone }).plus({ days: 1 }).startOf('day').toMillis();
}
