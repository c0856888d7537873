// The account's count of the day: its own attempts joined with what the server tells.
import * as v from 'valibot';
import { dayMs, nextUtcMidnightMs, type Midnights } from './calendar';
import {
  dayCountSchema,
  firstDay,
  isOfNewDay,
  joinedCounts,
  newDay,
  sinceMark,
  staleAfterMidnightMs,
  sureCountBefore,
  usedOf,
  type DayCount,
  type Mark,
} from './dayCount';
import { lateCountMs, OwnAttempts, unsureSchema, type OwnAttempt } from './ownAttempts';
import type { Reading } from './reading';

/** Attempts of a day's first seconds are told when readings of that day are. */
const untoldAfterMidnightMs = staleAfterMidnightMs - lateCountMs;

/** The part of a tally that outlives the process. */
export const tallySchema = v.object({ ...dayCountSchema.entries, unsure: unsureSchema });
export type SavedTally = v.InferOutput<typeof tallySchema>;

export class DayTally {
  protected state: DayCount;
  protected reserved = 0;
  private readonly attempts = new OwnAttempts();
  /** What of `own` this process sent itself: a saved state does not hold it. */
  private ownHere = 0;
  /** A count that yesterday had passed for certain before its last minutes; 0 if none is known. */
  private yesterdaysUsed = 0;
  private latestIsUnsure = false;

  /** `midnights`: the day's ends as long as the server never told a count. */
  constructor(
    nowMs: number,
    protected midnights: Midnights,
  ) {
    this.state = firstDay(midnights.nextMs(nowMs));
  }

  get resetAtMs(): number {
    return this.state.resetAtMs;
  }

  /** Attempts that this program sent today. */
  get own(): number {
    return this.state.own;
  }

  get latest(): { readonly used: number; readonly limit: number; readonly atMs: number } | null {
    return this.state.latest;
  }

  /**
   * Attempts spent today with those that are about to be: the larger of what the latest reading and what the last quiet
   * one say, each with our own attempts since. The latest knows of others, the quiet one misses nothing of ours.
   */
  get used(): number {
    return usedOf(this.state) + this.reserved;
  }

  /** Whether the latest reading may be made better by another one, though no attempt was made since: it came too soon after one. */
  get isUnsure(): boolean {
    return this.latestIsUnsure;
  }

  reserve(): void {
    this.reserved++;
  }

  /** Gives back a reservation whose attempt never reached a socket. */
  release(): void {
    this.reserved--;
  }

  /** A reserved attempt's head is on a socket: it is ours, and of this day. */
  spend(nowMs: number): OwnAttempt {
    this.roll(nowMs);
    this.reserved--;
    this.state.own++;
    this.ownHere++;
    this.state.lastSentAtMs = nowMs;
    return this.attempts.add(nowMs, this.state.own);
  }

  /** What a 429 said of the day's limit. */
  learnLimit(limit: number): void {
    this.state.learnedLimit = limit;
  }

  /**
   * Joins a reading. Those of another day, and doubtful ones after midnight, tell the limit alone. A reading is quiet if
   * no own attempt ran, or had run, in the 90 s before it was asked for. One that is not counts as quiet with all of those
   * attempts added, as far as that lowers the sum: what upstream did not count is not held against the account for long.
   */
  join({ daily, askedAtMs, atMs }: Reading): void {
    if (daily === null) return;
    if (!this.state.everRead) {
      this.state.everRead = true;
      this.state.resetAtMs = nextUtcMidnightMs(askedAtMs);
    }
    this.roll(atMs);
    this.state.learnedLimit = daily.limit;
    this.latestIsUnsure = true;
    const sinceMidnightMs = askedAtMs - (this.state.resetAtMs - dayMs);
    if (!isOfNewDay(daily.used, sinceMidnightMs, this.yesterdaysUsed)) return;
    const { used, limit } = daily;
    const { own, quiet } = this.state;
    this.state.latest = { used, limit, ownThen: own, atMs };
    if (!this.attempts.covers(askedAtMs, atMs)) return;
    const unsure = this.attempts.unsure(askedAtMs);
    this.latestIsUnsure = unsure > 0;
    const sure: Mark = { used, limit, ownThen: own - unsure, atMs };
    if (unsure === 0 || sinceMark(sure, own) < sinceMark(quiet, own)) this.state.quiet = sure;
  }

  /** Begins a new day if the old one is over; true if it did. Counts survive a clock that is set back. */
  roll(nowMs: number): boolean {
    const { resetAtMs, latest } = this.state;
    if (nowMs < resetAtMs) {
      // After a clock that ran ahead was set back the next reset must not lie days ahead.
      if (resetAtMs - nowMs > dayMs) this.state.resetAtMs = Math.min(resetAtMs, this.nextResetMs(nowMs));
      return false;
    }
    const isNextDay = nowMs - resetAtMs < dayMs;
    this.yesterdaysUsed = isNextDay ? sureCountBefore(resetAtMs, latest) : 0;
    const carried = this.attempts.beginDay(resetAtMs);
    this.ownHere = isNextDay ? carried : 0;
    this.state = { ...this.state, ...newDay(this.nextResetMs(nowMs), this.ownHere) };
    return true;
  }

  /** The clock was set back: nothing that was done was done later than now. */
  clockSetTo(nowMs: number): void {
    this.state.lastSentAtMs = Math.min(this.state.lastSentAtMs, nowMs);
    this.attempts.clockSetTo(nowMs);
  }

  /** Adds what another tally counted today: its account and this one's are the same. */
  absorb(other: DayTally, nowMs: number): void {
    other.roll(nowMs);
    this.roll(nowMs);
    this.state = joinedCounts(this.state, other.state);
    this.reserved += other.reserved;
    this.ownHere += other.ownHere;
    this.attempts.absorb(other.attempts);
  }

  save(nowMs: number): SavedTally {
    const unsure = this.attempts.save(nowMs, this.reserved);
    const lastSentAtMs = this.reserved > 0 ? nowMs : this.state.lastSentAtMs;
    return { ...this.state, own: this.state.own + this.reserved, lastSentAtMs, unsure };
  }

  /** Takes over what was saved, as far as it is of today; of two counts of the same day the higher one wins. */
  restore({ unsure, ...saved }: SavedTally, nowMs: number): void {
    this.state.everRead ||= saved.everRead;
    this.state.learnedLimit ??= saved.learnedLimit;
    this.state.resetAtMs = this.nextResetMs(nowMs);
    if (saved.resetAtMs <= nowMs) {
      const isYesterdays = nowMs - saved.resetAtMs < dayMs;
      this.yesterdaysUsed = isYesterdays ? sureCountBefore(saved.resetAtMs, saved.latest) : 0;
      return;
    }
    // What this process sent before it had the saved state is not in it.
    const own = saved.own + this.ownHere;
    if (usedOf({ ...saved, own }) < usedOf(this.state)) return;
    const lastSentAtMs = Math.max(saved.lastSentAtMs, this.state.lastSentAtMs);
    this.state = { ...this.state, own, latest: saved.latest, quiet: saved.quiet, lastSentAtMs };
    this.attempts.restore(unsure, saved.lastSentAtMs);
  }

  /** When the last attempt left that a reading of now may miss; no reading tells of a day that has just begun. */
  protected get lastUntoldMs(): number {
    return Math.max(this.state.lastSentAtMs, this.state.resetAtMs - dayMs + untoldAfterMidnightMs);
  }

  protected nextResetMs(nowMs: number): number {
    return this.state.everRead ? nextUtcMidnightMs(nowMs) : this.midnights.nextMs(nowMs);
  }
}
