// The keys as the vault stores them and as windows share them: each by itself, and the set with its revision and order.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { keyIdOf, maskKey, Secret, sha256 } from '../../base/secret';
import type { Key } from '../../keys/keyState';
import { storedKeySchema, type StoredKey } from '../ports';

/** The pool's key. */
export function keyOf(stored: StoredKey): Key {
  const { key, label, dailyLimit, accountName, paidUse, enabled } = stored;
  const masked = maskKey(key);
  return {
    keyId: keyIdOf(key),
    secret: new Secret(key),
    // Version 0.1.0 wrote labels with `…`, which a header cannot contain.
    label: label === masked.replace('...', '…') ? masked : label,
    masked,
    dailyLimit,
    accountName,
    paidUse,
    enabled,
  };
}

/** A key with default settings; its label is its mask if none is given. */
export function plainKey(key: string, label = '', dailyLimit: number | null = null): StoredKey {
  const own = label.trim() === '' ? maskKey(key) : label.trim();
  return { key, label: own, dailyLimit, accountName: null, paidUse: 'auto', enabled: true };
}

/** The key's own page at OpenRouter, or the log of its requests; a key is called by its hash there. */
export function pageOfKey(key: string, page: 'key' | 'log'): string {
  const hash = sha256(key);
  return `https://openrouter.ai/${page === 'key' ? `keys/${hash}` : `logs?api_key_hash=${hash}`}`;
}

/** In the order of the keys. */
export function keyIdsOf(keys: readonly StoredKey[]): string[] {
  return keys.map(({ key }) => keyIdOf(key));
}

/** What clients send: 24 random bytes. */
export function newProxyKey(): string {
  return `kw-${randomBytes(24).toString('base64url')}`;
}

/** The whole set: of two sets the higher revision wins, removals included. */
export const keySetSchema = v.object({
  /** −1: nothing is known yet. */
  revision: v.number(),
  keys: v.array(storedKeySchema),
  proxyKey: v.nullable(v.string()),
});
export type KeySet = v.InferOutput<typeof keySetSchema>;

export const noKeys: KeySet = { revision: -1, keys: [], proxyKey: null };

/** Applies the changes from `base` to `mine` to `theirs`: two windows may have changed different keys at once. */
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
  return {
    revision: Math.max(mine.revision, theirs.revision + 1),
    keys: [...kept, ...changed.filter(({ key }) => !there.has(key))],
    proxyKey: mine.proxyKey === base.proxyKey ? theirs.proxyKey : mine.proxyKey,
  };
}

function byKey(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((stored) => [stored.key, stored]));
}

/** The keys in the order of the ids; those that are not listed follow in their old order. */
export function inOrder(keys: readonly StoredKey[], keyIds: readonly string[]): StoredKey[] {
  const rank = (stored: StoredKey): number => {
    const index = keyIds.indexOf(keyIdOf(stored.key));
    return index < 0 ? keyIds.length : index;
  };
  return [...keys].sort((a, b) => rank(a) - rank(b));
}

/** `own` with the ids that only `stored` has: after the last id that both have, before those added here. */
export function joinedOrder(own: readonly string[], stored: readonly string[]): readonly string[] {
  const isStored = new Set(stored);
  const end = own.findLastIndex((keyId) => isStored.has(keyId)) + 1;
  const others = stored.filter((keyId) => !own.includes(keyId));
  return [...own.slice(0, end), ...others, ...own.slice(end)];
}
