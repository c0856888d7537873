// Forgets counts and past requests: what a user who removes everything does not want kept.
import type { Pool } from '../keys/pool';
import type { Earlier } from './earlier';
import type { History } from './history';

export interface Remembered {
  readonly pool: Pool;
  readonly earlier: Earlier;
  readonly history: History;
}

/** Only what is known of the keys that are there, and of their accounts, is left; no lock of a model or of everything holds. */
export function forget({ pool, earlier, history }: Remembered): void {
  const { wheel } = pool;
  earlier.clear();
  history.clear();
  wheel.roster.forgetGone();
  wheel.modelLocks.lift(null);
  wheel.locks.clear();
  wheel.conversations.clear();
  wheel.refreshAll(pool.nowMs());
  pool.rejudge();
}
