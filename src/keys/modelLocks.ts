// Busy models: held back for all accounts or for one, then let go one by one: 1, 2, 4 … a success.
import * as v from 'valibot';
import type { AccountId } from './account';

const firstLockMs = 2_000;
const longestLockMs = 60_000;
/** Hints of providers are believed up to here; OpenRouter's own locks are longer, a provider's mood is not. */
const longestHintMs = 15 * 60_000;
/** More than this at once and the model is open again. */
const openAgainAt = 16;

export const modelLockSchema = v.object({
  model: v.string(),
  accountId: v.nullable(v.string()),
  sinceMs: v.number(),
  untilMs: v.number(),
  strikes: v.number(),
});
type ModelLockSaved = v.InferOutput<typeof modelLockSchema>;

/** The place of one running request among those that a half-open model permits. */
export interface Permit {
  ended(): void;
}

const freePermit: Permit = {
  ended: () => {
    // The model is not locked: nothing was taken.
  },
};

interface ModelLock extends ModelLockSaved {
  /** Once `untilMs` has passed: how many may run at once. */
  permits: number;
  running: number;
}

export class ModelLocks {
  private readonly locks = new Map<string, ModelLock>();

  /** From when a request for the model may go to any account: 0 is now, Infinity is "when a running probe has ended". */
  readyAtMs(model: string | null, nowMs: number): number {
    return this.lockReadyAtMs(model, null, nowMs);
  }

  /** The same for one account alone. */
  onAccountReadyAtMs(model: string | null, accountId: AccountId, nowMs: number): number {
    return this.lockReadyAtMs(model, accountId, nowMs);
  }

  /** Whether any lock names one account alone: only then accounts have to be asked one by one. */
  hasAccountLocks(model: string | null): boolean {
    if (this.locks.size === 0 || model === null) return false;
    for (const lock of this.locks.values()) if (lock.model === model && lock.accountId !== null) return true;
    return false;
  }

  /** Whether a lock holds the model back for all accounts, or lets its requests go one by one: when the next one goes is not known then. */
  isHeld(model: string | null): boolean {
    return model !== null && this.locks.has(nameOf(model, null));
  }

  /** A request for the model leaves: while the model is half open it is one of the permitted, until `ended` is called. */
  sent(model: string | null, accountId: AccountId): Permit {
    const locks = this.of(model, accountId);
    if (locks.length === 0) return freePermit;
    for (const lock of locks) lock.running++;
    return {
      ended: () => {
        for (const lock of locks) lock.running--;
      },
    };
  }

  /** It was answered: twice as many may go. */
  healthy(model: string | null, accountId: AccountId, nowMs: number): void {
    for (const lock of this.of(model, accountId)) {
      if (lock.untilMs > nowMs) continue;
      lock.permits *= 2;
      lock.strikes = 0;
      if (lock.permits > openAgainAt) this.locks.delete(nameOf(lock.model, lock.accountId));
    }
  }

  /** The provider is busy. Without a hint the lock is 2, 4, 8 … 60 s. `accountId` null: for every account. */
  busy(model: string, accountId: AccountId | null, untilMs: number | null, nowMs: number): void {
    const name = nameOf(model, accountId);
    const old = this.locks.get(name);
    // Requests that were on their way when the lock fell tell nothing new.
    const strikes = old === undefined ? 1 : old.untilMs > nowMs ? old.strikes : old.strikes + 1;
    const ownUntilMs = nowMs + Math.min(longestLockMs, firstLockMs * 2 ** (strikes - 1));
    const hintedMs = untilMs === null ? ownUntilMs : Math.min(untilMs, nowMs + longestHintMs);
    if (old === undefined) {
      this.forgetOld(nowMs);
      this.locks.set(name, {
        model,
        accountId,
        sinceMs: nowMs,
        untilMs: hintedMs,
        strikes,
        permits: 1,
        running: 0,
      });
      return;
    }
    // The lock stays the same object: running probes hold on to it.
    if (old.untilMs <= nowMs) old.sinceMs = nowMs;
    old.untilMs = Math.max(hintedMs, old.untilMs);
    old.strikes = strikes;
    old.permits = 1;
  }

  /** Lifts all locks of the model, or of all models. */
  lift(model: string | null): void {
    for (const [name, lock] of this.locks)
      if (model === null || lock.model === model) this.locks.delete(name);
  }

  /** The account turned out to be another one: what holds it back alone does so under its new name; the longer lock wins. */
  rename(accountId: AccountId, heirId: AccountId): void {
    for (const [name, lock] of [...this.locks]) {
      if (lock.accountId !== accountId) continue;
      this.locks.delete(name);
      const heirs = this.locks.get(nameOf(lock.model, heirId));
      if (heirs !== undefined && heirs.untilMs >= lock.untilMs) continue;
      // The lock stays the same object: running probes hold on to it.
      lock.accountId = heirId;
      this.locks.set(nameOf(lock.model, heirId), lock);
    }
  }

  /** The clock was set back by `byMs`. */
  clockSetBack(byMs: number): void {
    for (const lock of this.locks.values()) {
      lock.sinceMs -= byMs;
      lock.untilMs -= byMs;
    }
  }

  /** Those that still hold. */
  active(nowMs: number): readonly ModelLockSaved[] {
    return [...this.locks.values()]
      .filter((lock) => lock.untilMs > nowMs)
      .map(({ model, accountId, sinceMs, untilMs, strikes }) => ({
        model,
        accountId,
        sinceMs,
        untilMs,
        strikes,
      }));
  }

  restore(saved: readonly ModelLockSaved[], nowMs: number): void {
    for (const lock of saved) {
      if (lock.untilMs <= nowMs) continue;
      this.locks.set(nameOf(lock.model, lock.accountId), { ...lock, permits: 1, running: 0 });
    }
  }

  private lockReadyAtMs(model: string | null, accountId: AccountId | null, nowMs: number): number {
    if (this.locks.size === 0 || model === null) return 0;
    const lock = this.locks.get(nameOf(model, accountId));
    if (lock === undefined) return 0;
    if (lock.untilMs > nowMs) return lock.untilMs;
    // A model that nobody asked for in a while needs no probe.
    if (lock.running === 0 && nowMs - lock.untilMs > longestLockMs) {
      this.locks.delete(nameOf(model, accountId));
      return 0;
    }
    return lock.running < lock.permits ? 0 : Number.POSITIVE_INFINITY;
  }

  private forgetOld(nowMs: number): void {
    for (const [name, lock] of this.locks) {
      if (lock.running === 0 && nowMs - lock.untilMs > longestLockMs) this.locks.delete(name);
    }
  }

  private of(model: string | null, accountId: AccountId): readonly ModelLock[] {
    if (this.locks.size === 0 || model === null) return [];
    return [this.locks.get(nameOf(model, null)), this.locks.get(nameOf(model, accountId))].filter(
      (lock) => lock !== undefined,
    );
  }
}

function nameOf(model: string, accountId: AccountId | null): string {
  return accountId === null ? model : `${model}\n${accountId}`;
}
