// The rule of scope: an answer locks the narrowest thing that its words support, for as long as they support it.
import { dayMs } from './calendar';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Reasons that hold a key, an account or everything. */
export const lockReasons = [
  'dailyLimit',
  'minuteLimit',
  'noCredits',
  'belowZero',
  'inFlightBudget',
  'keyCap',
  'budget',
  'unauthorized',
  'edgeBlocked',
] as const;
export type LockReason = (typeof lockReasons)[number];

/** Reasons that hold a model, for everybody, for one account or for one key. */
export const modelLockReasons = [
  'policy',
  'ownKeyWanted',
  'unknownLimit',
  'modelLimit',
  'modelDailyLimit',
  'ownProviderBusy',
  'busy',
  'sharedCapacity',
  'left',
] as const;
export type ModelLockReason = (typeof modelLockReasons)[number];

export type LimitReason = LockReason | ModelLockReason;

interface WholeRow {
  readonly holds: 'key' | 'account' | 'everything';
  /** Which requests of the locked thing are held back. */
  readonly covers: 'all' | 'free' | 'paid';
  readonly lasts: Duration;
}

interface ModelRow {
  readonly holds: 'modelOnKey' | 'modelOnAccount' | 'model';
  readonly force: Force;
  readonly lasts: Duration;
}

/**
 * `held`: nobody is sent until it ends · `reordered`: a guess or a setting that may change at any time: others are asked
 * first, and the last one is asked all the same · `passedOver`: requests that have a fallback model pass by.
 */
export type Force = 'held' | 'reordered' | 'passedOver';

/** Upstream's instant, no later than `longestHintMs` from now (null: no hint is believed); without one `firstMs`, doubled with each lock in a row, up to `longestMs`. */
export interface Duration {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly longestHintMs: number | null;
}

function hinted(withoutHintMs: number, longestHintMs: number): Duration {
  return { firstMs: withoutHintMs, longestMs: withoutHintMs, longestHintMs };
}

// A provider's mood does not last longer, whatever its hint is.
const busyPause: Duration = { firstMs: 2 * secondMs, longestMs: minuteMs, longestHintMs: 15 * minuteMs };
const creditPause: Duration = { firstMs: 5 * minuteMs, longestMs: hourMs, longestHintMs: null };
const leftPause: Duration = { firstMs: 15 * secondMs, longestMs: 5 * minuteMs, longestHintMs: null };

/** What an attempt teaches about its key, its account and its model. Only `Lease.settle` and `Lease.amend` take verdicts. */
export type Verdict =
  /** Answered: lifts doubts about key and model. */
  | { readonly kind: 'healthy' }
  | { readonly kind: 'nothing' }
  /**
   * Locks what the reason's row says. `untilMs` null: upstream did not say. `limit`: requests a day or a minute, where
   * said.
   */
  | {
      readonly kind: 'locked';
      readonly reason: LimitReason;
      readonly untilMs: number | null;
      readonly limit: number | null;
    };

/** One row a reason; those of `modelScopes` besides. OpenRouter's words for each are in `proxy/errors/outcome.ts`. */
export const scopes: Readonly<Record<LockReason, WholeRow>> = {
  // The lock ends with the day, whatever `lasts` says: see `learning.ts`.
  dailyLimit: { holds: 'account', covers: 'free', lasts: hinted(dayMs, dayMs) },
  minuteLimit: { holds: 'account', covers: 'free', lasts: hinted(minuteMs, minuteMs) },
  noCredits: { holds: 'account', covers: 'paid', lasts: creditPause },
  // A balance below zero refuses free requests too.
  belowZero: { holds: 'account', covers: 'all', lasts: creditPause },
  inFlightBudget: { holds: 'account', covers: 'paid', lasts: hinted(10 * secondMs, 5 * minuteMs) },
  // A cap or a budget may hold free requests back or not: the next free request is the probe, see `learning.ts`.
  keyCap: { holds: 'key', covers: 'paid', lasts: hinted(hourMs, 400 * dayMs) },
  budget: { holds: 'key', covers: 'paid', lasts: hinted(hourMs, 400 * dayMs) },
  unauthorized: { holds: 'key', covers: 'all', lasts: hinted(minuteMs, minuteMs) },
  // Cloudflare in front of upstream refuses this address, not a key.
  edgeBlocked: { holds: 'everything', covers: 'all', lasts: hinted(10 * secondMs, 5 * minuteMs) },
};

export const modelScopes: Readonly<Record<ModelLockReason, ModelRow>> = {
  // A guardrail, data policy or provider list of the key's workspace or account: it may be changed at any time.
  policy: { holds: 'modelOnKey', force: 'reordered', lasts: hinted(dayMs, dayMs) },
  ownKeyWanted: { holds: 'modelOnAccount', force: 'reordered', lasts: hinted(dayMs, dayMs) },
  // Nobody said whose limit it is: a guess lasts for seconds.
  unknownLimit: { holds: 'modelOnAccount', force: 'reordered', lasts: hinted(5 * secondMs, 30 * secondMs) },
  modelLimit: { holds: 'modelOnAccount', force: 'held', lasts: hinted(minuteMs, dayMs) },
  modelDailyLimit: { holds: 'modelOnAccount', force: 'held', lasts: hinted(hourMs, dayMs) },
  ownProviderBusy: { holds: 'modelOnAccount', force: 'held', lasts: busyPause },
  busy: { holds: 'model', force: 'held', lasts: busyPause },
  sharedCapacity: { holds: 'model', force: 'held', lasts: hinted(minuteMs, dayMs) },
  // The model failed a request that went on to its fallback: the next such request does not begin with it.
  left: { holds: 'model', force: 'passedOver', lasts: leftPause },
};

export function holdsModel(reason: LimitReason): reason is ModelLockReason {
  return reason in modelScopes;
}

/** Locks end this late at the soonest: a hint that has passed must not send the next request into the same answer. */
const shortestLockMs = secondMs;

/** Until when a lock holds: `untilMs` is upstream's hint or null, `strikes` (1-based) counts the locks in a row. */
export function lockedUntilMs(
  { firstMs, longestMs, longestHintMs }: Duration,
  { untilMs, strikes, nowMs }: { untilMs: number | null; strikes: number; nowMs: number },
): number {
  if (untilMs === null || longestHintMs === null)
    return nowMs + Math.min(longestMs, firstMs * 2 ** (strikes - 1));
  return Math.max(nowMs + shortestLockMs, Math.min(untilMs, nowMs + longestHintMs));
}
