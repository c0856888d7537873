// The counts and locks that outlive the process: versioned, checked as a whole, without secrets.
import * as v from 'valibot';
import { accountSchema } from './account';
import { keyStateSchema } from './keyState';
import { lockSchema } from './lock';
import { modelLockSchema } from './modelLocks';
import { readVersioned, type SavedRead } from '../base/json';

/** To be raised when an older Keywheel would misread a state that a newer one wrote. */
export const stateVersion = 1;

const savedSchema = v.object({
  version: v.literal(stateVersion),
  /** Grows with each save of the counts, over restarts and windows; 0 where an older version wrote it. */
  revision: v.optional(v.number(), 0),
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

/** Whether `saved` is newer than `other`; the newer state replaces the older one as a whole. */
export function isNewerState(saved: SavedState, other: SavedState): boolean {
  const ahead = (saved.revision || saved.savedAtMs) - (other.revision || other.savedAtMs);
  return (ahead || saved.savedAtMs - other.savedAtMs) > 0;
}

/** The state with every instant moved by `byMs`: the fields whose names end in `Ms`. Saved instants are wall time. */
export function shiftedState(state: SavedState, byMs: number): SavedState {
  if (byMs === 0) return state;
  const shifted = (value: unknown): unknown => (typeof value === 'number' ? value + byMs : value);
  const text = JSON.stringify(state, (name, value: unknown) => {
    if (!name.endsWith('Ms')) return value;
    return Array.isArray(value) ? value.map((each: unknown) => shifted(each)) : shifted(value);
  });
  return v.parse(savedSchema, JSON.parse(text));
}
