// From the vault's record of a key to the key that the wheel knows.
import { keyIdOf, maskKey, Secret } from '../base/secret';
import type { Key } from '../keys/key';
import type { StoredKey } from './ports';

export type KeyChange = Partial<
  Pick<StoredKey, 'label' | 'dailyLimit' | 'accountName' | 'paidUse' | 'enabled'>
>;

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

/** A key of which nothing is set; its label is its mask where none is given. */
export function plainKey(key: string, label = '', dailyLimit: number | null = null): StoredKey {
  const own = label.trim() === '' ? maskKey(key) : label.trim();
  return { key, label: own, dailyLimit, accountName: null, paidUse: 'auto', enabled: true };
}

/** In the order of the keys. */
export function keyIdsOf(keys: readonly StoredKey[]): string[] {
  return keys.map(({ key }) => keyIdOf(key));
}
