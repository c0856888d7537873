// What an exchange is given.
import type { Clock } from '../base/clock';
import type { Pool } from '../keys/pool';
import type { AttemptLimit } from './attemptLimit';
import type { PolicyRefusals } from './decision/situation';
import type { Ongoing } from './ongoing';
import type { FallbackModels } from './request/fallback';
import type { RetryBudget } from './retryBudget';
import type { StreamFailures } from './streamFailures';
import type { Upstream } from './upstream/upstream';

export interface ExchangeSettings {
  readonly timezone: string;
  readonly maxWaitMs: number;
  readonly deadlineMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly exhaustedStatus: number;
  readonly fallbackModels: FallbackModels;
  readonly policyRefusals: PolicyRefusals;
  readonly freeOnly: boolean;
}

/** What all exchanges share. */
export interface ExchangePorts {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly upstream: Upstream;
  readonly settings: ExchangeSettings;
  readonly random: () => number;
  readonly retryBudget: RetryBudget;
  readonly attemptLimit: AttemptLimit;
  /** Of requests that need no key, which anybody may send. */
  readonly keylessLimit: AttemptLimit;
  readonly streamFailures: StreamFailures;
}

/** What is one exchange's own. */
export type Own = Pick<Ongoing, 'trail' | 'answer' | 'watch' | 'hold'>;
