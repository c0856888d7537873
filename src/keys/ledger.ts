// The account's day: what is left of it, and how sure that is, so that neither a slow reading nor a lost count refuses a request.
import type { Midnights } from './calendar';
import { DayTally, tallySchema } from './dayTally';
import { Doubt } from './doubt';
import type { OwnAttempt } from './ownAttempts';
import type { Reading } from './reading';

/** OpenRouter's allowance of an account that never bought credits (OpenRouter, "Limits"). */
const defaultDailyLimit = 50;
/** OpenRouter's allowance of an account that has bought 10 credits. */
const higherDailyLimit = 1_000;

/** The part of a ledger that outlives the process. */
export const ledgerSchema = tallySchema;

/** `some`: attempts are left · `spent`: the server says so too, or the user's own limit does · `doubtful`: our own sum alone says none is left. */
export type Emptiness = 'some' | 'spent' | 'doubtful';

export class Ledger extends DayTally {
  /** When the account was asked and probed. */
  readonly doubt = new Doubt();

  /** `userLimit`: the user's own limit, or null. */
  constructor(
    nowMs: number,
    midnights: Midnights,
    private userLimit: number | null,
  ) {
    super(nowMs, midnights);
  }

  configure(midnights: Midnights, userLimit: number | null, nowMs: number): void {
    this.userLimit = userLimit;
    if (midnights === this.midnights) return;
    this.midnights = midnights;
    if (!this.state.everRead) this.state.resetAtMs = this.nextResetMs(nowMs);
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
    const { latest, quiet } = this.state;
    const told = Math.max(latest?.used ?? 0, quiet?.used ?? 0);
    return told >= limit ? 'spent' : 'doubtful';
  }

  /** When a doubtful account may be asked with a real request; never where the limit is the user's own. */
  probeAtMs(nowMs: number): number {
    if (this.isUsersLimit) return Number.POSITIVE_INFINITY;
    // What is reserved leaves now, at the soonest.
    return this.doubt.probeAtMs(this.reserved > 0 ? nowMs : this.lastUntoldMs, nowMs);
  }

  /** When a reading is worth asking for, Infinity while there is no question. `lockedSinceMs`: since when a daily-limit answer locks the account, or null. */
  readingWantedAtMs(lockedSinceMs: number | null): number {
    if (lockedSinceMs !== null) return this.doubt.recheckWantedAtMs(lockedSinceMs);
    switch (this.emptiness) {
      case 'some':
        return Number.POSITIVE_INFINITY;
      case 'spent':
        return this.isUsersLimit ? Number.POSITIVE_INFINITY : this.doubt.recheckWantedAtMs(0);
      case 'doubtful':
        return this.doubt.readingWantedAtMs(this.state.lastSentAtMs, this.lastUntoldMs);
    }
  }

  /** Whether a reading is on its way that may end the doubt. */
  awaitsReading(nowMs: number): boolean {
    return this.emptiness === 'doubtful' && this.doubt.awaitsReading(nowMs);
  }

  /** When the doubt is to be looked at again, Infinity without one: a reading may be asked for, or is waited for no longer. */
  nextDoubtMs(nowMs: number): number {
    if (this.emptiness !== 'doubtful') return Number.POSITIVE_INFINITY;
    const wantedAtMs = this.doubt.readingWantedAtMs(this.state.lastSentAtMs, this.lastUntoldMs);
    return this.doubt.awaitsReading(nowMs) ? Math.min(this.doubt.giveUpAtMs, wantedAtMs) : wantedAtMs;
  }

  /** The attempt was answered by a model: a limit that was only presumed is higher, if it was sent beyond it. */
  answered({ nth }: OwnAttempt): void {
    const { learnedLimit } = this.state;
    if (learnedLimit === null && this.userLimit === null && nth > defaultDailyLimit) {
      this.state.learnedLimit = higherDailyLimit;
    }
  }

  override join(reading: Reading): void {
    this.doubt.answered(reading.askedAtMs, reading.daily !== null);
    super.join(reading);
  }

  override clockSetTo(nowMs: number): void {
    super.clockSetTo(nowMs);
    this.doubt.clockSetTo(nowMs);
  }

  /** Whether the user's own limit is the one that binds. */
  private get isUsersLimit(): boolean {
    return this.userLimit !== null && this.userLimit < (this.state.learnedLimit ?? Number.POSITIVE_INFINITY);
  }
}
