// Locks: what is held back, why, and until when.
import * as v from 'valibot';
import { dayMs } from './calendar';

/** Why something is locked; each reason has its row in the decision table. */
export const lockReasons = [
  'dailyLimit',
  'minuteLimit',
  'noCredits',
  'belowZero',
  'inFlightBudget',
  'keyCap',
  'budget',
  'unauthorized',
  'busy',
  'edgeBlocked',
] as const;

export type LockReason = (typeof lockReasons)[number];

/** Which requests of the locked thing are held back. */
export type Covers = 'all' | 'free' | 'paid';

export const lockSchema = v.object({
  covers: v.picklist(['all', 'free', 'paid']),
  reason: v.picklist(lockReasons),
  sinceMs: v.number(),
  untilMs: v.number(),
});

export type Lock = v.InferOutput<typeof lockSchema>;

/** The class of a request, as far as limits know: `free` spends allowance, `paid` credits, `unmetered` neither. */
export type RequestClass = 'free' | 'paid' | 'unmetered';

/** The locks of one key or account: at most one a reason. */
export class Locks {
  private readonly byReason = new Map<LockReason, Lock>();

  /** Holds the lock; an older one of the same reason is replaced. */
  set(lock: Lock): void {
    this.byReason.set(lock.reason, lock);
  }

  /** Holds the lock unless one of the same reason holds for longer. */
  join(lock: Lock): void {
    if (lock.untilMs > (this.byReason.get(lock.reason)?.untilMs ?? 0)) this.set(lock);
  }

  lift(reason: LockReason): boolean {
    return this.byReason.delete(reason);
  }

  clear(): void {
    this.byReason.clear();
  }

  get(reason: LockReason): Lock | null {
    return this.byReason.get(reason) ?? null;
  }

  /** When a request of the class is no longer held back: 0 if it is not. Ended locks are dropped. */
  readyAtMs(requestClass: RequestClass, nowMs: number): number {
    // Nearly always; choosing asks this of every key of an account, twice.
    if (this.byReason.size === 0) return 0;
    let readyAtMs = 0;
    for (const lock of this.byReason.values()) {
      if (lock.untilMs <= nowMs) this.byReason.delete(lock.reason);
      else if (lock.covers === 'all' || lock.covers === requestClass)
        readyAtMs = Math.max(readyAtMs, lock.untilMs);
    }
    return readyAtMs;
  }

  /** The clock was set back by `byMs`: what was to last an hour still does. A day ends at its midnight all the same. */
  clockSetBack(byMs: number, nowMs: number): void {
    for (const lock of this.byReason.values()) {
      const untilMs =
        lock.reason === 'dailyLimit' ? Math.min(lock.untilMs, nowMs + dayMs) : lock.untilMs - byMs;
      this.set({ ...lock, sinceMs: Math.min(lock.sinceMs, nowMs), untilMs });
    }
  }

  /** Those that still hold, longest first. */
  active(nowMs: number): readonly Lock[] {
    return [...this.byReason.values()]
      .filter((lock) => lock.untilMs > nowMs)
      .sort((a, b) => b.untilMs - a.untilMs);
  }
}
