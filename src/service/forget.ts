// Forgets counts and activity: what a user who removes everything does not want kept.
import type { Pool } from '../keys/pool';
import type { Activity } from './activity';
import type { Earlier } from './earlier';

export interface Remembered {
  readonly pool: Pool;
  readonly earlier: Earlier;
  readonly activity: Activity;
}

/** Only what is known of the keys that are there, and of their accounts, is left; no lock of a model or of everything holds. */
export function forget({ pool, earlier, activity }: Remembered): void {
  const { wheel } = pool;
  earlier.clear();
  activity.clear();
  wheel.roster.forgetGone();
  wheel.modelLocks.lift(null);
  wheel.locks.clear();
  wheel.conversations.clear();
  wheel.makers.clear();
  wheel.refreshAll(pool.nowMs());
  pool.rejudge();
}
