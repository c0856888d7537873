// The vault, its keys as it stores them, and the set of keys with its revision and order as windows share it.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { Event } from '../../base/event';
import { keyIdOf, maskKey, Secret, sha256 } from '../../base/secret';
import type { Key } from '../../keys/keyState';

/** One key as the vault stores it: a JSON record for each key. */
export const storedKeySchema = v.object({
  key: v.pipe(v.string(), v.nonEmpty()),
  label: v.string(),
  /** The user's own lower daily limit. */
  dailyLimit: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))), null),
  /** The user's own name of the account; keys with the same name share limits. */
  accountName: v.optional(v.nullable(v.string()), null),
  paidUse: v.optional(v.picklist(['auto', 'only', 'never']), 'auto'),
  enabled: v.optional(v.boolean(), true),
});

export type StoredKey = v.InferOutput<typeof storedKeySchema>;

/** The vault's contents: the keys in the user's order, and the proxy key (null before the first start). */
export interface VaultContents {
  readonly keys: readonly StoredKey[];
  readonly proxyKey: string | null;
  /** The revision of the whole set; absent if none was stored. */
  readonly revision?: number;
  /** Names of records that could not be read as a key; they are left alone. */
  readonly damaged: readonly string[];
}

/**
 * Stores secrets. Every method may reject, or take long while the system's keychain asks the user; `save…` resolves only
 * after the stored value has been read back.
 */
export interface SecretVault {
  load(): Promise<VaultContents>;
  saveKey(key: StoredKey): Promise<void>;
  removeKey(keyId: string): Promise<void>;
  /** Removes all records of keys, unreadable ones included. Rejects if one is left. */
  clearKeys(): Promise<void>;
  /** Stores the order of the keys. Stored keys that are not listed stay: other windows have stored them. */
  saveOrder(keyIds: readonly string[]): Promise<void>;
  saveProxyKey(proxyKey: string): Promise<void>;
  /** Stores the revision of the set; only a vault that windows share needs it. */
  saveRevision?(revision: number): Promise<void>;
  /** Whether each window has its own copy of the vault, as in a browser, and stores the whole copy with each change. */
  readonly isCopied?: boolean;
  /** The contents changed, here or in another window. */
  readonly onDidChange?: Event<unknown>;
}

/** The key as the pool takes it. */
export function keyOf(stored: StoredKey): Key {
  const { key, label, dailyLimit, accountName, paidUse, enabled } = stored;
  const masked = maskKey(key);
  return {
    keyId: keyIdOf(key),
    secret: new Secret(key),
    // Earlier builds wrote labels with `…`, which a header cannot contain.
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

/** URL of the key's page at OpenRouter, or of the log of its requests; OpenRouter names a key by its SHA-256. */
export function pageOfKey(key: string, page: 'key' | 'log'): string {
  const hash = sha256(key);
  return `https://openrouter.ai/${page === 'key' ? `keys/${hash}` : `logs?api_key_hash=${hash}`}`;
}

/** The ids of the keys, in the same order. */
export function keyIdsOf(keys: readonly StoredKey[]): string[] {
  return keys.map(({ key }) => keyIdOf(key));
}

/** A new proxy key, which clients send: 24 random bytes. */
export function newProxyKey(): string {
  return `kw-${randomBytes(24).toString('base64url')}`;
}

/** The whole set: of two sets the higher revision wins, removals included. */
export const keySetSchema = v.object({
  /** −1 until a vault or another window has given a set. */
  revision: v.number(),
  keys: v.array(storedKeySchema),
  proxyKey: v.nullable(v.string()),
});
export type KeySet = v.InferOutput<typeof keySetSchema>;

export const noKeys: KeySet = { revision: -1, keys: [], proxyKey: null };

/** `theirs` with the changes that were made from `base` to `mine`: two windows may have changed different keys at once. */
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
    revision: Math.max(mine.revision, theirs.revision) + 1,
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

/** `own` with the ids that only `stored` has inserted after the last id that both have, so before ids added here. */
export function joinedOrder(own: readonly string[], stored: readonly string[]): readonly string[] {
  const isStored = new Set(stored);
  const end = own.findLastIndex((keyId) => isStored.has(keyId)) + 1;
  const others = stored.filter((keyId) => !own.includes(keyId));
  return [...own.slice(0, end), ...others, ...own.slice(end)];
}
