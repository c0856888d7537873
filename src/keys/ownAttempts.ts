// Our own attempts of the last minutes, to find those that upstream's late count may miss.
import * as v from 'valibot';

/** An attempt that ended this long before a reading was asked for is surely in its count. */
export const lateCountMs = 90_000;
/** Upstream's count lags behind by about this long. */
export const usualLateMs = 60_000;
/** A reading that took longer than this cannot be judged by the attempts that are kept here. */
export const longestReadingMs = 60_000;
/** Upstream may count an attempt this long after its head was written. */
const journeyMs = 500;

export interface OwnAttempt {
  readonly sentAtMs: number;
  /** Infinity while the attempt runs. */
  endedAtMs: number;
  /** The attempt's number among the day's own attempts, from 1; 0 for one of a saved state. */
  readonly nth: number;
  /** Whether upstream had called the day used up when the attempt was sent. */
  readonly isBeyond: boolean;
}

/** More attempts than any account can make in that time: a saved state with more is cut to this. */
const mostUnsure = 10_000;

/** The number of attempts that were unsure when the state was saved, and when the last of them ended. */
export const unsureSchema = v.object({ count: v.number(), atMs: v.number() });
type Unsure = v.InferOutput<typeof unsureSchema>;

export class OwnAttempts {
  private recent: OwnAttempt[] = [];

  add(nowMs: number, nth: number, isBeyond: boolean): OwnAttempt {
    const attempt: OwnAttempt = { sentAtMs: nowMs, endedAtMs: Number.POSITIVE_INFINITY, nth, isBeyond };
    this.recent = this.recent.filter(({ endedAtMs }) => nowMs - endedAtMs < lateCountMs + longestReadingMs);
    this.recent.push(attempt);
    return attempt;
  }

  /** Forgets the attempt; false where it was not of today. */
  forget(attempt: OwnAttempt): boolean {
    const before = this.recent.length;
    this.recent = this.recent.filter((each) => each !== attempt);
    return this.recent.length < before;
  }

  /** How many of today's attempts a reading asked for at `askedAtMs` may miss: those that run, or ended shortly before. */
  unsure(askedAtMs: number): number {
    return this.recent.filter(({ endedAtMs }) => askedAtMs - endedAtMs < lateCountMs).length;
  }

  sentSince(atMs: number): number {
    return this.recent.filter(({ sentAtMs }) => sentAtMs > atMs).length;
  }

  /** A day ended at `midnightMs`. Keeps the attempts that upstream may count on the new day, and returns their number. */
  beginDay(midnightMs: number): number {
    this.recent = this.recent.filter(({ sentAtMs }) => sentAtMs >= midnightMs - journeyMs);
    return this.recent.length;
  }

  /** Takes over another account's attempts: both turned out to be the same. */
  absorb(other: OwnAttempts): void {
    this.recent.push(...other.recent);
  }

  /** `reserved`: the number of attempts that are about to be sent. */
  save(nowMs: number, reserved: number): Unsure {
    const lastEndedMs = this.recent.reduce((lastMs, { endedAtMs }) => Math.max(lastMs, endedAtMs), 0);
    const atMs = reserved > 0 ? nowMs : Math.min(nowMs, lastEndedMs);
    return { count: this.unsure(nowMs) + reserved, atMs };
  }

  /** Takes over unsure attempts, as ended: none runs on after the process that sent it. None was sent after `lastSentAtMs`. */
  restore({ count, atMs }: Unsure, lastSentAtMs: number): void {
    const sentAtMs = Math.min(atMs, lastSentAtMs);
    const length = Math.min(count, mostUnsure);
    this.recent = Array.from({ length }, () => ({ sentAtMs, endedAtMs: atMs, nth: 0, isBeyond: false }));
  }
}
