// The user's order of keys: after one key or one account has moved, and joined with another window's; pure.
import { keyIdOf } from '../base/secret';
import type { StoredKey } from './ports';
import type { Snapshot } from './snapshot';

type Groups = readonly { readonly accountId: string; readonly keys: readonly { readonly keyId: string }[] }[];

/** All ids in their new order: the key has changed places with its neighbour in its account, or its account has if it is alone there. */
export function orderAfterMove(accounts: Snapshot['accounts'], keyId: string, by: -1 | 1): readonly string[] {
  const groups: Groups = accounts;
  const index = groups.findIndex(({ keys }) => keys.some((key) => key.keyId === keyId));
  const group = groups[index];
  if (group === undefined) return idsOf(groups);
  if (group.keys.length === 1) return idsOf(swapped(groups, index, by));
  const position = group.keys.findIndex((key) => key.keyId === keyId);
  const moved = { ...group, keys: swapped(group.keys, position, by) };
  return idsOf(groups.map((each, place) => (place === index ? moved : each)));
}

/** The same for an account with all its keys. */
export function orderAfterAccountMove(
  accounts: Snapshot['accounts'],
  accountId: string,
  by: -1 | 1,
): readonly string[] {
  const index = accounts.findIndex((account) => account.accountId === accountId);
  return idsOf(index < 0 ? accounts : swapped<Groups[number]>(accounts, index, by));
}

/** The keys in the order of the ids; those that are not named keep theirs, after the others. */
export function inOrder(keys: readonly StoredKey[], keyIds: readonly string[]): StoredKey[] {
  const rank = (stored: StoredKey): number => {
    const index = keyIds.indexOf(keyIdOf(stored.key));
    return index < 0 ? keyIds.length : index;
  };
  return [...keys].sort((a, b) => rank(a) - rank(b));
}

/** `own`, with what `stored` alone names: after all that both name, and before what was added here. */
export function joinedOrder(own: readonly string[], stored: readonly string[]): readonly string[] {
  const isStored = new Set(stored);
  const end = own.findLastIndex((keyId) => isStored.has(keyId)) + 1;
  const others = stored.filter((keyId) => !own.includes(keyId));
  return [...own.slice(0, end), ...others, ...own.slice(end)];
}

function swapped<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const result = [...list];
  const [one, other] = [result[index], result[index + by]];
  if (one === undefined || other === undefined) return result;
  result[index] = other;
  result[index + by] = one;
  return result;
}

function idsOf(groups: Groups): readonly string[] {
  return groups.flatMap(({ keys }) => keys.map(({ keyId }) => keyId));
}
