// What is known of one key beside its record.
import * as v from 'valibot';
import type { Key } from './key';
import { lockSchema, Locks, type RequestClass } from './lock';
import type { Reading } from './reading';

/** `unchecked`: not asked yet or upstream unreachable · `bad`: refused again and again · `management`: cannot run models. */
export const keyHealths = ['unchecked', 'good', 'bad', 'management'] as const;
export type KeyHealth = (typeof keyHealths)[number];

export const keyStateSchema = v.object({
  health: v.picklist(keyHealths),
  accountRef: v.nullable(v.string()),
  capLeft: v.nullable(v.number()),
  isFreeTier: v.boolean(),
  requests: v.number(),
  errors: v.number(),
  lastUsedAtMs: v.nullable(v.number()),
  locks: v.array(lockSchema),
});
export type KeyStateSaved = v.InferOutput<typeof keyStateSchema>;

export class KeyState {
  readonly locks = new Locks();
  health: KeyHealth = 'unchecked';
  /** OpenRouter's name of the key's account, as the last reading told it. */
  accountRef: string | null = null;
  capLeft: number | null = null;
  isFreeTier = false;
  requests = 0;
  errors = 0;
  lastUsedAtMs: number | null = null;
  lastRefusedAtMs = Number.NEGATIVE_INFINITY;
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

  /** From when the key may serve the class: 0 is now, Infinity is never. */
  readyAtMs(requestClass: RequestClass, nowMs: number): number {
    return this.serves(requestClass) ? this.locks.readyAtMs(requestClass, nowMs) : Number.POSITIVE_INFINITY;
  }

  save(nowMs: number): KeyStateSaved {
    const { health, accountRef, capLeft, isFreeTier, requests, errors, lastUsedAtMs } = this;
    const locks = [...this.locks.active(nowMs)];
    return { health, accountRef, capLeft, isFreeTier, requests, errors, lastUsedAtMs, locks };
  }

  restore(saved: KeyStateSaved): void {
    // A key that was bad is asked again at start; until then it stays out of the way.
    this.health = saved.health;
    this.accountRef = saved.accountRef;
    this.capLeft = saved.capLeft;
    this.isFreeTier = saved.isFreeTier;
    this.requests = saved.requests;
    this.errors = saved.errors;
    this.lastUsedAtMs = saved.lastUsedAtMs;
    for (const lock of saved.locks) this.locks.join(lock);
  }
}
