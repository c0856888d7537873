// From one snapshot to the next: only what has changed travels.
import type { AccountView, Snapshot } from '../service/snapshot';

export interface SnapshotChange {
  /** Changed fields but the accounts. */
  readonly fields: Partial<Omit<Snapshot, 'accounts'>>;
  /** Ids in their order, or null where accounts are the same in the same order. */
  readonly order: readonly string[] | null;
  /** Accounts that are new or not as before. */
  readonly accounts: readonly AccountView[];
}

/** What makes `next` of `last`; null if nothing but the time has changed. */
export function changeBetween(last: Snapshot, next: Snapshot): SnapshotChange | null {
  const { accounts, ...rest } = next;
  const fields = Object.fromEntries(
    Object.entries(rest).filter(
      ([name, value]) => name !== 'atMs' && !isSame(value, last[name as keyof Snapshot]),
    ),
  );
  const before = new Map(last.accounts.map((account) => [account.accountId, account]));
  const changed = accounts.filter((account) => !isSame(account, before.get(account.accountId)));
  const order = accounts.map(({ accountId }) => accountId);
  const isReordered = !isSame(
    order,
    last.accounts.map(({ accountId }) => accountId),
  );
  if (Object.keys(fields).length === 0 && changed.length === 0 && !isReordered) return null;
  return { fields: { ...fields, atMs: next.atMs }, order: isReordered ? order : null, accounts: changed };
}

/** The snapshot after the change. */
export function changed(last: Snapshot, { fields, order, accounts }: SnapshotChange): Snapshot {
  const known = new Map(last.accounts.map((account) => [account.accountId, account]));
  for (const account of accounts) known.set(account.accountId, account);
  const ids = order ?? last.accounts.map(({ accountId }) => accountId);
  return { ...last, ...fields, accounts: ids.flatMap((accountId) => known.get(accountId) ?? []) };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
