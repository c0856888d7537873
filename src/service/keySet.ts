// The keys that all windows share, with the revision that says whose are the newest.
import * as v from 'valibot';
import { keyIdOf } from '../base/secret';
import { storedKeySchema, type StoredKey } from './ports';

/** The whole set, removals included: of two the one with the higher revision holds. */
export const keySetSchema = v.object({
  /** −1: nothing is known yet. */
  revision: v.number(),
  keys: v.array(storedKeySchema),
  proxyKey: v.nullable(v.string()),
  /** The ids of those keys that the vault refused: they last as long as a window that knows of them. Older versions do not tell. */
  unstored: v.optional(v.array(v.string()), []),
});
export type KeySet = v.InferOutput<typeof keySetSchema>;

export const noKeys: KeySet = { revision: -1, keys: [], proxyKey: null, unstored: [] };

/** What was changed from `base` to `mine`, done to `theirs`: for two windows that changed different keys at once. */
export function rebase(base: KeySet, mine: KeySet, theirs: KeySet): KeySet {
  const before = byKey(base.keys);
  const now = byKey(mine.keys);
  const changed = mine.keys.filter(
    (stored) => JSON.stringify(before.get(stored.key)) !== JSON.stringify(stored),
  );
  const changes = byKey(changed);
  const kept = theirs.keys
    .filter(({ key }) => now.has(key) || !before.has(key))
    .map((stored) => changes.get(stored.key) ?? stored);
  const there = byKey(kept);
  const keys = [...kept, ...changed.filter(({ key }) => !there.has(key))];
  const unstored = new Set([...mine.unstored, ...theirs.unstored]);
  return {
    revision: Math.max(mine.revision, theirs.revision + 1),
    keys,
    proxyKey: mine.proxyKey === base.proxyKey ? theirs.proxyKey : mine.proxyKey,
    unstored: keys.map(({ key }) => keyIdOf(key)).filter((keyId) => unstored.has(keyId)),
  };
}

function byKey(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((stored) => [stored.key, stored]));
}
