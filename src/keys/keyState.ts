// One OpenRouter key as the rooms below know it, and the state that is learned of it.
import * as v from 'valibot';
import type { KeyId, Secret } from '../base/secret';
import { lockSchema, Locks, type RequestClass } from './lock';
import type { Reading } from './reading';

/** The classes that may use the key: `auto` free and paid requests, `only` paid ones alone, `never` free ones alone. */
export type PaidUse = 'auto' | 'only' | 'never';

export interface Key {
  readonly keyId: KeyId;
  readonly secret: Secret;
  readonly label: string;
  /** The key's prefix and last characters, such as `sk-or-v1-...1c96`. */
  readonly masked: string;
  readonly dailyLimit: number | null;
  /** The user's own name of the account, or null. */
  readonly accountName: string | null;
  readonly paidUse: PaidUse;
  readonly enabled: boolean;
}

/** `unchecked`: not read yet, or upstream unreachable · `bad`: refused again and again · `management`: cannot run models. */
export const keyHealths = ['unchecked', 'good', 'bad', 'management'] as const;
export type KeyHealth = (typeof keyHealths)[number];

export const keyStateSchema = v.object({
  health: v.picklist(keyHealths),
  accountRef: v.nullable(v.string()),
  capLeft: v.nullable(v.number()),
  isFreeTier: v.boolean(),
  isOrganization: v.optional(v.boolean(), false),
  requests: v.number(),
  errors: v.number(),
  lastUsedAtMs: v.nullable(v.number()),
  locks: v.array(lockSchema),
});
export type KeyStateSaved = v.InferOutput<typeof keyStateSchema>;

export class KeyState {
  readonly locks = new Locks();
  health: KeyHealth = 'unchecked';
  /** OpenRouter's name of the key's account, from the last reading that named it. */
  accountRef: string | null = null;
  capLeft: number | null = null;
  isFreeTier = false;
  isOrganization = false;
  requests = 0;
  errors = 0;
  lastUsedAtMs: number | null = null;
  markedBadAtMs = Number.NEGATIVE_INFINITY;
  /** The time of the key's last refusal (401); reset by an answer or a reading. */
  refusedAtMs = Number.NEGATIVE_INFINITY;
  /** A reading has lifted the key's `unauthorized` lock since the key last served: the next reading does not lift it. */
  acceptedInVain = false;
  reading: Reading | null = null;

  constructor(public key: Key) {}

  /** Whether the key may serve the class at all, locks aside. */
  serves(requestClass: RequestClass): boolean {
    if (!this.key.enabled || this.health === 'bad' || this.health === 'management') return false;
    switch (requestClass) {
      case 'free':
        return this.key.paidUse !== 'only';
      case 'paid':
        return this.key.paidUse !== 'never';
      case 'unmetered':
        return true;
    }
  }

  /** The instant from which the key may serve the class: 0 is now, Infinity is never. */
  unlockedAtMs(requestClass: RequestClass, nowMs: number): number {
    if (!this.serves(requestClass)) return Number.POSITIVE_INFINITY;
    return this.locks.lockedUntilMs(requestClass, nowMs);
  }

  /** Takes over a reading of `GET /key`, and lifts the locks that it disproves; true if it named another account. */
  read(reading: Reading): boolean {
    const { capLeft, accountRef, askedAtMs } = reading;
    this.reading = reading;
    this.health = reading.isManagement ? 'management' : 'good';
    this.capLeft = capLeft;
    this.isFreeTier = reading.isFreeTier;
    this.isOrganization = reading.isOrganization;
    this.refusedAtMs = Number.NEGATIVE_INFINITY;
    this.acceptedInVain ||= this.locks.lift('unauthorized');
    if (capLeft === null || capLeft > 0) this.locks.disprove('keyCap', askedAtMs);
    // A reading without the account's name leaves the key with the account that it had.
    if (accountRef === null || accountRef === this.accountRef) return false;
    this.accountRef = accountRef;
    return true;
  }

  /** Whether anything is known of the key that a new key would not begin with. */
  get isKnown(): boolean {
    return this.health !== 'unchecked' || this.accountRef !== null || this.requests > 0;
  }

  markBad(nowMs: number): void {
    this.health = 'bad';
    this.markedBadAtMs = nowMs;
  }

  save(nowMs: number): KeyStateSaved {
    const { health, accountRef, capLeft, isFreeTier, isOrganization, requests, errors, lastUsedAtMs } = this;
    const locks = [...this.locks.active(nowMs)];
    return { health, accountRef, capLeft, isFreeTier, isOrganization, requests, errors, lastUsedAtMs, locks };
  }

  /** Takes over a saved state. A key that was bad stays bad until a reading accepts it. */
  restore({ locks, ...known }: KeyStateSaved): void {
    Object.assign(this, known);
    for (const lock of locks) this.locks.join(lock);
  }
}
