// The list of keys for people to keep: labels and limits, and no key.
import { keyIdOf } from '../base/secret';
import type { StoredKey } from './ports';

/** Indented JSON that ends with a line break. `keyId` is the short hash that the log and the dashboard use too. */
export function keyListText(keys: readonly StoredKey[]): string {
  const list = keys.map(({ key, label, dailyLimit, accountName, paidUse, enabled }) => ({
    keyId: keyIdOf(key),
    label,
    dailyLimit,
    accountName,
    paidUse,
    enabled,
  }));
  return `${JSON.stringify({ keys: list }, null, 2)}\n`;
}
