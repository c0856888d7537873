// What is known of all keys, accounts and models, and who would be chosen now.
import type { KeyId } from '../base/secret';
import type { Account, AccountId } from './account';
import { dayMs } from './calendar';
import { Incidents } from './incidents';
import { joinReading } from './joining';
import type { Key } from './key';
import type { KeyState } from './keyState';
import { learn, type Lesson } from './learning';
import { Locks, type RequestClass } from './lock';
import { ModelLocks } from './modelLocks';
import type { Reading } from './reading';
import { Recent } from './recent';
import { Roster } from './roster';
import { readyAtMs, select } from './selection';
import { SetBack } from './setBack';
import { Standings } from './standings';
import type { Verdict } from './verdict';

export const mostRemembered = 10_000;

/** What a request needs of an account. */
export interface Wish {
  readonly requestClass: RequestClass;
  readonly model: string | null;
  /** The only account that can serve, because it made what is asked for; null: any. */
  readonly accountId: AccountId | null;
  /** Paid requests of one conversation stay with one account, whose prompt cache they fill. */
  readonly conversation: string | null;
  /** Keys that have failed this exchange. */
  readonly tried: ReadonlySet<KeyId>;
}

/** A wish that may wait. */
export interface TimedWish extends Wish {
  /** Until when the request may wait; one that cannot be served by then is denied at once. */
  readonly untilMs: number;
}

export interface Choice {
  readonly account: Account;
  readonly state: KeyState;
}

export class Wheel {
  readonly roster: Roster;
  readonly modelLocks = new ModelLocks();
  /** Locks of everything. */
  readonly locks = new Locks();
  /** The account that served a conversation last. */
  readonly conversations = new Recent<AccountId>(mostRemembered, dayMs);
  /** The account that made a thing upstream, by the thing's id. */
  readonly makers = new Recent<AccountId>(mostRemembered, dayMs);
  private readonly incidents = new Incidents();
  private standings = new Standings(0);
  private nextResetAtMs = Number.POSITIVE_INFINITY;
  private readonly setBack = new SetBack();

  constructor(zone: string) {
    this.roster = new Roster(zone, (accountId, heirId) => this.modelLocks.rename(accountId, heirId));
  }

  setKeys(keys: readonly Key[], nowMs: number): void {
    this.roster.setKeys(keys, nowMs);
    this.refreshAll(nowMs);
  }

  setZone(zone: string, nowMs: number): void {
    this.roster.setZone(zone, nowMs);
    this.refreshAll(nowMs);
  }

  /** Puts the account's standing in line with what is known of it; to be called after each change of it. */
  refresh(account: Account, nowMs: number): void {
    const index = this.roster.indexOf(account);
    if (index < 0) return;
    const { lanes, inFlight, lastUsedAtMs } = this.standings;
    for (const requestClass of ['free', 'paid', 'unmetered'] as const) {
      lanes[requestClass].set(index, account.readyAtMs(requestClass, nowMs), account.rank(requestClass));
    }
    inFlight[index] = account.inFlight;
    lastUsedAtMs[index] = account.lastUsedAtMs;
    // A first reading may have moved the day's end.
    this.nextResetAtMs = Math.min(this.nextResetAtMs, account.ledger.resetAtMs);
  }

  /** Everything anew: after changes of keys, a restored state, a jump of the clock, a new day. */
  refreshAll(nowMs: number): void {
    const { accounts } = this.roster;
    if (this.standings.size !== accounts.length) this.standings = new Standings(accounts.length);
    this.nextResetAtMs = Number.POSITIVE_INFINITY;
    for (const account of accounts) {
      account.ledger.roll(nowMs);
      this.refresh(account, nowMs);
    }
  }

  /** Begins the new day where the old one is over, and bears with a clock that was set back. */
  roll(nowMs: number): void {
    const byMs = this.setBack.by(nowMs);
    if (byMs > 0) this.clockSetBack(byMs, nowMs);
    else if (nowMs >= this.nextResetAtMs) this.refreshAll(nowMs);
  }

  /** What was to last a while from now on lasts no longer because the clock was set back. */
  clockSetBack(byMs: number, nowMs: number): void {
    if (byMs > 0) {
      this.locks.clockSetBack(byMs, nowMs);
      this.modelLocks.clockSetBack(byMs);
      for (const account of this.roster.accounts) account.clockSetBack(byMs, nowMs);
    }
    this.refreshAll(nowMs);
  }

  /** The account and key that would serve now, or null if none can. Costs a scan of the standings. */
  choose(wish: Wish, nowMs: number): Choice | null {
    if (this.heldBackUntilMs(wish, nowMs) > nowMs) return null;
    const own = this.ownAccount(wish);
    if (own !== null) return this.choiceIn(own, wish, nowMs);
    const kept = this.keptAccount(wish, nowMs);
    if (kept !== null) {
      const choice = this.choiceIn(kept, wish, nowMs);
      if (choice !== null) return choice;
    }
    return this.best(wish, nowMs);
  }

  /** From when neither a lock of everything nor one of the model holds the wish back: 0 is now, Infinity: when a probe of the model has ended. */
  heldBackUntilMs({ requestClass, model }: Wish, nowMs: number): number {
    return Math.max(this.locks.readyAtMs(requestClass, nowMs), this.modelLocks.readyAtMs(model, nowMs));
  }

  /** When the first account that may serve the wish is ready, locks of everything and of the model aside; Infinity if none will be. */
  readyAtMs(wish: Wish, nowMs: number): number {
    const { requestClass, model, tried } = wish;
    if (this.ownAccount(wish) === null && !this.modelLocks.hasAccountLocks(model)) {
      // Accounts of tried keys are asked one by one: their other keys may be locked.
      const apart = this.accountsOf(tried);
      const indexes = new Set([...apart].map((account) => this.roster.indexOf(account)));
      const others = readyAtMs(this.standings, requestClass, indexes);
      return [...apart].reduce(
        (soonest, account) => Math.min(soonest, account.readyAtMs(requestClass, nowMs, tried)),
        others,
      );
    }
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const account of this.candidates(wish)) {
      const modelMs = this.modelLocks.onAccountReadyAtMs(model, account.accountId, nowMs);
      soonestMs = Math.min(soonestMs, Math.max(modelMs, account.readyAtMs(requestClass, nowMs, tried)));
    }
    return soonestMs;
  }

  /** From when the wish can be served, all considered; Infinity if that is not known or never. */
  servableAtMs(wish: Wish, nowMs: number): number {
    return Math.max(this.readyAtMs(wish, nowMs), this.heldBackUntilMs(wish, nowMs));
  }

  /** The accounts that may serve the wish: those of which not every serving key was tried. */
  candidates(wish: Wish): readonly Account[] {
    const own = this.ownAccount(wish);
    const accounts = own === null ? this.roster.accounts : [own];
    return accounts.filter((account) =>
      account.keys.some((state) => state.serves(wish.requestClass) && !wish.tried.has(state.key.keyId)),
    );
  }

  /** When waiting free requests can learn something about accounts that only our own sum calls used up; Infinity without one. */
  nextDoubtMs(nowMs: number): number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const { ledger } of this.roster.accounts) {
      const atMs = ledger.nextDoubtMs(nowMs);
      if (atMs > nowMs) soonestMs = Math.min(soonestMs, atMs);
    }
    return soonestMs;
  }

  /** Applies a verdict; true if a waiting request could feel it. */
  learn(verdict: Verdict, lesson: Lesson): boolean {
    const felt = learn(verdict, lesson, {
      modelLocks: this.modelLocks,
      incidents: this.incidents,
      wheelLocks: this.locks,
    });
    // An incident lifts locks of other accounts too.
    if (verdict.kind === 'unauthorized') this.refreshAll(lesson.nowMs);
    else this.refresh(lesson.account, lesson.nowMs);
    return felt;
  }

  /** Joins what `GET /key` told of a key; the key may turn out to belong to another account. */
  read(state: KeyState, reading: Reading): void {
    this.incidents.accepted(state);
    const moved = joinReading(state, reading, this.roster);
    const account = this.roster.accountOf(state.key.keyId);
    if (moved) this.refreshAll(reading.atMs);
    else if (account !== null) this.refresh(account, reading.atMs);
  }

  /** A key was refused by `GET /key`; true if several accounts were, within a minute: that is upstream's incident. */
  readRefused(state: KeyState, nowMs: number): boolean {
    const account = this.roster.accountOf(state.key.keyId);
    return account !== null && this.incidents.refused(account, state, nowMs).length > 0;
  }

  private best(wish: Wish, nowMs: number): Choice | null {
    const except = new Set(this.modelLocked(wish, nowMs));
    for (;;) {
      const index = select(this.standings, wish.requestClass, nowMs, except);
      const account = this.roster.accounts[index];
      if (account === undefined) return null;
      const choice = this.choiceIn(account, wish, nowMs);
      if (choice !== null) return choice;
      // Only the account's tried keys are ready, or an attempt that was given a slot has not left yet.
      this.refresh(account, nowMs);
      except.add(index);
    }
  }

  private choiceIn(account: Account, wish: Wish, nowMs: number): Choice | null {
    if (account.readyAtMs(wish.requestClass, nowMs) > nowMs) return null;
    if (this.modelLocks.onAccountReadyAtMs(wish.model, account.accountId, nowMs) > nowMs) return null;
    const state = account.keyFor(wish.requestClass, nowMs, wish.tried);
    return state === null ? null : { account, state };
  }

  private ownAccount({ accountId }: Wish): Account | null {
    return accountId === null ? null : this.roster.account(accountId);
  }

  private keptAccount({ requestClass, conversation }: Wish, nowMs: number): Account | null {
    if (requestClass !== 'paid' || conversation === null) return null;
    const accountId = this.conversations.get(conversation, nowMs);
    return accountId === null ? null : this.roster.account(accountId);
  }

  private accountsOf(keyIds: ReadonlySet<KeyId>): ReadonlySet<Account> {
    return new Set([...keyIds].flatMap((keyId) => this.roster.accountOf(keyId) ?? []));
  }

  private modelLocked({ model }: Wish, nowMs: number): readonly number[] {
    if (!this.modelLocks.hasAccountLocks(model)) return [];
    return this.roster.accounts.flatMap((account, index) =>
      this.modelLocks.onAccountReadyAtMs(model, account.accountId, nowMs) > nowMs ? [index] : [],
    );
  }
}
