// The right to send one attempt with one key; whoever holds it settles it once and disposes it.
import type { Account } from './account';
import type { Key } from './key';
import type { KeyState } from './keyState';
import type { RequestClass } from './lock';
import type { Slot } from './minuteWindow';
import type { Permit } from './modelLocks';
import type { OwnAttempt } from './ownAttempts';
import type { Verdict } from './verdict';

export interface Lease extends Disposable {
  readonly key: Key;
  readonly accountId: string;
  /** The attempt's head is on a socket: from now on it counts. */
  markSent(): void;
  /** The head of upstream's answer has come. */
  markHead(): void;
  /**
   * What the attempt taught; called once at most. `servedFree`: the answer came from a free model, whatever the request
   * was taken for (a preset may be free): it counts as one.
   */
  settle(verdict: Verdict, servedFree?: boolean): void;
  /** Ends the attempt: it is no longer in flight. Not settled means nothing learned; never sent means never counted. */
  [Symbol.dispose](): void;
}

/** What a lease asks of the pool. */
export interface LeaseOwner {
  nowMs(): number;
  settled(lease: GrantedLease, verdict: Verdict): void;
  changed(account: Account): void;
  ended(account: Account): void;
}

/** What is leased, and for what. */
export interface Grant {
  readonly account: Account;
  readonly state: KeyState;
  readonly requestClass: RequestClass;
  readonly model: string | null;
  readonly conversation: string | null;
  readonly permit: Permit;
}

export class GrantedLease implements Lease {
  readonly state: KeyState;
  readonly requestClass: RequestClass;
  readonly model: string | null;
  readonly conversation: string | null;
  private readonly heldAccount: Account;
  private readonly permit: Permit;
  private slot: Slot | null = null;
  private isSent = false;
  private attempt: OwnAttempt | null = null;
  private isSettled = false;
  private isEnded = false;

  /** Reserves one in the allowance and one in the minute, for a free request. */
  constructor(
    private readonly owner: LeaseOwner,
    { account, state, requestClass, model, conversation, permit }: Grant,
  ) {
    this.state = state;
    this.requestClass = requestClass;
    this.model = model;
    this.conversation = conversation;
    this.heldAccount = account;
    this.permit = permit;
    account.inFlight++;
    if (requestClass !== 'free') return;
    account.ledger.reserve();
    this.slot = account.minute.take();
  }

  get key(): Key {
    return this.state.key;
  }

  /** The account may turn out to be another one while the attempt runs. */
  get account(): Account {
    return this.heldAccount.current;
  }

  /** When the attempt's head was written, or null if it was not, or spent no allowance. */
  get sentAtMs(): number | null {
    return this.attempt?.sentAtMs ?? null;
  }

  get accountId(): string {
    return this.account.accountId;
  }

  markSent(): void {
    if (this.isSent || this.isEnded) return;
    this.isSent = true;
    if (this.slot === null) return;
    const nowMs = this.owner.nowMs();
    this.attempt = this.account.ledger.spend(nowMs);
    this.account.minute.sent(this.slot, nowMs);
    this.owner.changed(this.account);
  }

  markHead(): void {
    if (this.slot === null || this.isEnded) return;
    // What was answered was sent, whether anybody noticed or not.
    this.markSent();
    this.account.minute.answered(this.slot, this.owner.nowMs());
    this.owner.changed(this.account);
  }

  settle(verdict: Verdict, servedFree = false): void {
    if (this.isSettled) throw new Error('A lease is settled once.');
    this.isSettled = true;
    if (servedFree && this.slot === null) this.countLate();
    if (verdict.kind === 'healthy' && this.attempt !== null) this.account.ledger.answered(this.attempt);
    this.owner.settled(this, verdict);
  }

  [Symbol.dispose](): void {
    if (this.isEnded) return;
    if (!this.isSettled) this.settle({ kind: 'nothing' });
    this.isEnded = true;
    const { account } = this;
    account.inFlight--;
    this.permit.ended();
    if (this.slot !== null) this.endCounted(account, this.slot);
    this.owner.ended(account);
  }

  private endCounted(account: Account, slot: Slot): void {
    if (this.attempt !== null) {
      this.attempt.endedAtMs = this.owner.nowMs();
      return;
    }
    account.ledger.release();
    account.minute.release(slot);
  }

  private countLate(): void {
    const nowMs = this.owner.nowMs();
    this.account.ledger.reserve();
    this.attempt = this.account.ledger.spend(nowMs);
    this.slot = this.account.minute.take();
    this.account.minute.sent(this.slot, nowMs);
    this.isSent = true;
  }
}
