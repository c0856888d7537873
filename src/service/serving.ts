// Which requests the keys of an account's view serve, and what keeps them from it.
import type { AccountView, KeyView, LockView } from './snapshot';

export type KeyFacts = Pick<KeyView, 'enabled' | 'health' | 'paidUse' | 'locks'>;

/** Of an account's view, as far as `/key-status` tells it too. */
export interface AccountFacts extends Pick<AccountView, 'state' | 'untilMs' | 'locks'> {
  readonly keys: readonly KeyFacts[];
}

type Class = 'free' | 'paid';

/** Whether the key is on and not known to be unusable. */
export function canServe({ enabled, health }: Pick<KeyFacts, 'enabled' | 'health'>): boolean {
  return enabled && health !== 'bad' && health !== 'management';
}

function keyServes(key: KeyFacts, requestClass: Class): boolean {
  return canServe(key) && key.paidUse !== (requestClass === 'free' ? 'only' : 'never');
}

/** Whether such requests are among the account's, locks aside. */
export function serves({ keys }: AccountFacts, requestClass: Class): boolean {
  return keys.some((key) => keyServes(key, requestClass));
}

/** The lock that its state comes from; of one that is ready, what keeps paid requests from it. */
export function heldBy(account: AccountFacts): LockView | undefined {
  return lockOf(account, account.state === 'ready' || !serves(account, 'free') ? 'paid' : 'free');
}

/** The lock that keeps such requests from the account, or the first to end of those that keep them from each of its keys. */
export function lockOf({ locks, keys }: AccountFacts, requestClass: Class): LockView | undefined {
  const serving = keys.filter((key) => keyServes(key, requestClass));
  const own = serving.flatMap((key) => lastLock(key.locks, requestClass) ?? []);
  return (
    lastLock(locks, requestClass) ??
    (own.length < serving.length ? undefined : own.sort((a, b) => a.untilMs - b.untilMs)[0])
  );
}

/** The lock on these or all requests that ends last. */
export function lastLock(locks: readonly LockView[], requestClass: Class): LockView | undefined {
  return locks
    .filter(({ covers }) => covers === requestClass || covers === 'all')
    .sort((a, b) => b.untilMs - a.untilMs)[0];
}
