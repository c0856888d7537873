// Makes the pool's key from the vault's record of it.
import { keyHash, keyIdOf, maskKey, Secret } from '../../base/secret';
import type { Key } from '../../keys/keyState';
import type { StoredKey } from '../ports';

export function keyOf(stored: StoredKey): Key {
  const { key, label, dailyLimit, accountName, paidUse, enabled } = stored;
  return {
    keyId: keyIdOf(key),
    secret: new Secret(key),
    label,
    masked: maskKey(key),
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

/** The key's own page at OpenRouter, or the log of its requests. */
export function pageOfKey(key: string, page: 'key' | 'log'): string {
  const hash = keyHash(key);
  return `https://openrouter.ai/${page === 'key' ? `keys/${hash}` : `logs?api_key_hash=${hash}`}`;
}

/** In the order of the keys. */
export function keyIdsOf(keys: readonly StoredKey[]): string[] {
  return keys.map(({ key }) => keyIdOf(key));
}
