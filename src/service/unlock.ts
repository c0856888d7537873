// Lifts locks that the user knows better of.
import type { Pool } from '../keys/pool';

/** Everything of a key, of an account, or of a model. */
export interface UnlockTarget {
  readonly keyId?: string;
  readonly accountId?: string;
  readonly model?: string;
}

export function unlock(pool: Pool, { keyId, accountId, model }: UnlockTarget): void {
  const { wheel } = pool;
  if (keyId !== undefined) wheel.roster.keys.get(keyId)?.locks.clear();
  if (accountId !== undefined) wheel.roster.account(accountId)?.locks.clear();
  if (model !== undefined) wheel.modelLocks.lift(model);
  wheel.refreshAll(pool.nowMs());
  pool.rejudge();
}
