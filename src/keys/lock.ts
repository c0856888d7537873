// The rule of scope: an answer locks the narrowest thing that its words support, for as long as they support it. `Locks`
// has the locks of one key, of one account, or of everything.
import * as v from 'valibot';
import { dayMs } from './calendar';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** The row of a reason that locks something other than a model. */
interface WholeRow {
  readonly holds: 'key' | 'account' | 'everything';
  /** The requests of the locked thing that are held back. */
  readonly covers: 'all' | 'free' | 'paid';
  readonly lasts: Duration;
}

interface ModelRow {
  readonly holds: 'modelOnKey' | 'modelOnAccount' | 'model';
  readonly force: Force;
  readonly lasts: Duration;
}

/**
 * `held`: nothing is sent until the lock ends · `reordered`: a guess, or a setting that may change at any time: other
 * keys are tried first, and this one last · `passedOver`: requests that have a fallback model skip this model.
 */
export type Force = 'held' | 'reordered' | 'passedOver';

/** A lock's end: upstream's hint, at most `longestHintMs` away (null: ignored); else `firstMs`, doubled in a row to `longestMs`. */
export interface Duration {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly longestHintMs: number | null;
}

function hinted(withoutHintMs: number, longestHintMs: number): Duration {
  return { firstMs: withoutHintMs, longestMs: withoutHintMs, longestHintMs };
}

// A longer hint of a busy provider is not believed.
const busyPause: Duration = { firstMs: 2 * secondMs, longestMs: minuteMs, longestHintMs: 15 * minuteMs };
const creditPause: Duration = { firstMs: 5 * minuteMs, longestMs: hourMs, longestHintMs: null };
const leftPause: Duration = { firstMs: 15 * secondMs, longestMs: 5 * minuteMs, longestHintMs: null };

/** The lesson of an attempt about its key, its account and its model. Only `Lease.settle` and `Lease.amend` take verdicts. */
export type Verdict =
  /** The model answered: lifts doubts about key and model. */
  | { readonly kind: 'healthy' }
  | { readonly kind: 'nothing' }
  /** Locks what the reason's row says. `untilMs` null: upstream gave no time. `limit`: requests a day or a minute, if given. */
  | {
      readonly kind: 'locked';
      readonly reason: LimitReason;
      readonly untilMs: number | null;
      readonly limit: number | null;
    };

/** One row for each reason that locks a key, an account or everything. OpenRouter's words for each: `proxy/errors/outcome.ts`. */
export const scopes = {
  // The lock ends with the day, whatever `lasts` says: see `learning.ts`.
  dailyLimit: { holds: 'account', covers: 'free', lasts: hinted(dayMs, dayMs) },
  minuteLimit: { holds: 'account', covers: 'free', lasts: hinted(minuteMs, minuteMs) },
  noCredits: { holds: 'account', covers: 'paid', lasts: creditPause },
  // A balance below zero refuses free requests too.
  belowZero: { holds: 'account', covers: 'all', lasts: creditPause },
  inFlightBudget: { holds: 'account', covers: 'paid', lasts: hinted(10 * secondMs, 5 * minuteMs) },
  // A cap or a budget may or may not hold free requests back: the next free request is the probe, see `learning.ts`.
  keyCap: { holds: 'key', covers: 'paid', lasts: hinted(hourMs, 400 * dayMs) },
  budget: { holds: 'key', covers: 'paid', lasts: hinted(hourMs, 400 * dayMs) },
  unauthorized: { holds: 'key', covers: 'all', lasts: hinted(minuteMs, minuteMs) },
  // Cloudflare in front of upstream refuses this machine's address, not a key.
  edgeBlocked: { holds: 'everything', covers: 'all', lasts: hinted(10 * secondMs, 5 * minuteMs) },
} as const satisfies Readonly<Record<string, WholeRow>>;
export type LockReason = keyof typeof scopes;

/** One row for each reason that locks a model: for everybody, for one account or for one key. */
export const modelScopes = {
  // A guardrail, data policy or provider list of the key's workspace or account: it may be changed at any time.
  policy: { holds: 'modelOnKey', force: 'reordered', lasts: hinted(dayMs, dayMs) },
  ownKeyWanted: { holds: 'modelOnAccount', force: 'reordered', lasts: hinted(dayMs, dayMs) },
  // Upstream did not say whose limit it is: the lock is a guess and lasts for seconds.
  unknownLimit: { holds: 'modelOnAccount', force: 'reordered', lasts: hinted(5 * secondMs, 30 * secondMs) },
  modelLimit: { holds: 'modelOnAccount', force: 'held', lasts: hinted(minuteMs, dayMs) },
  modelDailyLimit: { holds: 'modelOnAccount', force: 'held', lasts: hinted(hourMs, dayMs) },
  ownProviderBusy: { holds: 'modelOnAccount', force: 'held', lasts: busyPause },
  busy: { holds: 'model', force: 'held', lasts: busyPause },
  sharedCapacity: { holds: 'model', force: 'held', lasts: hinted(minuteMs, dayMs) },
  // The model failed a request that went on to its fallback: the next request with a fallback does not begin with this model.
  left: { holds: 'model', force: 'passedOver', lasts: leftPause },
} as const satisfies Readonly<Record<string, ModelRow>>;
export type ModelLockReason = keyof typeof modelScopes;
export type LimitReason = LockReason | ModelLockReason;

export function holdsModel(reason: string): reason is ModelLockReason {
  return reason in modelScopes;
}

function holdsWhole(reason: string): reason is LockReason {
  return reason in scopes;
}

/** The shortest lock: after a hint that has passed the next request would otherwise get the same answer. */
const shortestLockMs = secondMs;

/** The end of a lock: `untilMs` is upstream's hint or null, `strikes` (1-based) counts the locks in a row. */
export function lockedUntilMs(
  { firstMs, longestMs, longestHintMs }: Duration,
  { untilMs, strikes, nowMs }: { untilMs: number | null; strikes: number; nowMs: number },
): number {
  if (untilMs === null || longestHintMs === null)
    return nowMs + Math.min(longestMs, firstMs * 2 ** (strikes - 1));
  return Math.max(nowMs + shortestLockMs, Math.min(untilMs, nowMs + longestHintMs));
}

export const lockSchema = v.object({
  covers: v.picklist(['all', 'free', 'paid']),
  reason: v.picklist(Object.keys(scopes).filter(holdsWhole)),
  sinceMs: v.number(),
  untilMs: v.number(),
});

export type Lock = v.InferOutput<typeof lockSchema>;

/** The class of a request: `free` spends allowance, `paid` credits, `unmetered` neither. */
export type RequestClass = 'free' | 'paid' | 'unmetered';

const ofMoney: ReadonlySet<LockReason> = new Set(['belowZero', 'keyCap', 'budget']);

/** Whether the lock holds a request of the class back. Want of money holds no unmetered request back, such as a list. */
export function holdsBack({ covers, reason }: Omit<Lock, 'sinceMs'>, requestClass: RequestClass): boolean {
  return covers === 'all' ? requestClass !== 'unmetered' || !ofMoney.has(reason) : covers === requestClass;
}

/** Readings lag behind: a reading that was asked for this soon after a lock does not disprove it, unless the caller says so. */
const readingLagMs = 60_000;

/** The locks of one key, one account, or everything: at most one for each reason. */
export class Locks {
  private readonly byReason = new Map<LockReason, Lock>();

  /** Adds the lock in place of an older one of the same reason. Locks that had ended when it began are dropped. */
  set(lock: Lock): void {
    for (const { reason, untilMs } of this.byReason.values()) {
      if (untilMs <= lock.sinceMs) this.byReason.delete(reason);
    }
    this.byReason.set(lock.reason, lock);
  }

  /** Adds the lock unless one of the same reason lasts longer. */
  join(lock: Lock): void {
    if (lock.untilMs > (this.byReason.get(lock.reason)?.untilMs ?? 0)) this.set(lock);
  }

  lift(reason: LockReason): boolean {
    return this.byReason.delete(reason);
  }

  /** Lifts the lock, unless it is so young that a reading asked for at `askedAtMs` may not show its end yet. */
  disprove(reason: LockReason, askedAtMs: number, lagMs = readingLagMs): void {
    const lock = this.get(reason);
    if (lock !== null && askedAtMs - lock.sinceMs > lagMs) this.lift(reason);
  }

  clear(): void {
    this.byReason.clear();
  }

  get(reason: LockReason): Lock | null {
    return this.byReason.get(reason) ?? null;
  }

  /** The instant until which a request of the class is held back: 0 if it is not. */
  lockedUntilMs(requestClass: RequestClass, nowMs: number): number {
    // Nearly always there is no lock, and a choice asks this twice for each key of an account.
    if (this.byReason.size === 0) return 0;
    let lockedUntilMs = 0;
    for (const lock of this.byReason.values()) {
      if (lock.untilMs > nowMs && holdsBack(lock, requestClass))
        lockedUntilMs = Math.max(lockedUntilMs, lock.untilMs);
    }
    return lockedUntilMs;
  }

  /** The locks that still hold, longest first. */
  active(nowMs: number): readonly Lock[] {
    return [...this.byReason.values()]
      .filter((lock) => lock.untilMs > nowMs)
      .sort((a, b) => b.untilMs - a.untilMs);
  }
}
