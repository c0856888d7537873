// Which keys there are and which accounts they share.
import { shortHash, type KeyId } from '../base/secret';
import { Account, type AccountId, type AccountSaved } from './account';
import { Midnights } from './calendar';
import type { Key } from './key';
import { KeyState, type KeyStateSaved } from './keyState';
import { SavedParts } from './savedParts';

const mostFormer = 1_000;

/** The account of a key: the user's own name of it, else OpenRouter's, else the key stands for itself. */
export function accountIdOf(key: Key, accountRef: string | null): AccountId {
  if (key.accountName !== null && key.accountName !== '') return `name:${shortHash(key.accountName)}`;
  return accountRef === null ? `key:${key.keyId}` : `ref:${shortHash(accountRef)}`;
}

export class Roster {
  readonly keys = new Map<KeyId, KeyState>();
  private byId = new Map<AccountId, Account>();
  private list: readonly Account[] = [];
  private indexes = new Map<Account, number>();
  private grouping = new Map<KeyId, Account>();
  /** Accounts that lost their last key keep their counts, so that a key that returns does not begin anew. */
  private readonly former = new Map<AccountId, Account>();
  /** Accounts that turned out to be another one, by the names that they had: what remembers those still finds them. */
  private readonly absorbed = new Map<AccountId, Account>();
  /** What was saved of keys and accounts that are not there (yet), and what was known of keys that have gone. */
  private readonly unclaimed = new SavedParts();

  private midnights: Midnights;

  /** `onAbsorbed`: told the names of an account and of the one that it turned out to be. */
  constructor(
    zone: string,
    private readonly onAbsorbed: (accountId: AccountId, heirId: AccountId) => void,
  ) {
    this.midnights = new Midnights(zone);
  }

  /** In the order of their first keys. */
  get accounts(): readonly Account[] {
    return this.list;
  }

  indexOf(account: Account): number {
    return this.indexes.get(account.current) ?? -1;
  }

  /** The account that has the name, or had it before it turned out to be another one; null if it has no keys. */
  account(accountId: AccountId): Account | null {
    const nameNow = this.absorbed.get(accountId)?.current.accountId ?? accountId;
    return this.byId.get(nameNow) ?? null;
  }

  /** Each key's account; a map that was got before keys were grouped anew stays as it was. */
  get owners(): ReadonlyMap<KeyId, Account> {
    return this.grouping;
  }

  accountOf(keyId: KeyId): Account | null {
    return this.grouping.get(keyId) ?? null;
  }

  /** The whole list in the user's order: new keys arrive, missing ones leave, changed ones keep what is known of them. */
  setKeys(keys: readonly Key[], nowMs: number): void {
    const wanted = new Set(keys.map(({ keyId }) => keyId));
    for (const state of this.keys.values()) {
      if (!wanted.has(state.key.keyId)) this.unclaimed.leave(state, mostFormer, nowMs);
    }
    const ordered = keys.map((key) => {
      const state = this.keys.get(key.keyId) ?? this.newKey(key);
      state.key = key;
      return state;
    });
    this.keys.clear();
    for (const state of ordered) this.keys.set(state.key.keyId, state);
    this.regroup(nowMs);
  }

  /** The key was refused again and again; returns its account, or null if there is no such key. */
  markBad(keyId: KeyId, nowMs: number): Account | null {
    const state = this.keys.get(keyId);
    if (state === undefined) return null;
    state.health = 'bad';
    state.lastRefusedAtMs = nowMs;
    return this.accountOf(keyId);
  }

  setZone(zone: string, nowMs: number): void {
    this.midnights = new Midnights(zone);
    for (const account of this.list) account.ledger.configure(this.midnights, account.userLimit, nowMs);
  }

  /** Groups anew; true if any key changed its account. An account whose keys all went to one other account has become that one. */
  regroup(nowMs: number): boolean {
    const old = this.byId;
    const oldGrouping = this.grouping;
    this.byId = new Map();
    this.grouping = new Map();
    const heirs = new Map<Account, Set<Account>>();
    for (const state of this.keys.values()) {
      const accountId = accountIdOf(state.key, state.accountRef);
      const account = this.take(accountId, old, nowMs);
      account.keys.push(state);
      this.grouping.set(state.key.keyId, account);
      const owner = oldGrouping.get(state.key.keyId)?.current;
      if (owner === undefined || owner === account) continue;
      heirs.set(owner, (heirs.get(owner) ?? new Set()).add(account));
    }
    for (const [accountId, account] of old) {
      if (!this.byId.has(accountId)) this.retire(account, [...(heirs.get(account) ?? [])], nowMs);
    }
    this.list = [...this.byId.values()];
    this.indexes = new Map(this.list.map((account, index) => [account, index]));
    for (const account of this.list) account.ledger.configure(this.midnights, account.userLimit, nowMs);
    return heirs.size > 0;
  }

  /** Joins what was saved with what is known; what is not there (yet) is kept for when it comes. */
  restore(
    keys: Record<KeyId, KeyStateSaved>,
    accounts: Record<AccountId, AccountSaved>,
    nowMs: number,
  ): void {
    this.unclaimed.add(keys, accounts, nowMs);
    for (const state of this.keys.values()) this.unclaimed.claimKey(state);
    this.regroup(nowMs);
    for (const account of this.list) this.unclaimed.claimAccount(account, nowMs);
  }

  /** What is worth keeping of keys and accounts: those that are there, and those of today that were. */
  save(nowMs: number): { keys: Record<KeyId, KeyStateSaved>; accounts: Record<AccountId, AccountSaved> } {
    const parts = new SavedParts();
    parts.addOfToday(this.unclaimed, nowMs);
    for (const account of this.former.values()) parts.keepAccount(account, nowMs);
    for (const account of this.list) parts.keepAccount(account, nowMs);
    for (const state of this.keys.values()) parts.keepKey(state, nowMs);
    return parts.toRecords();
  }

  /** Nothing is known any more of keys and accounts that are not there: one that returns begins anew. */
  forgetGone(): void {
    this.former.clear();
    this.absorbed.clear();
    this.unclaimed.clear();
  }

  private newKey(key: Key): KeyState {
    const state = new KeyState(key);
    this.unclaimed.claimKey(state);
    return state;
  }

  private take(accountId: AccountId, old: ReadonlyMap<AccountId, Account>, nowMs: number): Account {
    const taken = this.byId.get(accountId);
    if (taken !== undefined) return taken;
    const account = old.get(accountId) ?? this.former.get(accountId) ?? this.newAccount(accountId, nowMs);
    account.keys = [];
    this.former.delete(accountId);
    this.absorbed.delete(accountId);
    this.byId.set(accountId, account);
    return account;
  }

  private newAccount(accountId: AccountId, nowMs: number): Account {
    const account = new Account(accountId, nowMs, this.midnights);
    this.unclaimed.claimAccount(account, nowMs);
    return account;
  }

  private retire(account: Account, heirs: readonly Account[], nowMs: number): void {
    account.keys = [];
    const [heir] = heirs;
    if (heir !== undefined && heirs.length === 1) {
      heir.absorb(account, nowMs);
      remember(this.absorbed, account);
      this.onAbsorbed(account.accountId, heir.accountId);
    } else remember(this.former, account);
  }
}

function remember(accounts: Map<AccountId, Account>, account: Account): void {
  accounts.set(account.accountId, account);
  const [oldest] = accounts.keys();
  if (accounts.size > mostFormer && oldest !== undefined) accounts.delete(oldest);
}
