// The keys that all windows share, with the revision that says whose are the newest.
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { keyIdOf } from '../base/secret';
import { inOrder } from './keyOrder';
import { storedKeySchema, type StoredKey } from './ports';
import { keyIdsOf } from './storedKey';

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
  return {
    revision: Math.max(mine.revision, theirs.revision + 1),
    keys,
    proxyKey: mine.proxyKey === base.proxyKey ? theirs.proxyKey : mine.proxyKey,
    unstored: keyIdsOf(keys).filter((keyId) => isUnstored(keyId, base, mine, theirs)),
  };
}

/**
 * Refused in both, or newly in one of them. What was refused before and is not in one of them any more has been stored by that
 * one: as it stands there, which is not enough where it was changed here.
 */
function isUnstored(keyId: string, base: KeySet, mine: KeySet, theirs: KeySet): boolean {
  const [here, there] = [mine.unstored.includes(keyId), theirs.unstored.includes(keyId)];
  if (here === there) return here;
  const isChangedHere = here && !isDeepStrictEqual(keyIn(mine, keyId), keyIn(theirs, keyId));
  return isChangedHere || !base.unstored.includes(keyId);
}

function keyIn({ keys }: KeySet, keyId: string): StoredKey | undefined {
  return keys.find(({ key }) => keyIdOf(key) === keyId);
}

/**
 * What a window has after it has read the vault: what that holds, with what was changed here since `adopted` came from another
 * window. The revision grows only where there is something new.
 */
export function joined(adopted: KeySet, own: KeySet, held: KeySet): KeySet {
  const isHeld = new Set(keyIdsOf(held.keys));
  const unstored = own.unstored.filter((keyId) => !isHeld.has(keyId));
  const merged = rebase(adopted, own, { ...held, unstored });
  const isChanged = own.revision > adopted.revision;
  const isNewest = own.revision >= held.revision;
  // The vault's order has no place for what it has refused: where all that it holds is here, ours is the order.
  const ids = keyIdsOf(own.keys);
  const hasAll = isNewest && [...isHeld].every((keyId) => ids.includes(keyId));
  const now = { ...merged, keys: hasAll ? inOrder(merged.keys, ids) : merged.keys };
  if (isNewest && isSameSet(now, own)) return own;
  return { ...now, revision: Math.max(held.revision, isChanged ? own.revision + 1 : 0) };
}

function isSameSet(one: KeySet, other: KeySet): boolean {
  return isDeepStrictEqual({ ...one, revision: 0 }, { ...other, revision: 0 });
}

function byKey(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((stored) => [stored.key, stored]));
}
