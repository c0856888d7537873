// Why no lease was given: facts, from which a refusal makes its sentence.
import type { AccountId } from './account';
import type { LockReason, RequestClass } from './lock';

/** How one account stood when a request was denied. */
export interface AccountStanding {
  readonly accountId: AccountId;
  /** The user's name of the account, else its first key's label. */
  readonly name: string;
  /** What holds it back: a lock's reason, its day or minute, or that no key of it may serve the class. */
  readonly reason: LockReason | 'dayUsed' | 'minuteFull' | 'keysOff';
  /** Null where only the user can change it. */
  readonly untilMs: number | null;
}

/**
 * `noKeys`: there is no usable key · `keysAwaited`: it is not known yet which keys there are · `lineFull`: too many wait ·
 * `exhausted`: no account can serve in time · `modelBusy`: the model is held back for longer than the wait, for all
 * accounts or for those that could serve · `allTried`: every key that could was tried in this exchange · `stopping`: the
 * proxy stops.
 */
export type DenialKind =
  'noKeys' | 'keysAwaited' | 'lineFull' | 'exhausted' | 'modelBusy' | 'allTried' | 'stopping';

export interface Denial {
  readonly kind: DenialKind;
  readonly requestClass: RequestClass;
  /** The soonest moment at which it would be worth asking again, or null where none is known. */
  readonly retryAtMs: number | null;
  readonly accounts: readonly AccountStanding[];
}
