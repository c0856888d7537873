// The account's day: joins our own attempts with upstream's counts, and tells what is left and how sure that is. Neither
// a slow reading nor a lost count refuses a request: the ledger says when to ask for a reading, and when to probe.
import * as v from 'valibot';
import { dayMs, type Calendar } from './calendar';
import {
  lateCountMs,
  longestReadingMs,
  OwnAttempts,
  usualLateMs,
  unsureSchema,
  type OwnAttempt,
} from './ownAttempts';
import type { Reading } from './reading';

/** OpenRouter's allowance of an account that never bought credits (OpenRouter, "Limits"). */
const defaultDailyLimit = 50;
/** OpenRouter's allowance of an account that has bought 10 credits. */
const higherDailyLimit = 1_000;
/** A reading that was asked for this soon after midnight may still count yesterday. */
const staleAfterMidnightMs = 120_000;
/** Attempts of a day's first seconds are in the first readings that count the new day. */
const unreportedAfterMidnightMs = staleAfterMidnightMs - lateCountMs;

/** Our clock and upstream's may differ by this: an offset of up to 5 s is not corrected. */
const clocksDifferMs = 6_000;

/** A reading proves readings to be late if it lacks attempts that were sent longer than this before. */
const provesLagMs = 30_000;
/** A reading asked for this long after our last attempt counts all of ours: the longest lag, and the attempt's own journey. */
const surelyCountedMs = lateCountMs + 1_000;
/** The shortest time between two readings, or two probes, of a doubtful account. */
const askEveryMs = 60_000;
/** Where readings contradict refusals, the lock after a refusal grows up to this: then one request an hour probes. */
const longestRefusedMs = 60 * 60_000;
/** The longest time that a request waits for a reading. */
const readingWaitMs = 5_000;

/** A count that upstream reported, and how many of our own attempts it includes. */
const mark = v.object({ used: v.number(), limit: v.number(), ownThen: v.number(), atMs: v.number() });
type Mark = v.InferOutput<typeof mark>;

const dayCountSchema = v.object({
  resetAtMs: v.number(),
  own: v.number(),
  latest: v.nullable(mark),
  /** The last quiet reading: it includes `ownThen` own attempts for certain. */
  quiet: v.nullable(mark),
  /** Upstream called the day used up before we sent anything today, as it also does to accounts without a limit. */
  isToldUnasked: v.optional(v.boolean(), false),
  /** A request beyond the limit was answered. */
  isExempt: v.optional(v.boolean(), false),
  lastSentAtMs: v.number(),
  /** The requests a day that upstream reported last, or null. */
  learnedLimit: v.nullable(v.number()),
  everRead: v.boolean(),
});
type DayCount = v.InferOutput<typeof dayCountSchema>;

/** The part of a ledger that outlives the process. */
export const ledgerSchema = v.object({ ...dayCountSchema.entries, unsure: unsureSchema });
type LedgerSaved = v.InferOutput<typeof ledgerSchema>;

/**
 * `some`: attempts are left · `spent`: upstream's count and our sum say that none is left, or the user's own limit does ·
 * `doubtful`: only one of the two says so: a probe may ask · `exempt`: a request beyond the limit was answered.
 */
export type Emptiness = 'some' | 'spent' | 'doubtful' | 'exempt';

/** Whether a reading lacked attempts sent shortly before it: then readings of all accounts count as `usualLateMs` late. */
export interface ReadingLag {
  isKnown: boolean;
}

export class Ledger {
  private state: DayCount;
  private reserved = 0;
  /** The number of times in a row that requests were refused because the day is used up. */
  private refusals = 0;
  private readonly attempts = new OwnAttempts();
  /** When the ledger last asked for a reading, and when the newest reading, asked for by any part of the proxy, was asked for. */
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  /** When a real request last probed the doubtful day. */
  private probedAtMs = Number.NEGATIVE_INFINITY;
  /** The last reading had no count: another reading would have none either. */
  private isMute = false;

  /** `calendar`: its zone ends the day until upstream has reported a count. `userLimit`: the user's own limit, or null. */
  constructor(
    nowMs: number,
    private readonly calendar: Calendar,
    private userLimit: number | null,
    private readonly readingLag: ReadingLag = { isKnown: false },
  ) {
    const unknown = { lastSentAtMs: 0, learnedLimit: null, everRead: false };
    this.state = { ...newDay(calendar.nextMidnightMs(nowMs), 0), ...unknown };
  }

  /** Takes over a changed user limit, or the calendar's changed zone. */
  configure(userLimit: number | null, nowMs: number): void {
    this.userLimit = userLimit;
    this.roll(nowMs);
    if (!this.state.everRead) this.state.resetAtMs = this.nextResetMs(nowMs);
  }

  get resetAtMs(): number {
    return this.state.resetAtMs;
  }

  /** The counts of the present day, our own and upstream's. */
  get day(): Readonly<DayCount> {
    return this.state;
  }

  /** Attempts spent today, including those that are about to be sent. */
  get used(): number {
    return usedOf(this.state) + this.reserved;
  }

  /** Requests a day: upstream's limit, else the default; the user's own where that is lower, or no limit was reported. */
  get limit(): number {
    const learnedLimit = this.state.learnedLimit;
    if (this.userLimit === null) return learnedLimit ?? defaultDailyLimit;
    return learnedLimit === null ? this.userLimit : Math.min(learnedLimit, this.userLimit);
  }

  get left(): number {
    return Math.max(0, this.limit - this.used);
  }

  get emptiness(): Emptiness {
    const { limit } = this;
    if (this.used < limit) return 'some';
    const { isExempt, isToldUnasked } = this.state;
    if (isExempt && !this.isUsersLimit) return 'exempt';
    return this.reportedUsed >= limit && !isToldUnasked ? 'spent' : 'doubtful';
  }

  /** Reserves an attempt that is about to be sent; on a doubtful day it is the probe. */
  reserve(nowMs: number): void {
    if (this.emptiness === 'doubtful') this.probedAtMs = nowMs;
    this.reserved++;
  }

  /** Gives back a reservation whose attempt never reached a socket. */
  release(): void {
    this.reserved--;
  }

  /** A reserved attempt's head is on a socket: it counts as ours, on this day. */
  spend(nowMs: number): OwnAttempt {
    this.roll(nowMs);
    this.reserved--;
    this.state.own++;
    this.state.lastSentAtMs = nowMs;
    return this.attempts.add(nowMs, this.state.own, this.reportedUsed >= this.limit);
  }

  /**
   * A model answered the attempt: a limit that was only presumed is higher, and one that upstream reported does not hold
   * for the account if the attempt was sent beyond it. True if that is new.
   */
  answered({ nth, isBeyond, sentAtMs }: OwnAttempt): boolean {
    const { isExempt } = this.state;
    this.refusals = 0;
    // An attempt of yesterday says nothing about the new day's limit.
    this.state.isExempt ||= isBeyond && sentAtMs >= this.state.resetAtMs - dayMs;
    const isRaised = nth > defaultDailyLimit && this.state.learnedLimit === null && this.userLimit === null;
    if (isRaised) this.state.learnedLimit = higherDailyLimit;
    return isRaised || this.state.isExempt !== isExempt;
  }

  /** A minute limit refused the attempt: in the day's first seconds upstream's clock counted it on the day before. */
  refusedForNow(attempt: OwnAttempt): void {
    const isEarly = attempt.sentAtMs - (this.state.resetAtMs - dayMs) < clocksDifferMs;
    if (isEarly && this.attempts.forget(attempt)) this.state.own--;
  }

  /** The age at which a reading may lift the lock of a used-up day; it doubles with each further refusal in a row. */
  get refusedForMs(): number {
    return Math.min(usualLateMs * 2 ** Math.max(0, this.refusals - 1), longestRefusedMs);
  }

  /** Whether a count of today exceeds the last quiet reading plus our own attempts since: then others use the account too. */
  showsOthers(used: number): boolean {
    const { quiet, latest, own } = this.state;
    return latest !== null && used > sinceMark(quiet ?? latest, own);
  }

  /** A 429 said that the day is used up, with its limit or null. `isNews`: no lock of an earlier such answer was in force. */
  refused(limit: number | null, isNews = true): void {
    if (isNews) this.refusals++;
    if (limit !== null) this.state.learnedLimit = limit;
    this.state.isExempt = false;
    this.state.isToldUnasked = false;
  }

  /**
   * Joins a reading. One asked for yesterday or just after midnight, whose count may be yesterday's, tells only the
   * limit. A reading is quiet if no own attempt ran in the 90 s before it was asked for. Another counts as quiet with all
   * attempts of that time added, if that lowers the sum: attempts that upstream did not count weigh on the account only
   * briefly.
   */
  join({ daily, askedAtMs, atMs }: Reading): void {
    this.answeredAtMs = Math.max(this.answeredAtMs, askedAtMs);
    this.isMute = daily === null;
    if (daily === null) return;
    if (!this.state.everRead) {
      this.state.everRead = true;
      this.state.resetAtMs = this.nextResetMs(askedAtMs);
    }
    this.roll(atMs);
    this.state.learnedLimit = daily.limit;
    if (askedAtMs - (this.state.resetAtMs - dayMs) < staleAfterMidnightMs) return;
    const { used, limit } = daily;
    const { own, quiet } = this.state;
    this.state.isToldUnasked = used >= limit && (own === 0 || this.state.isToldUnasked);
    this.judgeReadingLag(used, askedAtMs);
    const missing = this.readingLag.isKnown ? this.attempts.sentSince(askedAtMs - usualLateMs) : 0;
    this.state.latest = { used, limit, ownThen: own - missing, atMs };
    if (atMs - askedAtMs >= longestReadingMs) return;
    const unsure = this.attempts.unsure(askedAtMs);
    const sure: Mark = { used, limit, ownThen: own - unsure, atMs };
    if (unsure === 0 || sinceMark(sure, own) < sinceMark(quiet, own)) this.state.quiet = sure;
  }

  roll(nowMs: number): void {
    const { resetAtMs } = this.state;
    if (nowMs < resetAtMs) return;
    const isNextDay = nowMs - resetAtMs < dayMs;
    this.refusals = 0;
    const carried = this.attempts.beginDay(resetAtMs);
    this.state = { ...this.state, ...newDay(this.nextResetMs(nowMs), isNextDay ? carried : 0) };
  }

  /** Wall time has jumped: the day ends `delayMs` later, but at the next midnight at the latest. Counts stay. */
  delayReset(delayMs: number, nowMs: number): void {
    this.state.resetAtMs = Math.min(this.state.resetAtMs + delayMs, this.nextResetMs(nowMs));
  }

  /** Notes that a reading of the account is asked for. */
  noteAsked(nowMs: number): void {
    this.askedAtMs = nowMs;
  }

  /** When a reading may settle the doubt: at once, and again once it counts all that we sent; Infinity without a doubt. */
  get readingWantedAtMs(): number {
    if (this.emptiness !== 'doubtful' || this.isMute) return Number.POSITIVE_INFINITY;
    const sureAtMs = this.lastUnreportedMs + surelyCountedMs;
    const soonestMs = this.askedAtMs + askEveryMs;
    // A reading that may miss attempts must not postpone the one that counts all.
    const isTooSoon = this.latestQuestionMs >= this.state.lastSentAtMs || soonestMs + askEveryMs > sureAtMs;
    return isTooSoon ? Math.max(sureAtMs, soonestMs) : soonestMs;
  }

  /** Whether requests should wait for a reading on its way, because the day is in doubt. */
  awaitsReading(nowMs: number): boolean {
    const isOnItsWay = this.answeredAtMs < this.askedAtMs && nowMs < this.askedAtMs + readingWaitMs;
    return isOnItsWay && this.emptiness === 'doubtful';
  }

  /** When the doubt is looked at again: a reading is due, or is no longer waited for; Infinity without a doubt. */
  nextDoubtMs(nowMs: number): number {
    return this.awaitsReading(nowMs) ? this.askedAtMs + readingWaitMs : this.readingWantedAtMs;
  }

  /**
   * The instant at which a real request may probe a doubtful day; Infinity where the limit is the user's own. A refused
   * attempt is counted as well, so that readings go first; where readings tell no count, a probe goes once a minute.
   */
  probeAtMs(nowMs: number): number {
    if (this.isUsersLimit) return Number.POSITIVE_INFINITY;
    const nextMs = this.probedAtMs + askEveryMs;
    if (this.isMute) return nextMs;
    // Reserved attempts are sent now, at the soonest.
    const sureAtMs = (this.reserved > 0 ? nowMs : this.lastUnreportedMs) + surelyCountedMs;
    if (this.latestQuestionMs < sureAtMs)
      return Math.max(nowMs, sureAtMs, this.askedAtMs + askEveryMs) + readingWaitMs;
    return Math.max(nextMs, this.answeredAtMs >= sureAtMs ? 0 : this.askedAtMs + readingWaitMs);
  }

  /** Adds the other ledger's count of today: both accounts turned out to be the same. */
  absorb(other: Ledger, nowMs: number): void {
    other.roll(nowMs);
    this.roll(nowMs);
    this.state = joinedCounts(this.state, other.state);
    this.reserved += other.reserved;
    this.attempts.absorb(other.attempts);
  }

  save(nowMs: number): LedgerSaved {
    const unsure = this.attempts.save(nowMs, this.reserved);
    const lastSentAtMs = this.reserved > 0 ? nowMs : this.state.lastSentAtMs;
    return { ...this.state, own: this.state.own + this.reserved, lastSentAtMs, unsure };
  }

  /** Takes over a saved state, as far as it is of today; to be called before anything is counted. */
  restore({ unsure, ...saved }: LedgerSaved, nowMs: number): void {
    this.state = saved;
    if (nowMs < saved.resetAtMs) this.attempts.restore(unsure, saved.lastSentAtMs);
    this.roll(nowMs);
    this.state.resetAtMs = this.nextResetMs(nowMs);
  }

  /** Learns whether readings are late: one that lacks own attempts is; a quiet one that shows less than was assumed is not. */
  private judgeReadingLag(used: number, askedAtMs: number): void {
    const { state, readingLag } = this;
    if (this.attempts.unsure(askedAtMs) === 0) readingLag.isKnown &&= used >= usedOf(state);
    else {
      const own = state.own - this.attempts.sentSince(askedAtMs - provesLagMs);
      readingLag.isKnown ||= state.quiet !== null && used < usedOf({ ...state, own });
    }
  }

  private get latestQuestionMs(): number {
    return Math.max(this.askedAtMs, this.answeredAtMs);
  }

  /** When the last attempt was sent that a reading of now may miss; just after midnight no reading counts the new day. */
  private get lastUnreportedMs(): number {
    return Math.max(this.state.lastSentAtMs, this.state.resetAtMs - dayMs + unreportedAfterMidnightMs);
  }

  private get reportedUsed(): number {
    const { latest, quiet } = this.state;
    return Math.max(latest?.used ?? 0, quiet?.used ?? 0);
  }

  /** Whether the user's own limit is lower than upstream's, and so ends the day. */
  get isUsersLimit(): boolean {
    return this.userLimit !== null && this.userLimit < (this.state.learnedLimit ?? Number.POSITIVE_INFINITY);
  }

  private nextResetMs(nowMs: number): number {
    return this.state.everRead ? this.calendar.nextUtcMidnightMs(nowMs) : this.calendar.nextMidnightMs(nowMs);
  }
}

function newDay(
  resetAtMs: number,
  own: number,
): Omit<DayCount, 'lastSentAtMs' | 'learnedLimit' | 'everRead'> {
  return { resetAtMs, own, latest: null, quiet: null, isToldUnasked: false, isExempt: false };
}

/**
 * The larger sum of two: the latest reading and the last quiet one, each plus our own attempts since. The latest includes
 * the use by others, the quiet one misses none of our attempts.
 */
function usedOf({ own, latest, quiet }: DayCount): number {
  return Math.max(latest === null ? 0 : sinceMark(latest, own), sinceMark(quiet, own));
}

/** Without a mark our own count of the day is all that is known. */
function sinceMark(read: Mark | null, own: number): number {
  return read === null ? own : read.used + own - read.ownThen;
}

/** The counts of two accounts that are one. A mark includes the other's attempts if those were sent long before it. */
function joinedCounts(one: DayCount, other: DayCount): DayCount {
  return {
    resetAtMs: one.everRead || !other.everRead ? one.resetAtMs : other.resetAtMs,
    own: one.own + other.own,
    latest: joinedMark(one.latest, other) ?? joinedMark(other.latest, one),
    quiet: joinedMark(one.quiet, other) ?? joinedMark(other.quiet, one),
    isToldUnasked: one.isToldUnasked || other.isToldUnasked,
    isExempt: one.isExempt || other.isExempt,
    lastSentAtMs: Math.max(one.lastSentAtMs, other.lastSentAtMs),
    learnedLimit: one.learnedLimit ?? other.learnedLimit,
    everRead: one.everRead || other.everRead,
  };
}

function joinedMark(read: Mark | null, other: DayCount): Mark | null {
  if (read === null || read.atMs - other.lastSentAtMs < lateCountMs) return read;
  return { ...read, ownThen: read.ownThen + other.own };
}
