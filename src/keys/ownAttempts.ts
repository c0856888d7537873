// Our own attempts of the last minutes: which of them a count that is told late may miss.
import * as v from 'valibot';

/** The server's count is about 60 s late; an attempt that ended this long before a question surely is in the answer. */
export const lateCountMs = 90_000;
/** A reading may travel this long and still be judged by what is kept here. */
const longestReadingMs = 60_000;
/** Upstream may count an attempt this long after its head was written. */
const journeyMs = 500;

export interface OwnAttempt {
  readonly sentAtMs: number;
  /** Infinity while it runs. */
  endedAtMs: number;
  /** Which of the day's own attempts it is, from 1; 0 for one that a saved state told of. */
  readonly nth: number;
}

const toldNth = 0;
/** More than any account may make in that time: a saved state that tells of more is not believed. */
const mostUnsure = 10_000;

/** How many attempts were unsure when the state was saved, and when the last of them ended. */
export const unsureSchema = v.object({ count: v.number(), atMs: v.number() });
type Unsure = v.InferOutput<typeof unsureSchema>;

export class OwnAttempts {
  private recent: OwnAttempt[] = [];

  add(nowMs: number, nth: number): OwnAttempt {
    const attempt: OwnAttempt = { sentAtMs: nowMs, endedAtMs: Number.POSITIVE_INFINITY, nth };
    this.recent = this.recent.filter(({ endedAtMs }) => nowMs - endedAtMs < lateCountMs + longestReadingMs);
    this.recent.push(attempt);
    return attempt;
  }

  /** How many of today's attempts a count that was asked for at `askedAtMs` may miss: those that run, or ran shortly before. */
  unsure(askedAtMs: number): number {
    let unsure = 0;
    for (const { endedAtMs } of this.recent) if (askedAtMs - endedAtMs < lateCountMs) unsure++;
    return unsure;
  }

  /** Whether `unsure` still knows all that it should know of a reading that took this long. */
  covers(askedAtMs: number, atMs: number): boolean {
    return atMs - askedAtMs < longestReadingMs;
  }

  /** A day ended at `midnightMs`. Keeps the attempts that upstream may count on the new one, and returns how many they are. */
  beginDay(midnightMs: number): number {
    this.recent = this.recent.filter(({ sentAtMs }) => sentAtMs > midnightMs - journeyMs);
    return this.recent.length;
  }

  /** The clock was set back: nothing ended later than now. */
  clockSetTo(nowMs: number): void {
    this.recent = this.recent.map((attempt) => {
      if (Number.isFinite(attempt.endedAtMs)) attempt.endedAtMs = Math.min(attempt.endedAtMs, nowMs);
      return attempt;
    });
  }

  /** Takes over another account's attempts: both are one. */
  absorb(other: OwnAttempts): void {
    this.recent.push(...other.recent);
  }

  /** `reserved`: how many are about to be sent. */
  save(nowMs: number, reserved: number): Unsure {
    const lastEndedMs = Math.max(0, ...this.recent.map(({ endedAtMs }) => endedAtMs));
    const atMs = reserved > 0 ? nowMs : Math.min(nowMs, lastEndedMs);
    return { count: this.unsure(nowMs) + reserved, atMs };
  }

  /**
   * What was unsure stays so: nothing that ran when the process ended runs on. Several states may tell of the same
   * attempts, as a host begins with what was saved and with what was heard last: those are not added up, or each
   * takeover would double them. None was sent after `lastSentAtMs`.
   */
  restore({ count, atMs }: Unsure, lastSentAtMs: number): void {
    const told = this.recent.filter(isTold).sort((one, other) => other.endedAtMs - one.endedAtMs);
    const length = Math.max(told.length, Math.min(count, mostUnsure));
    const joined = Array.from({ length }, (_, index) => {
      const [known, isMeant] = [told[index], index < count];
      const endedAtMs = Math.max(known?.endedAtMs ?? 0, isMeant ? atMs : 0);
      const sentAtMs = Math.max(known?.sentAtMs ?? 0, isMeant ? Math.min(atMs, lastSentAtMs) : 0);
      return { sentAtMs, endedAtMs, nth: toldNth };
    });
    this.recent = [...this.recent.filter((attempt) => !isTold(attempt)), ...joined];
  }
}

function isTold({ nth }: OwnAttempt): boolean {
  return nth === toldNth;
}
