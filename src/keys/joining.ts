// Joins what GET /key told of a key with what is known of it and of its account.
import type { Account } from './account';
import type { KeyState } from './keyState';
import type { Reading } from './reading';
import type { Roster } from './roster';

/** Readings lag: one that was asked for this soon after a lock does not speak against it. */
const readingLagMs = 60_000;

/** The key is known to be good, its account's day is joined, and locks that the reading disproves are lifted; true if keys were grouped anew. */
export function joinReading(state: KeyState, reading: Reading, roster: Roster): boolean {
  state.reading = reading;
  state.health = reading.isManagement ? 'management' : 'good';
  state.capLeft = reading.capLeft;
  state.isFreeTier = reading.isFreeTier;
  state.locks.lift('unauthorized');
  if (reading.capLeft === null || reading.capLeft > 0) liftOld(state, 'keyCap', reading);
  // A reading without the account's name does not make the key an account of its own.
  const accountRef = reading.accountRef ?? state.accountRef;
  const moved = state.accountRef !== accountRef;
  state.accountRef = accountRef;
  if (moved) roster.regroup(reading.atMs);
  const account = roster.accountOf(state.key.keyId);
  if (account === null) return moved;
  account.ledger.join(reading);
  const { daily } = reading;
  if (daily !== null && daily.used < daily.limit) liftOld(account, 'dailyLimit', reading);
  return moved;
}

function liftOld(locked: KeyState | Account, reason: 'keyCap' | 'dailyLimit', reading: Reading): void {
  const lock = locked.locks.get(reason);
  if (lock !== null && reading.askedAtMs - lock.sinceMs > readingLagMs) locked.locks.lift(reason);
}
