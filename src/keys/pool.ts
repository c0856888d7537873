// Gives leases, and keeps requests waiting for them: a freed slot goes to the oldest request that can use it.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { KeyId } from '../base/secret';
import type { Account } from './account';
import { Alarm } from './alarm';
import type { Denial, DenialKind } from './denial';
import { Inquiry } from './inquiry';
import type { Key } from './key';
import { GrantedLease, type Lease, type LeaseOwner } from './lease';
import type { RequestClass } from './lock';
import { isPlain, nextChangeMs } from './nextChange';
import type { Reading } from './reading';
import { awaitedInVain, Prospects } from './prospects';
import { SetBack } from './setBack';
import { Denials } from './standing';
import type { Verdict } from './verdict';
import { WaitingLine, type Waiter } from './waitingLine';
import { Wheel, type TimedWish } from './wheel';

export type LeaseRequest = TimedWish;

export type LeaseResult = { readonly lease: Lease } | { readonly denial: Denial };

/** What happened that somebody else has to do something about. */
export type PoolEvent =
  /** Something that views show has changed. */
  | { readonly kind: 'changed' }
  /** What the server says of this key's account is wanted now. */
  | { readonly kind: 'readingWanted'; readonly keyId: KeyId };

export class Pool implements LeaseOwner, Disposable {
  readonly wheel: Wheel;
  private readonly line = new WaitingLine<LeaseRequest, LeaseResult>();
  private readonly emitter: Emitter<PoolEvent>;
  private readonly alarm: Alarm;
  private readonly inquiry: Inquiry;
  private readonly setBack = new SetBack();
  private isDisposed = false;
  /** Until the keys are known, requests wait for them: a vault may be slow. */
  private expectsKeys = true;

  constructor(
    private readonly ports: { readonly clock: Clock; readonly onError: (error: unknown) => void },
    options: { readonly zone: string; readonly maxWaiting: number },
  ) {
    this.wheel = new Wheel(options.zone);
    this.maxWaiting = options.maxWaiting;
    this.emitter = new Emitter(ports.onError);
    this.alarm = new Alarm(ports.clock, () => this.ring());
    this.inquiry = new Inquiry(this.wheel, (keyId) => this.emitter.fire({ kind: 'readingWanted', keyId }));
  }

  /** How many requests may wait at once. */
  maxWaiting: number;

  get onEvent(): Emitter<PoolEvent>['event'] {
    return this.emitter.event;
  }

  get waiting(): number {
    return this.line.size;
  }

  /** A lease now, or as soon as the wish can be served; a denial as soon as it is clear that it cannot be in time. Rejects when the signal is aborted, with its reason. */
  async lease(request: LeaseRequest, signal: AbortSignal): Promise<LeaseResult> {
    signal.throwIfAborted();
    const nowMs = this.roll();
    // Slots that have freed since the last look belong to those who wait.
    if (this.line.size > 0) this.serve(false);
    const lease = this.grant(request, nowMs);
    if (lease !== null) return { lease };
    if (request.requestClass === 'free') this.inquiry.denied(nowMs);
    const kind = this.isDisposed ? 'stopping' : this.deny(request, nowMs);
    if (kind === null) return await this.wait(request, nowMs, signal);
    this.setAlarm(nowMs);
    return { denial: new Denials(this.wheel, nowMs).of(kind, request) };
  }

  setKeys(keys: readonly Key[]): void {
    this.expectsKeys = false;
    this.wheel.setKeys(keys, this.nowMs());
    this.rejudge();
  }

  /** Joins what `GET /key` told; who waits may go. */
  read(keyId: KeyId, reading: Reading): void {
    const state = this.wheel.roster.keys.get(keyId);
    if (state === undefined) return;
    this.wheel.read(state, reading);
    this.rejudge();
  }

  /** The key was refused again and again: it serves nothing until a reading accepts it. */
  markBad(keyId: KeyId): void {
    const account = this.wheel.roster.markBad(keyId, this.nowMs());
    if (account === null) return;
    this.wheel.refresh(account, this.nowMs());
    this.rejudge();
  }

  /** To be called after each change from outside of what may hold requests back: all who wait are judged anew. */
  rejudge(): void {
    this.serve(true);
    this.emitter.fire({ kind: 'changed' });
  }

  nowMs(): number {
    return this.ports.clock.nowMs();
  }

  changed(account: Account): void {
    const nowMs = this.nowMs();
    this.wheel.refresh(account, nowMs);
    // An answer's head frees its slot sooner than was known when the alarm was set.
    const readyAtMs = this.line.size > 0 ? account.readyAtMs('free', nowMs) : 0;
    if (readyAtMs > nowMs && readyAtMs < this.alarm.atMs) this.setAlarm(nowMs);
    this.emitter.fire({ kind: 'changed' });
  }

  settled(lease: GrantedLease, verdict: Verdict): void {
    const { account, state, requestClass, model, conversation } = lease;
    const nowMs = this.nowMs();
    state.requests++;
    if (verdict.kind === 'healthy') {
      if (conversation !== null) this.wheel.conversations.set(conversation, account.accountId, nowMs);
    } else if (verdict.kind !== 'nothing') state.errors++;
    const sentAtMs = lease.sentAtMs ?? nowMs;
    const felt = this.wheel.learn(verdict, { account, state, requestClass, model, sentAtMs, nowMs });
    if (verdict.kind === 'dayUsedUp' || verdict.kind === 'unauthorized') {
      this.emitter.fire({ kind: 'readingWanted', keyId: state.key.keyId });
    }
    if (felt) this.serve(verdict.kind !== 'healthy');
  }

  ended(account: Account): void {
    this.wheel.refresh(account, this.nowMs());
    if (account.ledger.emptiness === 'doubtful') this.inquiry.ask([account], this.nowMs());
    this.serve(false);
    this.emitter.fire({ kind: 'changed' });
  }

  /** Denies everybody who waits and gives no time to anybody; running leases may still settle. */
  dispose(): void {
    this.isDisposed = true;
    const denials = new Denials(this.wheel, this.nowMs());
    for (const waiter of this.line) waiter.end({ denial: denials.of('stopping', waiter.request) });
    this.alarm.dispose();
    this.emitter.dispose();
  }

  private deny(request: LeaseRequest, nowMs: number): DenialKind | null {
    if (this.line.size >= this.maxWaiting) return 'lineFull';
    if (this.expectsKeys) return awaitedInVain(request, nowMs);
    const prospects = new Prospects(this.wheel, nowMs);
    for (const waiting of this.line.requests) prospects.add(waiting);
    return prospects.end(request, true);
  }

  private async wait(request: LeaseRequest, nowMs: number, signal: AbortSignal): Promise<LeaseResult> {
    const result = this.line.join(request, nowMs, signal);
    // A listener that was asked for a reading may have answered at once.
    this.serve(false);
    this.emitter.fire({ kind: 'changed' });
    try {
      return await result;
    } finally {
      if (this.line.size === 0) this.setAlarm(this.nowMs());
      this.emitter.fire({ kind: 'changed' });
    }
  }

  /** The time; begins a new day, and lets nobody wait for longer because the clock was set back. */
  private roll(): number {
    const nowMs = this.nowMs();
    this.wheel.roll(nowMs);
    const byMs = this.setBack.by(nowMs);
    if (byMs === 0) return nowMs;
    for (const waiter of this.line) {
      waiter.request = { ...waiter.request, untilMs: waiter.request.untilMs - byMs };
    }
    return nowMs;
  }

  private grant(request: LeaseRequest, nowMs: number): Lease | null {
    const choice = this.wheel.choose(request, nowMs);
    if (choice === null) return null;
    const { account, state } = choice;
    if (request.requestClass === 'free' && account.ledger.emptiness === 'doubtful')
      account.ledger.doubt.probed(nowMs);
    const permit = this.wheel.modelLocks.sent(request.model, account.accountId);
    const { requestClass, model, conversation } = request;
    const lease = new GrantedLease(this, { account, state, requestClass, model, conversation, permit });
    account.lastUsedAtMs = nowMs;
    state.lastUsedAtMs = nowMs;
    this.wheel.refresh(account, nowMs);
    return lease;
  }

  /** Lets go whoever can go, oldest first; with `judge` those who have become hopeless are denied too. */
  private serve(judge: boolean): void {
    if (this.line.size === 0) return;
    const nowMs = this.roll();
    this.inquiry.askAgain(nowMs, this.line.requests);
    const stuck = new Set<RequestClass>();
    const prospects = new Prospects(this.wheel, nowMs);
    const denials = new Denials(this.wheel, nowMs);
    for (const waiter of this.line) {
      const { request } = waiter;
      if (this.letGo(waiter, stuck, nowMs)) continue;
      const kind = this.expectsKeys ? awaitedInVain(request, nowMs) : prospects.end(request, judge);
      if (kind === null) prospects.add(request);
      else waiter.end({ denial: denials.of(kind, request) });
    }
    this.setAlarm(nowMs);
  }

  private letGo(waiter: Waiter<LeaseRequest, LeaseResult>, stuck: Set<RequestClass>, nowMs: number): boolean {
    const { request } = waiter;
    // Where no account serves a class, nobody of that class can go: a narrower wish finds no more than a wider one.
    if (stuck.has(request.requestClass)) return false;
    const lease = this.grant(request, nowMs);
    if (lease !== null) {
      waiter.end({ lease });
      return true;
    }
    if (isPlain(request, this.wheel) && this.wheel.readyAtMs(request, nowMs) > nowMs) {
      stuck.add(request.requestClass);
    }
    return false;
  }

  /** One timer for all who wait. */
  private setAlarm(nowMs: number): void {
    const { requests } = this.line;
    const inquiryMs = this.inquiry.nextMs(nowMs, requests);
    this.alarm.set(Math.min(inquiryMs, nextChangeMs(requests, this.wheel, nowMs)));
  }

  private ring(): void {
    this.serve(true);
    if (this.line.size > 0) return;
    const nowMs = this.roll();
    this.inquiry.askAgain(nowMs, []);
    this.setAlarm(nowMs);
  }
}
