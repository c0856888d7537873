// Locks: what is held back, why, and until when.
import * as v from 'valibot';
import { lockReasons, type LockReason } from './scope';

export const lockSchema = v.object({
  covers: v.picklist(['all', 'free', 'paid']),
  reason: v.picklist(lockReasons),
  sinceMs: v.number(),
  untilMs: v.number(),
});

export type Lock = v.InferOutput<typeof lockSchema>;

/** The class of a request, as far as limits know: `free` spends allowance, `paid` credits, `unmetered` neither. */
export type RequestClass = 'free' | 'paid' | 'unmetered';

const ofMoney: ReadonlySet<LockReason> = new Set(['belowZero', 'keyCap', 'budget']);

/** Whether the lock holds a request of the class back: for want of money none that spends nothing, such as a list. */
export function holdsBack({ covers, reason }: Omit<Lock, 'sinceMs'>, requestClass: RequestClass): boolean {
  return covers === 'all' ? requestClass !== 'unmetered' || !ofMoney.has(reason) : covers === requestClass;
}

/** Readings lag: one that was asked for this soon after a lock does not speak against it. */
const readingLagMs = 60_000;

/** The locks of one key or account: at most one a reason. */
export class Locks {
  private readonly byReason = new Map<LockReason, Lock>();

  /** Holds the lock; an older one of the same reason is replaced. Those that have ended by its beginning are dropped. */
  set(lock: Lock): void {
    for (const { reason, untilMs } of this.byReason.values()) {
      if (untilMs <= lock.sinceMs) this.byReason.delete(reason);
    }
    this.byReason.set(lock.reason, lock);
  }

  /** Holds the lock unless one of the same reason holds for longer. */
  join(lock: Lock): void {
    if (lock.untilMs > (this.byReason.get(lock.reason)?.untilMs ?? 0)) this.set(lock);
  }

  lift(reason: LockReason): boolean {
    return this.byReason.delete(reason);
  }

  /** Lifts the lock, unless it is so young that a reading asked for at `askedAtMs` may not know of it. */
  disprove(reason: LockReason, askedAtMs: number): void {
    const lock = this.get(reason);
    if (lock !== null && askedAtMs - lock.sinceMs > readingLagMs) this.lift(reason);
  }

  clear(): void {
    this.byReason.clear();
  }

  get(reason: LockReason): Lock | null {
    return this.byReason.get(reason) ?? null;
  }

  /** Until when a request of the class is held back: 0 if it is not. */
  lockedUntilMs(requestClass: RequestClass, nowMs: number): number {
    // Nearly always; choosing asks this of every key of an account, twice.
    if (this.byReason.size === 0) return 0;
    let lockedUntilMs = 0;
    for (const lock of this.byReason.values()) {
      if (lock.untilMs > nowMs && holdsBack(lock, requestClass))
        lockedUntilMs = Math.max(lockedUntilMs, lock.untilMs);
    }
    return lockedUntilMs;
  }

  /** Those that still hold, longest first. */
  active(nowMs: number): readonly Lock[] {
    return [...this.byReason.values()]
      .filter((lock) => lock.untilMs > nowMs)
      .sort((a, b) => b.untilMs - a.untilMs);
  }
}
