// Saved keys and accounts by their names, until those whose they are come.
import type { KeyId } from '../base/secret';
import type { Account, AccountId, AccountSaved } from './account';
import { dayMs } from './calendar';
import type { KeyState, KeyStateSaved } from './keyState';

export class SavedParts {
  private readonly keys = new Map<KeyId, KeyStateSaved>();
  private readonly accounts = new Map<AccountId, AccountSaved>();

  /** Of what is told twice the last word holds, but of two counts of today the higher one. */
  add(keys: Record<KeyId, KeyStateSaved>, accounts: Record<AccountId, AccountSaved>, nowMs: number): void {
    for (const [keyId, saved] of Object.entries(keys)) this.keys.set(keyId, saved);
    for (const [accountId, saved] of Object.entries(accounts)) {
      const known = this.accounts.get(accountId);
      const isHigher = known !== undefined && ownToday(known, nowMs) > ownToday(saved, nowMs);
      this.accounts.set(accountId, isHigher ? { ...known, locks: saved.locks } : saved);
    }
  }

  /** Adds what of another's was of use within the day. */
  addOfToday(other: SavedParts, nowMs: number): void {
    for (const [keyId, saved] of other.keys) {
      if (nowMs - (saved.lastUsedAtMs ?? 0) < dayMs) this.keys.set(keyId, saved);
    }
    for (const [accountId, saved] of other.accounts) {
      if (saved.ledger.resetAtMs > nowMs) this.accounts.set(accountId, saved);
    }
  }

  clear(): void {
    this.keys.clear();
    this.accounts.clear();
  }

  claimKey(state: KeyState): void {
    const saved = this.keys.get(state.key.keyId);
    if (saved === undefined) return;
    this.keys.delete(state.key.keyId);
    state.restore(saved);
  }

  claimAccount(account: Account, nowMs: number): void {
    const saved = this.accounts.get(account.accountId);
    if (saved === undefined) return;
    this.accounts.delete(account.accountId);
    account.restore(saved, nowMs);
  }

  /** Keys of which nothing is known are left out. */
  keepKey(state: KeyState, nowMs: number): void {
    const saved = state.save(nowMs);
    const { health, accountRef, requests, locks } = saved;
    if (health === 'unchecked' && accountRef === null && requests === 0 && locks.length === 0) return;
    this.keys.set(state.key.keyId, saved);
  }

  /** The key has gone but may come back; of very many that have gone the oldest are forgotten. */
  leave(state: KeyState, most: number, nowMs: number): void {
    this.keys.delete(state.key.keyId);
    this.keepKey(state, nowMs);
    const [oldest] = this.keys.keys();
    if (this.keys.size > most && oldest !== undefined) this.keys.delete(oldest);
  }

  /** Accounts of which nothing is known are left out. */
  keepAccount(account: Account, nowMs: number): void {
    const saved = account.save(nowMs);
    const { own, everRead, learnedLimit } = saved.ledger;
    const { freeAtMs, limitUntilMs } = saved.minute;
    const isKnown = own > 0 || everRead || learnedLimit !== null || limitUntilMs > nowMs;
    if (isKnown || freeAtMs.length > 0 || saved.locks.length > 0) {
      this.accounts.set(account.accountId, saved);
    }
  }

  toRecords(): { keys: Record<KeyId, KeyStateSaved>; accounts: Record<AccountId, AccountSaved> } {
    return { keys: Object.fromEntries(this.keys), accounts: Object.fromEntries(this.accounts) };
  }
}

function ownToday({ ledger }: AccountSaved, nowMs: number): number {
  return ledger.resetAtMs > nowMs ? ledger.own : 0;
}
