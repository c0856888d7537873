// Compares and shortens records of the counts, as stores and windows hold them.
import { isNewerState, readSaved } from '../../keys/savedState';

export { readSaved };

/** The newer of two records; an unreadable one counts as older. */
export function newerCounts(one: unknown, other: unknown): unknown {
  const [first, second] = [readSaved(one), readSaved(other)];
  if (first.kind !== 'good') return second.kind === 'good' ? other : one;
  return second.kind === 'good' && isNewerState(second.state, first.state) ? other : one;
}

/** A small record: accounts with their counts and locks, and locked keys only; null if `raw` cannot be read. */
export function slimCounts(raw: unknown): unknown {
  const read = readSaved(raw);
  if (read.kind !== 'good') return null;
  const { keys, accounts } = read.state;
  const locked = Object.entries(keys).filter(([, { locks }]) => locks.length > 0);
  const counts: typeof accounts = {};
  for (const [accountId, account] of Object.entries(accounts))
    counts[accountId] = { ...account, minute: { ...account.minute, freeAtMs: [] } };
  return { ...read.state, keys: Object.fromEntries(locked), accounts: counts };
}
