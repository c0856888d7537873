// The keys that there are, and the accounts that they share.
import { shortHash, type KeyId } from '../base/secret';
import { Account, type AccountId, type AccountSaved } from './account';
import { dayMs, type Calendar } from './calendar';
import { KeyState, type Key, type KeyStateSaved } from './keyState';
import type { ReadingLag } from './ledger';
import type { ModelLocks } from './modelLocks';
import type { Reading } from './reading';
import { remember } from './recentEntries';
import type { SavedState } from './savedState';

/** Keys and accounts that have gone and may come back; beyond this number the oldest are forgotten. */
const mostGone = 1_000;
const incidentMs = 60_000;

type SavedRoster = Pick<SavedState, 'keys' | 'accounts'>;

/** The account of a key: by the user's own name of it, else by OpenRouter's, else an account of the key alone. */
export function accountIdOf(key: Key, accountRef: string | null): AccountId {
  if (key.accountName !== null && key.accountName !== '') return `name:${shortHash(key.accountName)}`;
  return accountRef === null ? `key:${key.keyId}` : `ref:${shortHash(accountRef)}`;
}

export class Roster {
  readonly keys = new Map<KeyId, KeyState>();
  /** In the order of their first keys. */
  accounts: readonly Account[] = [];
  /** Each key's account; replaced at each change, so that a caller's map stays as it was. */
  owners: ReadonlyMap<KeyId, Account> = new Map();
  private byId = new Map<AccountId, Account>();
  /** Accounts that turned out to be another one, by their former names, under which other records may still refer to them. */
  private readonly absorbed = new Map<AccountId, Account>();
  /** Saved states of keys and accounts that have gone, or that have not come yet. */
  private readonly goneKeys = new Map<KeyId, KeyStateSaved>();
  private readonly goneAccounts = new Map<AccountId, AccountSaved>();
  private readonly readingLag: ReadingLag = { isKnown: false };

  constructor(
    private readonly calendar: Calendar,
    private readonly modelLocks: ModelLocks,
  ) {}

  /** The account that has the name, or had it before it turned out to be another one; null if it has no keys. */
  account(accountId: AccountId): Account | null {
    const nameNow = this.absorbed.get(accountId)?.current.accountId ?? accountId;
    return this.byId.get(nameNow) ?? null;
  }

  /** Takes over the whole list in the user's order: new keys arrive, missing ones leave, changed ones keep their state. */
  setKeys(keys: readonly Key[], nowMs: number): void {
    const before = new Map(this.keys);
    this.keys.clear();
    for (const key of keys) {
      const state = before.get(key.keyId) ?? this.newKey(key);
      state.key = key;
      this.keys.set(key.keyId, state);
    }
    for (const [keyId, state] of before) {
      if (!this.keys.has(keyId)) remember(this.goneKeys, keyId, state.save(nowMs), mostGone);
    }
    this.regroup(nowMs);
  }

  read(state: KeyState, reading: Reading): void {
    const { isFreeTier } = state;
    if (state.read(reading)) this.regroup(reading.atMs);
    this.owners.get(state.key.keyId)?.read(reading, isFreeTier);
  }

  /** Notes a refusal of the key (401). Returns the keys of an incident (two accounts refused in a minute: upstream's fault), or none. */
  refused(state: KeyState, nowMs: number): readonly KeyState[] {
    state.refusedAtMs = nowMs;
    const refused = [...this.keys.values()].filter(({ refusedAtMs }) => nowMs - refusedAtMs < incidentMs);
    const accounts = new Set(refused.map(({ key }) => this.owners.get(key.keyId)));
    return accounts.size < 2 ? [] : refused;
  }

  /** Passes each user limit, and a changed zone of the calendar, on to the ledgers. */
  configure(nowMs: number): void {
    for (const account of this.accounts) account.ledger.configure(account.userLimit, nowMs);
  }

  /** Keeps saved keys and accounts until they come. */
  restore({ keys, accounts }: SavedRoster): void {
    for (const [keyId, saved] of Object.entries(keys)) this.goneKeys.set(keyId, saved);
    for (const [accountId, saved] of Object.entries(accounts)) this.goneAccounts.set(accountId, saved);
  }

  /** The states worth saving: of the present keys and accounts, and of those that left today. */
  save(nowMs: number): SavedRoster {
    const keys = [...this.goneKeys].filter(([, { lastUsedAtMs }]) => nowMs - (lastUsedAtMs ?? 0) < dayMs);
    const accounts = [...this.goneAccounts].filter(([, { ledger }]) => ledger.resetAtMs > nowMs);
    for (const state of this.keys.values())
      if (state.isKnown) keys.push([state.key.keyId, state.save(nowMs)]);
    for (const account of this.accounts) {
      const saved = account.save(nowMs);
      if (tells(saved, nowMs)) accounts.push([account.accountId, saved]);
    }
    return { keys: Object.fromEntries(keys), accounts: Object.fromEntries(accounts) };
  }

  /** Forgets keys and accounts that are gone: one that returns begins anew. */
  forgetGone(): void {
    this.absorbed.clear();
    this.goneKeys.clear();
    this.goneAccounts.clear();
  }

  /** Groups the keys anew. An account whose keys all went to one other account has become that one. */
  private regroup(nowMs: number): void {
    const old = this.byId;
    this.byId = new Map();
    const owners = new Map<KeyId, Account>();
    for (const state of this.keys.values()) {
      const account = this.take(accountIdOf(state.key, state.accountRef), old, nowMs);
      account.keys.push(state);
      owners.set(state.key.keyId, account);
    }
    this.owners = owners;
    for (const [accountId, account] of old) if (!this.byId.has(accountId)) this.retire(account, nowMs);
    this.accounts = [...this.byId.values()];
    this.configure(nowMs);
  }

  private newKey(key: Key): KeyState {
    const state = new KeyState(key);
    const saved = this.goneKeys.get(key.keyId);
    if (saved !== undefined) state.restore(saved);
    this.goneKeys.delete(key.keyId);
    return state;
  }

  private take(accountId: AccountId, old: ReadonlyMap<AccountId, Account>, nowMs: number): Account {
    const taken = this.byId.get(accountId);
    if (taken !== undefined) return taken;
    const account = old.get(accountId) ?? this.newAccount(accountId, nowMs);
    account.keys = [];
    this.absorbed.delete(accountId);
    this.byId.set(accountId, account);
    return account;
  }

  private newAccount(accountId: AccountId, nowMs: number): Account {
    const account = new Account(accountId, nowMs, this.calendar, this.readingLag);
    const saved = this.goneAccounts.get(accountId);
    if (saved !== undefined) account.restore(saved, nowMs);
    this.goneAccounts.delete(accountId);
    return account;
  }

  /** The account's keys are gone or have other accounts now. */
  private retire(account: Account, nowMs: number): void {
    const [heir, ...others] = new Set(account.keys.flatMap(({ key }) => this.owners.get(key.keyId) ?? []));
    if (heir === undefined || others.length > 0) {
      remember(this.goneAccounts, account.accountId, account.save(nowMs), mostGone);
      return;
    }
    heir.absorb(account, nowMs);
    remember(this.absorbed, account.accountId, account, mostGone);
    this.modelLocks.rename(account.accountId, heir.accountId);
  }
}

/** Whether anything is known of the account that a new one would not begin with. */
function tells({ ledger, minute, locks }: AccountSaved, nowMs: number): boolean {
  const { own, everRead, learnedLimit } = ledger;
  const hasMinute = minute.freeAtMs.length > 0 || minute.limitUntilMs > nowMs;
  return own > 0 || everRead || learnedLimit !== null || hasMinute || locks.length > 0;
}
