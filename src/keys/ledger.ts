// The account's day: the own attempts joined with what upstream tells, what is left, and how sure that is, so that
// neither a slow reading nor a lost count refuses a request: when to ask upstream, and when to ask it with a real one.
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
/** Readings asked for this soon after midnight may still be yesterday's. */
const staleAfterMidnightMs = 120_000;
/** Attempts of a day's first seconds are told when readings of that day are. */
const untoldAfterMidnightMs = staleAfterMidnightMs - lateCountMs;

/** Clocks that differ by 5 s are not put right. */
const clocksDifferMs = 6_000;

/** A reading that lacks attempts of before is about as late as readings usually are. */
const provesLatenessMs = 30_000;
/** A reading that is asked for this long after our last attempt was sent counts all of them: the longest lag, and the attempt's own journey. */
const surelyCountedMs = lateCountMs + 1_000;
/** How often a doubtful account is asked, at most. */
const askEveryMs = 60_000;
/** Readings may contradict what requests are told: then one request asks this often, in the end. */
const longestRefusedMs = 60 * 60_000;
/** How long a request waits for a reading. */
const readingWaitMs = 5_000;

/** A count that upstream told, and how many own attempts it includes. */
const mark = v.object({ used: v.number(), limit: v.number(), ownThen: v.number(), atMs: v.number() });
type Mark = v.InferOutput<typeof mark>;

const dayCountSchema = v.object({
  resetAtMs: v.number(),
  own: v.number(),
  latest: v.nullable(mark),
  /** The last quiet reading: it includes `ownThen` own attempts for certain. */
  quiet: v.nullable(mark),
  /** The server called the day used up before anything was sent today. Accounts that no limit holds are told so as well. */
  isToldUnasked: v.optional(v.boolean(), false),
  /** A request beyond the limit was answered. */
  isExempt: v.optional(v.boolean(), false),
  lastSentAtMs: v.number(),
  /** A day's requests as upstream told them last, or null. */
  learnedLimit: v.nullable(v.number()),
  everRead: v.boolean(),
});
type DayCount = v.InferOutput<typeof dayCountSchema>;

/** The part of a ledger that outlives the process. */
export const ledgerSchema = v.object({ ...dayCountSchema.entries, unsure: unsureSchema });
type LedgerSaved = v.InferOutput<typeof ledgerSchema>;

/**
 * `some`: attempts are left · `spent`: our own attempts and upstream say that none is left, or the user's own limit does ·
 * `doubtful`: one of both alone says so: a real request may ask · `exempt`: a request beyond the limit was answered.
 */
export type Emptiness = 'some' | 'spent' | 'doubtful' | 'exempt';

/** Whether readings were seen to lack attempts that had been sent shortly before: then the usual lateness is reckoned with. It is upstream's, and the same for all accounts. */
export interface Lateness {
  isSeen: boolean;
}

export class Ledger {
  private state: DayCount;
  private reserved = 0;
  /** How often in a row requests were refused for the day, readings or not. */
  private refusals = 0;
  private readonly attempts = new OwnAttempts();
  /** When a reading was asked for here last, and when the latest one that came was asked for by anybody. */
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  /** When a doubtful day was asked about with a real request last. */
  private probedAtMs = Number.NEGATIVE_INFINITY;
  /** The last reading told no count: another one would not either. */
  private isMute = false;

  /** `calendar`: the zone's days end the account's as long as upstream never told a count. `userLimit`: the user's own limit, or null. */
  constructor(
    nowMs: number,
    private readonly calendar: Calendar,
    private userLimit: number | null,
    private readonly lateness: Lateness = { isSeen: false },
  ) {
    const unknown = { lastSentAtMs: 0, learnedLimit: null, everRead: false };
    this.state = { ...newDay(calendar.nextMidnightMs(nowMs), 0), ...unknown };
  }

  /** The user's limit, or the calendar's zone, may be another one now. */
  configure(userLimit: number | null, nowMs: number): void {
    this.userLimit = userLimit;
    this.roll(nowMs);
    if (!this.state.everRead) this.state.resetAtMs = this.nextResetMs(nowMs);
  }

  get resetAtMs(): number {
    return this.state.resetAtMs;
  }

  /** What is counted and told of the present day. */
  get day(): Readonly<DayCount> {
    return this.state;
  }

  /** Attempts spent today with those that are about to be. */
  get used(): number {
    return usedOf(this.state) + this.reserved;
  }

  /** The server's limit wins over what was configured; the user's own lower limit wins over both. */
  get limit(): number {
    const told = this.state.learnedLimit;
    if (this.userLimit === null) return told ?? defaultDailyLimit;
    return told === null ? this.userLimit : Math.min(told, this.userLimit);
  }

  get left(): number {
    return Math.max(0, this.limit - this.used);
  }

  get emptiness(): Emptiness {
    const { limit } = this;
    if (this.used < limit) return 'some';
    const { isExempt, isToldUnasked } = this.state;
    if (isExempt && !this.isUsersLimit) return 'exempt';
    return this.told >= limit && !isToldUnasked ? 'spent' : 'doubtful';
  }

  /** An attempt is about to be sent; in doubt it is the probe. */
  reserve(nowMs: number): void {
    if (this.emptiness === 'doubtful') this.probedAtMs = nowMs;
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
    this.state.lastSentAtMs = nowMs;
    return this.attempts.add(nowMs, this.state.own, this.told >= this.limit);
  }

  /**
   * The attempt was answered by a model: a limit that was only presumed is higher, and one that was told does not hold the
   * account, if it was sent beyond it. True if that is new.
   */
  answered({ nth, isBeyond, sentAtMs }: OwnAttempt): boolean {
    const { isExempt } = this.state;
    this.refusals = 0;
    // Yesterday's tells nothing of the new day's limit.
    this.state.isExempt ||= isBeyond && sentAtMs >= this.state.resetAtMs - dayMs;
    const isRaised = nth > defaultDailyLimit && this.state.learnedLimit === null && this.userLimit === null;
    if (isRaised) this.state.learnedLimit = higherDailyLimit;
    return isRaised || this.state.isExempt !== isExempt;
  }

  /** A limit that ends at once refused the attempt: in the day's first seconds upstream, by its own clock, counted it for yesterday. */
  refusedForNow(attempt: OwnAttempt): void {
    const isEarly = attempt.sentAtMs - (this.state.resetAtMs - dayMs) < clocksDifferMs;
    if (isEarly && this.attempts.forget(attempt)) this.state.own--;
  }

  /** How long a refusal for the day holds whatever readings say: the longer, the more often they were wrong. */
  get refusedForMs(): number {
    return Math.min(usualLateMs * 2 ** Math.max(0, this.refusals - 1), longestRefusedMs);
  }

  /** Whether a count of today is higher than the last quiet reading and our own attempts since explain: others use the account too. */
  showsOthers(used: number): boolean {
    const { quiet, latest, own } = this.state;
    return latest !== null && used > sinceMark(quiet ?? latest, own);
  }

  /** A 429 told that the day is used up, and its limit or null. `isNews`: no other such answer held the account. */
  refused(limit: number | null, isNews = true): void {
    if (isNews) this.refusals++;
    if (limit !== null) this.state.learnedLimit = limit;
    this.state.isExempt = false;
    this.state.isToldUnasked = false;
  }

  /**
   * Joins a reading. Those of another day, and doubtful ones after midnight, tell the limit alone. A reading is quiet if
   * no own attempt ran, or had run, in the 90 s before it was asked for. One that is not counts as quiet with all of those
   * attempts added, as far as that lowers the sum: attempts that upstream did not count are not held against the account
   * for long.
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
    this.judgeLateness(used, askedAtMs);
    const missing = this.lateness.isSeen ? this.attempts.sentSince(askedAtMs - usualLateMs) : 0;
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

  /** Wall time has jumped: the day ends `delayMs` later, but at the next midnight at the latest. What was counted stays. */
  delayReset(delayMs: number, nowMs: number): void {
    this.state.resetAtMs = Math.min(this.state.resetAtMs + delayMs, this.nextResetMs(nowMs));
  }

  /** A reading of the account is asked for. */
  asked(nowMs: number): void {
    this.askedAtMs = nowMs;
  }

  /** When a reading may speak of the doubt: at once, and again when it counts all that we sent; Infinity while there is no doubt. */
  get readingWantedAtMs(): number {
    if (this.emptiness !== 'doubtful' || this.isMute) return Number.POSITIVE_INFINITY;
    const sureAtMs = this.lastUntoldMs + surelyCountedMs;
    const soonestMs = this.askedAtMs + askEveryMs;
    // A reading that tells little must not postpone the one that tells all.
    const isTooSoon = this.latestQuestionMs >= this.state.lastSentAtMs || soonestMs + askEveryMs > sureAtMs;
    return isTooSoon ? Math.max(sureAtMs, soonestMs) : soonestMs;
  }

  /** Whether a reading is on its way that requests should wait for, as the day is in doubt. */
  awaitsReading(nowMs: number): boolean {
    const isOnItsWay = this.answeredAtMs < this.askedAtMs && nowMs < this.askedAtMs + readingWaitMs;
    return isOnItsWay && this.emptiness === 'doubtful';
  }

  /** When the doubt is to be looked at again, Infinity without one: a reading may be asked for, or is waited for no longer. */
  nextDoubtMs(nowMs: number): number {
    return this.awaitsReading(nowMs) ? this.askedAtMs + readingWaitMs : this.readingWantedAtMs;
  }

  /**
   * When a real request may ask whether a doubtful day is used up; never where the limit is the user's own. Not before a
   * reading could have told, because a refused attempt is counted as well. Where readings tell no count, once a minute.
   */
  probeAtMs(nowMs: number): number {
    if (this.isUsersLimit) return Number.POSITIVE_INFINITY;
    const nextMs = this.probedAtMs + askEveryMs;
    if (this.isMute) return nextMs;
    // Reserved attempts leave now, at the soonest.
    const sureAtMs = (this.reserved > 0 ? nowMs : this.lastUntoldMs) + surelyCountedMs;
    if (this.latestQuestionMs < sureAtMs)
      return Math.max(nowMs, sureAtMs, this.askedAtMs + askEveryMs) + readingWaitMs;
    return Math.max(nextMs, this.answeredAtMs >= sureAtMs ? 0 : this.askedAtMs + readingWaitMs);
  }

  /** Adds the other ledger's count of today: its account and this one's are the same. */
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

  /** Learns whether readings are late: one that lacks own attempts is; a quiet one that shows less than was assumed was not. */
  private judgeLateness(used: number, askedAtMs: number): void {
    const { state, lateness } = this;
    if (this.attempts.unsure(askedAtMs) === 0) lateness.isSeen &&= used >= usedOf(state);
    else {
      const own = state.own - this.attempts.sentSince(askedAtMs - provesLatenessMs);
      lateness.isSeen ||= state.quiet !== null && used < usedOf({ ...state, own });
    }
  }

  private get latestQuestionMs(): number {
    return Math.max(this.askedAtMs, this.answeredAtMs);
  }

  /** When the last attempt left that a reading of now may miss; no reading tells of a day that has just begun. */
  private get lastUntoldMs(): number {
    return Math.max(this.state.lastSentAtMs, this.state.resetAtMs - dayMs + untoldAfterMidnightMs);
  }

  private get told(): number {
    const { latest, quiet } = this.state;
    return Math.max(latest?.used ?? 0, quiet?.used ?? 0);
  }

  /** Whether the day ends at a limit of the user's own. */
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
 * The larger of what the latest reading and what the last quiet one say, each with our own attempts since. The latest
 * knows of others, the quiet one misses nothing of ours.
 */
function usedOf({ own, latest, quiet }: DayCount): number {
  return Math.max(latest === null ? 0 : sinceMark(latest, own), sinceMark(quiet, own));
}

/** Without a mark the own count of the day is all that is known. */
function sinceMark(told: Mark | null, own: number): number {
  return told === null ? own : told.used + own - told.ownThen;
}

/** The counts of two accounts that are one. A mark is kept, and holds the other's attempts if they were over long before. */
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

function joinedMark(told: Mark | null, other: DayCount): Mark | null {
  if (told === null || told.atMs - other.lastSentAtMs < lateCountMs) return told;
  return { ...told, ownThen: told.ownThen + other.own };
}
