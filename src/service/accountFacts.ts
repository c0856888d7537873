// Tells which requests the keys of an account's view serve, and which lock keeps requests from it.
import type { AccountView, KeyView, LockView } from './snapshot';

export type KeyFacts = Pick<KeyView, 'enabled' | 'health' | 'paidUse' | 'locks'>;

/** The part of an account's view that `/key-status` tells too. */
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

/** Whether the account has a key that may serve requests of the class, locks aside. */
export function serves({ keys }: AccountFacts, requestClass: Class): boolean {
  return keys.some((key) => keyServes(key, requestClass));
}

/** The lock that causes the account's state; if the account is ready, the lock that keeps paid requests from it. */
export function stateLock(account: AccountFacts): LockView | undefined {
  return lockOf(account, account.state === 'ready' || !serves(account, 'free') ? 'paid' : 'free');
}

/** The account's own lock on requests of the class; else, if each of its keys is locked, the key's lock that ends first. */
export function lockOf({ locks, keys }: AccountFacts, requestClass: Class): LockView | undefined {
  const serving = keys.filter((key) => keyServes(key, requestClass));
  const own = serving.flatMap((key) => lastLock(key.locks, requestClass) ?? []);
  return (
    lastLock(locks, requestClass) ??
    (own.length < serving.length ? undefined : own.sort((a, b) => a.untilMs - b.untilMs)[0])
  );
}

/** The lock that ends last, of those on requests of the class or on all requests. */
export function lastLock(locks: readonly LockView[], requestClass: Class): LockView | undefined {
  return locks
    .filter(({ covers }) => covers === requestClass || covers === 'all')
    .sort((a, b) => b.untilMs - a.untilMs)[0];
}
