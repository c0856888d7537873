// The quota state that outlives the process: versioned, lenient towards nothing, silent about secrets.
import * as v from 'valibot';
import { accountSchema } from './account';
import { keyStateSchema } from './keyState';
import { lockSchema } from './lock';
import { modelLockSchema } from './modelLocks';
import { readVersioned, type SavedRead } from './versioned';
import type { Wheel } from './wheel';

/** To be raised when an older Keywheel would misread what a newer one wrote. */
const stateVersion = 1;

const savedSchema = v.object({
  version: v.literal(stateVersion),
  savedAtMs: v.number(),
  keys: v.record(v.string(), keyStateSchema),
  accounts: v.record(v.string(), accountSchema),
  models: v.array(modelLockSchema),
  locks: v.array(lockSchema),
});
export type SavedState = v.InferOutput<typeof savedSchema>;

export function readSaved(raw: unknown): SavedRead<SavedState> {
  return readVersioned(raw, stateVersion, savedSchema);
}

/** What is known and worth keeping: accounts and keys that have nothing to tell are left out. */
export function saveWheel(wheel: Wheel, nowMs: number): SavedState {
  return {
    version: stateVersion,
    savedAtMs: nowMs,
    ...wheel.roster.save(nowMs),
    models: [...wheel.modelLocks.active(nowMs)],
    locks: [...wheel.locks.active(nowMs)],
  };
}

/** The same but for locks, which only the state that was saved last knows: it lacks those that were lifted. */
export function withoutLocks(saved: SavedState): SavedState {
  const keys: SavedState['keys'] = {};
  for (const [keyId, key] of Object.entries(saved.keys)) keys[keyId] = { ...key, locks: [] };
  const accounts: SavedState['accounts'] = {};
  for (const [id, account] of Object.entries(saved.accounts)) accounts[id] = { ...account, locks: [] };
  return { ...saved, keys, accounts, models: [], locks: [] };
}

/** Joins what was saved with what is known, before or after `setKeys`: what is saved of keys that come later is kept for them. */
export function restoreWheel(wheel: Wheel, saved: SavedState, nowMs: number): void {
  wheel.roster.restore(saved.keys, saved.accounts, nowMs);
  wheel.modelLocks.restore(saved.models, nowMs);
  for (const lock of saved.locks) wheel.locks.join(lock);
  // A clock that was set back while nobody ran must not make locks longer.
  wheel.clockSetBack(Math.max(0, saved.savedAtMs - nowMs), nowMs);
}
