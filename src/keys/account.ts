// One OpenRouter account: the keys that share a day's allowance, a minute window and a balance.
import * as v from 'valibot';
import type { KeyId } from '../base/secret';
import type { Calendar } from './calendar';
import type { KeyState } from './keyState';
import { Ledger, ledgerSchema, type ReadingLag } from './ledger';
import { lockSchema, Locks, type RequestClass } from './lock';
import { MinuteWindow, minuteWindowSchema } from './minuteWindow';
import type { Reading } from './reading';

/** Stable over restarts, and no secret: the user's name of the account (hashed), OpenRouter's (hashed), or its only key's id. */
export type AccountId = string;

export const accountSchema = v.object({
  ledger: ledgerSchema,
  minute: minuteWindowSchema,
  locks: v.array(lockSchema),
});
export type AccountSaved = v.InferOutput<typeof accountSchema>;

const noKeys: ReadonlySet<KeyId> = new Set();

/** The credits of an account that has bought some and has no key cap: more than any cap, less than Infinity. */
const uncapped = Number.MAX_SAFE_INTEGER;

export class Account {
  readonly ledger: Ledger;
  readonly minute = new MinuteWindow();
  readonly locks = new Locks();
  keys: KeyState[] = [];
  inFlight = 0;
  /** The time of the account's last lease, or 0. */
  lastUsedAtMs = 0;
  /** The number of "no credits" answers in a row; each one makes the lock longer. */
  creditStrikes = 0;
  /** The account that took this one over, once both turned out to be the same; leases in flight follow it. */
  private absorbedBy: Account | null = null;

  constructor(
    readonly accountId: AccountId,
    nowMs: number,
    calendar: Calendar,
    readingLag: ReadingLag,
  ) {
    this.ledger = new Ledger(nowMs, calendar, null, readingLag);
  }

  get current(): Account {
    return this.absorbedBy === null ? this : this.absorbedBy.current;
  }

  /** The user's own limit: the lowest of the keys' limits, or null. Keys that are off count only while all keys are off. */
  get userLimit(): number | null {
    const on = this.keys.filter(({ key }) => key.enabled);
    const limits = (on.length > 0 ? on : this.keys).flatMap(({ key }) => key.dailyLimit ?? []);
    return limits.length === 0 ? null : Math.min(...limits);
  }

  /** Free requests left today: 0 while the day is locked as used up, even where the ledger counts some left. */
  freeLeft(nowMs: number): number {
    const isUsedUp = (this.locks.get('dailyLimit')?.untilMs ?? 0) > nowMs;
    return isUsedUp ? 0 : this.ledger.left;
  }

  /** The instant from which a request of the class may go with a key that is not in `except`: 0 is now, Infinity is never. */
  readyAtMs(requestClass: RequestClass, nowMs: number, except = noKeys): number {
    const unlockedAtMs = this.unlockedAtMs(requestClass, nowMs, except);
    if (requestClass !== 'free') return unlockedAtMs;
    return Math.max(unlockedAtMs, this.minute.nextSlotAtMs(nowMs), this.allowanceAtMs(nowMs));
  }

  /** The instant from which no lock holds a request of the class back, limits aside: 0 is now, Infinity is never. */
  unlockedAtMs(requestClass: RequestClass, nowMs: number, except = noKeys): number {
    let keyReadyAtMs = Number.POSITIVE_INFINITY;
    for (const state of this.keys) {
      if (except.size > 0 && except.has(state.key.keyId)) continue;
      keyReadyAtMs = Math.min(keyReadyAtMs, state.unlockedAtMs(requestClass, nowMs));
    }
    return Math.max(keyReadyAtMs, this.locks.lockedUntilMs(requestClass, nowMs));
  }

  /** The higher, the sooner chosen: for free requests the share of the allowance left, for paid ones the credits left. */
  rank(requestClass: RequestClass): number {
    switch (requestClass) {
      case 'free':
        // An account of which nothing is known ranks below all others.
        return this.ledger.left / Math.max(1, this.ledger.limit) - (this.isKnown ? 0 : 1);
      case 'paid':
        return this.keys.reduce((most, state) => Math.max(most, creditsOf(state)), 0);
      case 'unmetered':
        // Batches are unmetered but need credits: accounts without credits rank lower.
        return this.locks.get('belowZero') === null && this.locks.get('noCredits') === null ? 1 : 0;
    }
  }

  /** The key to send with: of the ready keys that are not in `except` the longest unused; null if there is none. */
  keyFor(requestClass: RequestClass, nowMs: number, except = noKeys): KeyState | null {
    let best: KeyState | null = null;
    for (const state of this.keys) {
      if (except.has(state.key.keyId) || state.unlockedAtMs(requestClass, nowMs) > nowMs) continue;
      if (best === null || (state.lastUsedAtMs ?? 0) < (best.lastUsedAtMs ?? 0)) best = state;
    }
    return best;
  }

  /** Takes over the other account's counts and locks: both turned out to be the same. The other's leases settle here. */
  absorb(other: Account, nowMs: number): void {
    other.absorbedBy = this;
    this.ledger.absorb(other.ledger, nowMs);
    this.minute.absorb(other.minute);
    this.inFlight += other.inFlight;
    this.lastUsedAtMs = Math.max(this.lastUsedAtMs, other.lastUsedAtMs);
    this.creditStrikes = Math.max(this.creditStrikes, other.creditStrikes);
    for (const lock of other.locks.active(nowMs)) this.locks.join(lock);
  }

  /** Joins a reading of a key. `wasFreeTier`: the value in the reading before. */
  read(reading: Reading, wasFreeTier: boolean): void {
    const { daily, askedAtMs } = reading;
    const isRaised = daily !== null && daily.limit > (this.ledger.day.learnedLimit ?? daily.limit);
    this.ledger.join(reading);
    // Credits were bought, which lifts the same locks as a paid answer.
    if (isRaised || (wasFreeTier && !reading.isFreeTier)) this.answered('paid');
    if (daily !== null && daily.used < daily.limit)
      this.locks.disprove('dailyLimit', askedAtMs, this.ledger.refusedForMs);
  }

  /** Lifts the locks that an answer to a request of the class disproves; true if there was one. */
  answered(requestClass: RequestClass): boolean {
    if (requestClass === 'unmetered') return false;
    const wasBelowZero = this.locks.lift('belowZero');
    const lackedCredits = requestClass === 'paid' && this.locks.lift('noCredits');
    // A free answer says nothing about credits, except that the balance is not below zero.
    if (requestClass === 'paid' || wasBelowZero) this.creditStrikes = 0;
    return wasBelowZero || lackedCredits;
  }

  /** The key whose reading is wanted now, one that works if there is one; null while no reading is wanted. */
  keyToRead(nowMs: number): KeyState | null {
    if (this.ledger.readingWantedAtMs > nowMs) return null;
    return this.keys.find((each) => each.serves('unmetered')) ?? this.keys[0] ?? null;
  }

  /** Wall time has jumped: the end of the day, and of a lock until then, moves by `delayMs`. Other locks keep their duration. */
  delayReset(delayMs: number, nowMs: number): void {
    this.ledger.delayReset(delayMs, nowMs);
    const lock = this.locks.get('dailyLimit');
    if (lock === null) return;
    this.locks.set({ ...lock, untilMs: Math.min(lock.untilMs + delayMs, this.ledger.resetAtMs) });
  }

  save(nowMs: number): AccountSaved {
    return {
      ledger: this.ledger.save(nowMs),
      minute: this.minute.save(nowMs),
      locks: [...this.locks.active(nowMs)],
    };
  }

  restore(saved: AccountSaved, nowMs: number): void {
    this.ledger.restore(saved.ledger, nowMs);
    this.minute.restore(saved.minute, nowMs);
    for (const lock of saved.locks) this.locks.join(lock);
  }

  get isKnown(): boolean {
    return this.ledger.day.everRead || this.keys.some(({ reading }) => reading !== null);
  }

  /** The instant from which the day's allowance permits a free request: 0 is now. A doubtful day may be probed. */
  allowanceAtMs(nowMs: number): number {
    switch (this.ledger.emptiness) {
      case 'some':
      case 'exempt':
        return 0;
      case 'spent':
        return this.ledger.resetAtMs;
      case 'doubtful':
        return Math.min(this.ledger.probeAtMs(nowMs), this.ledger.resetAtMs);
    }
  }
}

function creditsOf(state: KeyState): number {
  // A cap is no money: an account that never bought credits has none under it.
  if (!state.serves('paid') || state.isFreeTier) return 0;
  return state.capLeft ?? uncapped;
}

/** The sum of the free requests that the accounts have left today. */
export function freeLeftOf(accounts: readonly Account[], nowMs: number): number {
  return accounts.reduce((sum, account) => sum + account.freeLeft(nowMs), 0);
}
