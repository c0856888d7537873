// The right to send one attempt with one key; its holder settles it once and disposes it.
import type { KeyId } from '../base/secret';
import type { Account, AccountId } from './account';
import type { Key, KeyState } from './keyState';
import type { RequestClass, Verdict } from './lock';
import type { Slot } from './minuteWindow';
import type { ForModel, Permit } from './modelLocks';
import type { OwnAttempt } from './ownAttempts';

/** The conditions under which an account may serve a request. */
export interface Wish extends ForModel {
  readonly requestClass: RequestClass;
  /** The only account that can serve, because it made the thing that is asked for; null: any. */
  readonly accountId: AccountId | null;
  /** The conversation, or null: its paid requests stay with the account whose prompt cache they fill. */
  readonly conversation: string | null;
  /** Keys that have failed in this exchange. */
  readonly tried: ReadonlySet<KeyId>;
}

/** A wish that may wait. */
export interface LeaseRequest extends Wish {
  /** Until when the request may wait for its model; earlier than `untilMs` where it has a fallback model. */
  readonly modelUntilMs: number;
  /** Until when the request may wait; one that cannot be served by then is denied at once. */
  readonly untilMs: number;
  /** The client's name: the clients of waiting requests take turns. */
  readonly client: string;
}

/** The pool, as a lease sees it. */
export interface LeaseOwner {
  nowMs(): number;
  learned(lease: Lease, verdict: Verdict): void;
  /** The account's slots free at other times than before. */
  changed(account: Account): void;
  ended(account: Account, letsOthersGo: boolean): void;
}

export interface Grant {
  readonly account: Account;
  readonly state: KeyState;
  readonly request: Wish;
  readonly permit: Permit | null;
}

export class Lease implements Disposable {
  private slot: Slot | null = null;
  /** The ledger's count of the attempt, from when its head was written; null before that, and where no allowance is spent. */
  attempt: OwnAttempt | null = null;
  private isSettled = false;
  private isEnded = false;

  /** Reserves one attempt in the allowance and one in the minute window, for a free request. */
  constructor(
    private readonly owner: LeaseOwner,
    readonly grant: Grant,
  ) {
    const { account, state, request } = grant;
    const nowMs = owner.nowMs();
    account.inFlight++;
    account.lastUsedAtMs = nowMs;
    state.lastUsedAtMs = nowMs;
    if (request.requestClass === 'free') this.reserve();
  }

  get nowMs(): number {
    return this.owner.nowMs();
  }

  get key(): Key {
    return this.grant.state.key;
  }

  /** The account that the lease counts for: it may turn out to be another one while the attempt runs. */
  get account(): Account {
    return this.grant.account.current;
  }

  get accountId(): AccountId {
    return this.account.accountId;
  }

  /** The attempt's head is on a socket: from now on it counts. */
  markSent(): void {
    if (this.slot === null || this.attempt !== null || this.isEnded) return;
    const { account, nowMs } = this;
    this.attempt = account.ledger.spend(nowMs);
    account.minute.sent(this.slot, nowMs);
    this.owner.changed(account);
  }

  /** The head of upstream's answer has come. */
  markHead(): void {
    if (this.slot === null || this.isEnded) return;
    // An answer proves that the attempt was sent.
    this.markSent();
    this.account.minute.answered(this.slot, this.nowMs);
    this.owner.changed(this.account);
  }

  /**
   * Applies what the attempt taught; throws when called twice. `servedFree`: the answer came from a free model, even if
   * the request was taken for a paid one (a preset may be free): it counts as free.
   */
  settle(verdict: Verdict, servedFree = false): void {
    if (this.isSettled) throw new Error('A lease is settled once.');
    this.isSettled = true;
    if (servedFree && this.slot === null) {
      this.reserve();
      this.markSent();
    }
    const { state } = this.grant;
    state.requests++;
    if (verdict.kind === 'locked') state.errors++;
    this.owner.learned(this, verdict);
  }

  /** Applies what the answer said after it was settled as healthy, such as an error in the middle of a stream. */
  amend(verdict: Verdict): void {
    if (this.isSettled && !this.isEnded) this.owner.learned(this, verdict);
  }

  /** Ends the attempt: it is no longer in flight. Not settled, it teaches nothing; never sent, it is not counted. */
  [Symbol.dispose](): void {
    if (this.isEnded) return;
    if (!this.isSettled) this.settle({ kind: 'nothing' });
    this.isEnded = true;
    const { account, slot, attempt } = this;
    const { permit } = this.grant;
    account.inFlight--;
    permit?.();
    if (attempt !== null) attempt.endedAtMs = this.nowMs;
    else if (slot !== null) {
      account.ledger.release();
      account.minute.release(slot);
    }
    this.owner.ended(account, permit !== null || (slot !== null && attempt === null));
  }

  private reserve(): void {
    const { account } = this;
    account.ledger.reserve(this.nowMs);
    this.slot = account.minute.take();
  }
}
