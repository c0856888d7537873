/** A simulated OpenRouter account: the limits and counts that its keys share. */
import { AccountKey, type KeyOptions } from './accountKey';
import { DayCount, nextUtcMidnightMs } from './dayCount';
import { MinuteCount, type MinuteWindow } from './minuteCount';

export interface AccountOptions {
  /** The name by which tests speak of it; never on the wire. */
  readonly name: string;
  readonly keys: readonly (string | KeyOptions)[];
  /** Free-model requests a UTC day; default 50. */
  readonly dailyLimit?: number;
  /** Free-model requests a minute; default 20. */
  readonly minuteLimit?: number;
  readonly minuteWindow?: MinuteWindow;
  /** Balance; default 0 for a daily limit of at most 50, else 10. */
  readonly credits?: number;
  /** Free-model requests already made today. */
  readonly usedToday?: number;
  /** `creator_user_id`; default `user_<name>`. */
  readonly userId?: string | null;
  /** `organization_id`; default null. */
  readonly organizationId?: string | null;
  /** How old the count is that `GET /key` tells, in milliseconds; a function is asked at each reading. */
  readonly readingLagMs?: number | (() => number);
  /** Fields that `GET /key` leaves out, as `free_model_daily_requests`. */
  readonly omitKeyFields?: readonly string[];
  /** The share (0 to 1) of free attempts that the day's count misses; default 0. */
  readonly uncountedShare?: number;
  /** Paid requests go through the account's own provider keys and cost no credits; default false. */
  readonly ownProviderKeys?: boolean;
}

/** Whether a free attempt was let in, and if not, what stopped it. */
export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'belowZero' }
  | { readonly kind: 'daily' | 'minute'; readonly limit: number; readonly resetAtMs: number };

export class Account {
  readonly name: string;
  readonly userId: string | null;
  readonly organizationId: string | null;
  readonly keys: AccountKey[];
  dailyLimit: number;
  minuteLimit: number;
  minuteWindow: MinuteWindow;
  readingLagMs: number | (() => number);
  omitKeyFields: readonly string[];
  uncountedShare: number;
  ownProviderKeys: boolean;
  /** All credits ever bought. */
  bought: number;
  private spentCredits = 0;
  private readonly day = new DayCount();
  private readonly minute = new MinuteCount();

  constructor(options: AccountOptions, nowMs: number) {
    this.name = options.name;
    this.userId =
      options.userId === undefined ? `user_${options.name.replaceAll(/\W/g, '')}` : options.userId;
    this.organizationId = options.organizationId ?? null;
    this.keys = options.keys.map((key) => new AccountKey(typeof key === 'string' ? { key } : key, nowMs));
    this.dailyLimit = options.dailyLimit ?? 50;
    this.minuteLimit = options.minuteLimit ?? 20;
    this.minuteWindow = options.minuteWindow ?? 'clock';
    this.readingLagMs = options.readingLagMs ?? 0;
    this.omitKeyFields = options.omitKeyFields ?? [];
    this.uncountedShare = options.uncountedShare ?? 0;
    this.ownProviderKeys = options.ownProviderKeys ?? false;
    this.bought = options.credits ?? (this.dailyLimit > 50 ? 10 : 0);
    if (options.usedToday !== undefined) this.countFree(nowMs, options.usedToday);
  }

  get credits(): number {
    return this.bought - this.spentCredits;
  }

  get creditsUsed(): number {
    return this.spentCredits;
  }

  spend(key: AccountKey, atMs: number, credits: number): void {
    this.spentCredits += credits;
    key.spend(atMs, credits);
  }

  /** Adds credits; an account that has ever bought 10 gets 1000 free requests a day. */
  topUp(credits: number): void {
    this.bought += credits;
    if (this.bought >= 10) this.dailyLimit = Math.max(this.dailyLimit, 1000);
  }

  /** Counts free requests of the day without judging them. */
  countFree(nowMs: number, count: number): void {
    this.day.add(nowMs, count);
  }

  /** Judges one free attempt by balance, day and minute. It counts for the day elsewhere, by `countFree`. */
  admitFree(nowMs: number): Admission {
    if (this.credits < 0) return { kind: 'belowZero' };
    if (this.day.usedOnDayOf(nowMs) >= this.dailyLimit) {
      return { kind: 'daily', limit: this.dailyLimit, resetAtMs: nextUtcMidnightMs(nowMs) };
    }
    const resetAtMs = this.minute.take(nowMs, this.minuteLimit, this.minuteWindow);
    return resetAtMs === undefined
      ? { kind: 'admitted' }
      : { kind: 'minute', limit: this.minuteLimit, resetAtMs };
  }

  /** Free requests of the UTC day so far, as the limit is judged. */
  usedToday(nowMs: number): number {
    return this.day.usedOnDayOf(nowMs);
  }

  /** The count that a reading made now tells: as old as the account's lag, so it may be yesterday's. */
  readUsed(nowMs: number): number {
    const lagMs = typeof this.readingLagMs === 'number' ? this.readingLagMs : this.readingLagMs();
    return lagMs <= 0 ? this.day.usedOnDayOf(nowMs) : this.day.usedAt(nowMs - lagMs);
  }
}
