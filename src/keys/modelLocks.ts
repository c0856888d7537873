// Locks of models, for everybody, an account or a key. Each success after a lock's end doubles the requests that may run: 1, 2, 4 …
import * as v from 'valibot';
import type { KeyId } from '../base/secret';
import type { AccountId } from './account';
import { remember } from './recentEntries';
import { holdsModel, lockedUntilMs, modelScopes, type Force } from './lock';

/** A lock is dropped this long after its end, unless a probe runs. */
const forgottenAfterMs = 60_000;
/** The lock is dropped once the model has more permits than this. */
const openAgainAt = 16;
/** Unexplained refusals by two accounts within this time are about the model. */
const widensWithinMs = 10_000;
/** Models whose locks are kept; the one whose newest lock is the oldest is dropped. */
const mostModels = 1_000;

export const modelLockSchema = v.object({
  model: v.string(),
  accountId: v.nullable(v.string()),
  keyId: v.optional(v.nullable(v.string()), null),
  reason: v.optional(v.fallback(v.picklist(Object.keys(modelScopes).filter(holdsModel)), 'busy'), 'busy'),
  sinceMs: v.number(),
  untilMs: v.number(),
  strikes: v.number(),
});
export type ModelLockSaved = v.InferOutput<typeof modelLockSchema>;

/** The locked model, account and key, and the reason; `keyId` stands with its account. */
export type ModelScope = Pick<ModelLockSaved, 'model' | 'accountId' | 'keyId' | 'reason'>;

/** The part of a request that its model's locks depend on. */
export interface ForModel {
  readonly model: string | null;
  /** The request has a fallback model: it skips a model that was just left. */
  readonly hasFallback: boolean;
}

/** Ends one of the running requests that a half-open model permits; to be called when the request has ended. */
export type Permit = () => void;

interface ModelLock extends ModelLockSaved {
  /** How many requests may run at once after `untilMs`. */
  permits: number;
  running: number;
}

export class ModelLocks {
  private readonly byModel = new Map<string, ModelLock[]>();

  /** The instant from which the locks for all accounts (`accountId` null), or of one account, let a request go: 0 is now, Infinity: once a running probe ends. */
  heldUntilMs({ model, hasFallback }: ForModel, accountId: AccountId | null, nowMs: number): number {
    let untilMs = 0;
    for (const lock of this.of(model)) {
      const counts = lock.accountId === accountId && isHeld(lock, hasFallback);
      if (counts) untilMs = Math.max(untilMs, openAtMs(lock, nowMs));
    }
    return untilMs;
  }

  /** Whether a request that has a fallback goes on to it at once. */
  isPassedOver(model: string | null, nowMs: number): boolean {
    return this.of(model).some((lock) => forceOf(lock) === 'passedOver' && openAtMs(lock, nowMs) > nowMs);
  }

  /** Whether the model was left lately: a request that still goes to it is its probe. */
  wasLeft(model: string | null, nowMs: number): boolean {
    return this.of(model).some((lock) => forceOf(lock) === 'passedOver' && !isForgotten(lock, nowMs));
  }

  /** Whether other keys are tried first: this one was refused for the model because of a guess or a setting. */
  isReordered(model: string | null, accountId: AccountId, keyId: KeyId, nowMs: number): boolean {
    return this.of(model).some(
      (lock) =>
        lock.untilMs > nowMs &&
        forceOf(lock) === 'reordered' &&
        lock.accountId === accountId &&
        (lock.keyId === null || lock.keyId === keyId),
    );
  }

  /** Whether any lock is of one account or key alone: only then each of them has to be looked up. */
  hasNarrowLocks(model: string | null): boolean {
    return this.of(model).some(({ accountId }) => accountId !== null);
  }

  /** Whether a lock holds the model for all accounts, or lets its requests go one by one: the next one's time is unknown then. */
  isHeld(model: string | null): boolean {
    return this.of(model).some((lock) => lock.accountId === null && forceOf(lock) === 'held');
  }

  /** A request for the model leaves: while the model is half open, it takes a permit until it has ended. Null: it needs none. */
  sent(model: string | null, accountId: AccountId, nowMs: number): Permit | null {
    if (this.byModel.size === 0) return null;
    const locks = this.of(model).filter(
      (lock) =>
        forceOf(lock) !== 'reordered' &&
        (lock.accountId ?? accountId) === accountId &&
        !isForgotten(lock, nowMs),
    );
    if (locks.length === 0) return null;
    for (const lock of locks) lock.running++;
    return () => {
      for (const lock of locks) lock.running--;
    };
  }

  /** The model answered: drops locks that reorder or pass over; doubles the permits of a held model past its lock. True if one changed. */
  healthy(model: string | null, accountId: AccountId, keyId: KeyId, nowMs: number): boolean {
    let opens = false;
    for (const lock of this.of(model)) {
      if (lock.accountId !== null && lock.accountId !== accountId) continue;
      if (lock.keyId !== null && lock.keyId !== keyId) continue;
      const isHeld = forceOf(lock) === 'held';
      if (isHeld && lock.untilMs > nowMs) continue;
      opens = true;
      lock.permits *= 2;
      lock.strikes = 0;
      if (!isHeld || lock.permits > openAgainAt) this.drop(lock);
    }
    return opens;
  }

  /** Locks the scope until upstream's hint, else as `modelScopes` says. An unexplained refusal may widen to the whole model. */
  learn(scope: ModelScope, untilMs: number | null, nowMs: number): void {
    if (scope.reason === 'unknownLimit' && this.widens(scope, nowMs)) {
      this.learn({ ...scope, accountId: null, keyId: null, reason: 'busy' }, untilMs, nowMs);
    }
    // A lock stays the same object, because running probes refer to it.
    let lock = this.of(scope.model).find((each) => isSameScope(each, scope));
    if (lock === undefined) {
      for (const each of this.all()) if (isForgotten(each, nowMs)) this.drop(each);
      lock = { ...scope, sinceMs: nowMs, untilMs: 0, strikes: 0, permits: 1, running: 0 };
      this.add(lock);
    }
    // Requests that were on their way when the lock was set teach nothing new.
    if (lock.untilMs <= nowMs) {
      lock.sinceMs = nowMs;
      lock.strikes++;
    }
    const { lasts } = modelScopes[scope.reason];
    const endMs = lockedUntilMs(lasts, { untilMs, strikes: lock.strikes, nowMs });
    lock.untilMs = Math.max(endMs, lock.untilMs);
    lock.permits = 1;
  }

  /** Lifts all locks of the model, or of all models (null). */
  lift(model: string | null): void {
    if (model === null) this.byModel.clear();
    else this.byModel.delete(model);
  }

  /** The account turned out to be another one, its heir, which gets its locks: the same objects, as running probes refer to them. */
  rename(accountId: AccountId, heirId: AccountId): void {
    for (const lock of this.all()) if (lock.accountId === accountId) lock.accountId = heirId;
  }

  active(nowMs: number): readonly ModelLockSaved[] {
    return this.all().filter((lock) => lock.untilMs > nowMs);
  }

  restore(saved: readonly ModelLockSaved[], nowMs: number): void {
    for (const lock of saved) {
      if (lock.untilMs <= nowMs || this.of(lock.model).some((known) => isSameScope(known, lock))) continue;
      this.add({ ...lock, permits: 1, running: 0 });
    }
  }

  /** Whether another account was refused the same way just now, or the refused attempt was a probe of a busy model. */
  private widens({ model, accountId }: ModelScope, nowMs: number): boolean {
    return this.of(model).some(({ reason, accountId: otherId, sinceMs, running }) =>
      reason === 'unknownLimit'
        ? otherId !== accountId && nowMs - sinceMs <= widensWithinMs
        : reason === 'busy' && running > 0,
    );
  }

  private of(model: string | null): readonly ModelLock[] {
    // Nearly always there is no lock, and a choice asks this for each account.
    if (this.byModel.size === 0 || model === null) return none;
    return this.byModel.get(model) ?? none;
  }

  private all(): ModelLock[] {
    return [...this.byModel.values()].flat();
  }

  private add(lock: ModelLock): void {
    remember(this.byModel, lock.model, [...this.of(lock.model), lock], mostModels);
  }

  private drop(lock: ModelLock): void {
    const rest = this.of(lock.model).filter((other) => other !== lock);
    if (rest.length === 0) this.byModel.delete(lock.model);
    else this.byModel.set(lock.model, [...rest]);
  }
}

const none: readonly ModelLock[] = [];

function forceOf({ reason }: ModelScope): Force {
  return modelScopes[reason].force;
}

function isHeld(lock: ModelLock, hasFallback: boolean): boolean {
  const force = forceOf(lock);
  return force === 'held' || (force === 'passedOver' && hasFallback);
}

/** The instant from which the lock lets a request go: 0 is now, Infinity while as many run as it permits. */
function openAtMs(lock: ModelLock, nowMs: number): number {
  if (lock.untilMs > nowMs) return lock.untilMs;
  if (isForgotten(lock, nowMs)) return 0;
  return lock.running < lock.permits ? 0 : Number.POSITIVE_INFINITY;
}

function isForgotten({ running, untilMs }: ModelLock, nowMs: number): boolean {
  return running === 0 && nowMs - untilMs > forgottenAfterMs;
}

function isSameScope(one: ModelScope, other: ModelScope): boolean {
  return (
    one.model === other.model &&
    one.accountId === other.accountId &&
    one.keyId === other.keyId &&
    one.reason === other.reason
  );
}
