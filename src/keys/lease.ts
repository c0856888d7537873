// The right to send one attempt with one key; whoever holds it settles it once and disposes it.
import type { KeyId } from '../base/secret';
import type { Account, AccountId } from './account';
import type { Key, KeyState } from './keyState';
import type { RequestClass, Verdict } from './lock';
import type { Slot } from './minuteWindow';
import type { ForModel, Permit } from './modelLocks';
import type { OwnAttempt } from './ownAttempts';

/** What a request needs of an account. */
export interface Wish extends ForModel {
  readonly requestClass: RequestClass;
  /** The only account that can serve, because it made what is asked for; null: any. */
  readonly accountId: AccountId | null;
  /** Paid requests of one conversation stay with one account, whose prompt cache they fill. */
  readonly conversation: string | null;
  /** Keys that have failed this exchange. */
  readonly tried: ReadonlySet<KeyId>;
}

/** A wish that may wait. */
export interface LeaseRequest extends Wish {
  /** Until when it may wait for its model; earlier than `untilMs` where another model is named for it. */
  readonly modelUntilMs: number;
  /** Until when the request may wait; one that cannot be served by then is denied at once. */
  readonly untilMs: number;
  /** Those that wait take turns by it. */
  readonly client: string;
}

/** What a lease tells the pool. */
export interface LeaseOwner {
  nowMs(): number;
  learned(lease: Lease, verdict: Verdict): void;
  /** The attempt's slot frees at another time than was known. */
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
  /** What is counted for it, from when its head was written; null before, and where no allowance is spent. */
  attempt: OwnAttempt | null = null;
  private isSettled = false;
  private isEnded = false;

  /** Reserves one in the allowance and one in the minute, for a free request. */
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

  /** The account may turn out to be another one while the attempt runs. */
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
   * What the attempt taught; called once at most. `servedFree`: the answer came from a free model, whatever the request
   * was taken for (a preset may be free): it counts as one.
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

  /** What the answer said after it was settled as healthy, such as an error in the middle of a stream. */
  amend(verdict: Verdict): void {
    if (this.isSettled && !this.isEnded) this.owner.learned(this, verdict);
  }

  /** Ends the attempt: it is no longer in flight. Not settled means nothing learned; never sent means never counted. */
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
