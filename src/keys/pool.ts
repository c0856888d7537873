// Gives leases, and keeps requests waiting for them: clients take turns, each with its oldest request that can go.
import { Alarm, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { ended, type Signal } from '../base/signal';
import type { KeyId } from '../base/secret';
import { freeLeftOf, type Account, type AccountId } from './account';
import { type Denial, type DenialKind, Prospects } from './denials';
import type { Key } from './keyState';
import { learn } from './learning';
import { Lease, type LeaseOwner, type LeaseRequest, type Wish } from './lease';
import type { RequestClass, Verdict } from './lock';
import type { Reading } from './reading';
import { RecentEntries } from './recentEntries';
import type { Roster } from './roster';
import type { SavedState } from './savedState';
import { Wheel } from './wheel';

export type LeaseResult = { readonly lease: Lease } | { readonly denial: Denial };

/** One waiting request; it is in the queue exactly as long as its promise is pending. */
interface Waiter {
  readonly request: LeaseRequest;
  /** Ends the wait; the waiter has left the queue then. */
  readonly end: (result: LeaseResult) => void;
}

export interface PoolPorts {
  readonly clock: Clock;
  readonly onChange: () => void;
  /** Asks for a reading of this key now. */
  readonly onReadingWanted: (keyId: KeyId) => void;
}

export interface PoolOptions {
  /** The zone whose midnight ends the day of accounts that were never read: an IANA name, or `local`. */
  readonly zone: string;
  readonly maxWaiting: number;
}

/** Unlocks everything of a key, of an account, or of a model. */
export type UnlockTarget = Readonly<Partial<{ keyId: KeyId; accountId: AccountId; model: string }>>;

export class Pool implements LeaseOwner, Disposable {
  readonly wheel: Wheel;
  /** The roster's accounts are as they were at the last `roll`. */
  readonly roster: Roster;
  /** The account that made a thing upstream, by the thing's id; the instants are wall time. */
  readonly makers = new RecentEntries<AccountId>();
  /** In the order in which they are let go; replaced at each change, so that it may change during a loop over it. */
  private queue: readonly Waiter[] = [];
  private readonly alarm: Alarm;
  private isDisposed = false;
  /** Requests wait until the keys are known: a vault may be slow. */
  private expectsKeys = true;
  /** Some accounts have not been read yet: free requests wait for their readings. */
  private expectsReadings = false;
  /** The instant at which the proxy stops: no request waits longer. */
  private closesAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly ports: PoolPorts,
    private options: PoolOptions,
  ) {
    this.wheel = new Wheel(options.zone);
    this.roster = this.wheel.roster;
    this.alarm = new Alarm(ports.clock, () => this.ring());
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** The sum of free requests that are left in the accounts which may serve the wish. */
  leftFor(wish: Wish): number {
    return freeLeftOf(this.wheel.candidates(wish), this.nowMs());
  }

  /** A lease now, or null where the request has to wait or is denied: `lease` does either. */
  leaseNow(request: LeaseRequest): Lease | null {
    const nowMs = this.roll();
    // Slots that have freed since the last look go to the waiting requests first.
    if (nowMs >= this.alarm.atMs) this.serve(false);
    return this.grant(request, nowMs);
  }

  /** A lease as soon as the wish can be served; a denial once it cannot be in time. Rejects with the reason of an aborted signal. */
  async lease(request: LeaseRequest, signal: Signal): Promise<LeaseResult> {
    signal.throwIfAborted();
    const lease = this.leaseNow(request);
    if (lease !== null) return { lease };
    const nowMs = this.nowMs();
    if (request.requestClass === 'free') this.ask(this.roster.accounts, nowMs);
    const prospects = new Prospects(this.wheel, nowMs);
    const place = this.placeOf(request.client);
    for (const { request: before } of this.queue.slice(0, place)) prospects.add(before);
    const kind = this.deny(request, prospects);
    return kind === null
      ? await this.wait(request, place, signal)
      : { denial: prospects.denial(kind, request) };
  }

  configure(options: PoolOptions): void {
    this.options = options;
    this.wheel.setZone(options.zone, this.roll());
    this.rejudge();
  }

  setKeys(keys: readonly Key[]): void {
    this.expectsKeys = false;
    this.roster.setKeys(keys, this.roll());
    this.rejudge();
  }

  /** No account has been read yet: until the promise resolves, free requests use only accounts that were read and have some left. */
  awaitReadings(readings: Promise<void>): void {
    this.expectsReadings = true;
    void readings.then(() => {
      this.expectsReadings = false;
      this.rejudge();
    });
  }

  /** Joins a reading of the key, which may turn out to belong to another account; waiting requests are judged anew. */
  read(keyId: KeyId, reading: Reading): void {
    const state = this.roster.keys.get(keyId);
    if (state === undefined) return;
    this.roll();
    this.roster.read(state, reading);
    this.rejudge();
  }

  /** The key was refused again and again: it serves nothing until a reading accepts it. */
  markBad(keyId: KeyId): void {
    this.roster.keys.get(keyId)?.markBad(this.nowMs());
    this.rejudge();
  }

  /** Lifts all locks of the key, of the account, or of the model, at the user's command. */
  unlock({ keyId, accountId, model }: UnlockTarget): void {
    if (keyId !== undefined) this.roster.keys.get(keyId)?.locks.clear();
    if (accountId !== undefined) this.roster.account(accountId)?.locks.clear();
    if (model !== undefined) this.wheel.modelLocks.lift(model);
    this.rejudge();
  }

  /** Forgets keys and accounts that are gone, and lifts all locks of models and of everything. */
  forget(): void {
    const { roster, modelLocks, locks, conversations } = this.wheel;
    roster.forgetGone();
    modelLocks.lift(null);
    locks.clear();
    conversations.clear();
    this.rejudge();
  }

  /** Takes over a saved state; to be called before its keys come. */
  restore(saved: SavedState): void {
    this.wheel.restore(saved, this.roll());
    this.rejudge();
  }

  save(): SavedState {
    return this.wheel.save(this.roll());
  }

  /** The proxy stops at this instant: requests that could only be served later are denied at once. Infinity: it goes on. */
  closeAt(atMs: number): void {
    this.closesAtMs = atMs;
    this.rejudge();
  }

  /** Judges all waiting requests anew; also to be called after a sleep or a jump of the clock. */
  rejudge(): void {
    this.roll();
    this.serve(true);
    this.ports.onChange();
  }

  /** A request went on to its fallback: the next request with a fallback does not begin with this model. */
  leave(model: string | null): void {
    if (model === null) return;
    const scope = { model, accountId: null, keyId: null, reason: 'left' } as const;
    this.wheel.modelLocks.learn(scope, null, this.nowMs());
    this.rejudge();
  }

  /** Whether another account than the lease's could serve the request now. */
  canServe(wish: Wish, { accountId }: Lease): boolean {
    const tried = new Set([...wish.tried, ...this.keysOfAccount(accountId)]);
    return this.wheel.choose({ ...wish, tried }, this.nowMs()) !== null;
  }

  /** Whether the lease's key may still serve: the user may have removed it meanwhile. */
  allows({ key, grant }: Lease): boolean {
    return this.roster.keys.get(key.keyId)?.serves(grant.request.requestClass) ?? false;
  }

  keysOfAccount(accountId: AccountId): readonly KeyId[] {
    return this.roster.account(accountId)?.keys.map(({ key }) => key.keyId) ?? [];
  }

  /** The keys that must not serve a request after a policy of the account refused it: an organization's stays in organizations. */
  keysBarredBy(accountId: AccountId): readonly KeyId[] {
    const isOrganization =
      this.roster.account(accountId)?.keys.some((state) => state.isOrganization) ?? false;
    if (!isOrganization) return [];
    return [...this.roster.keys.values()].flatMap((state) => (state.isOrganization ? [] : [state.key.keyId]));
  }

  /** On the scale of the clock's `elapsedMs`, like all instants of this room but those of denials and saved states. */
  nowMs(): number {
    return this.ports.clock.elapsedMs();
  }

  changed(account: Account): void {
    const nowMs = this.nowMs();
    // The head of an answer frees its slot sooner than was known when the alarm was set.
    const readyAtMs = this.queue.length > 0 ? account.readyAtMs('free', nowMs) : 0;
    if (readyAtMs > nowMs && readyAtMs < this.alarm.atMs) this.alarm.set(readyAtMs);
    this.ports.onChange();
  }

  learned(lease: Lease, verdict: Verdict): void {
    const { state, request } = lease.grant;
    if (verdict.kind === 'healthy' && request.conversation !== null)
      this.wheel.conversations.set(request.conversation, state.key.keyId, this.nowMs());
    const felt = learn(verdict, lease, this.wheel);
    if (verdict.kind === 'locked' && (verdict.reason === 'dailyLimit' || verdict.reason === 'unauthorized')) {
      this.ports.onReadingWanted(lease.key.keyId);
    }
    if (felt) this.serve(verdict.kind !== 'healthy');
  }

  ended(account: Account, letsOthersGo: boolean): void {
    if (account.ledger.emptiness === 'doubtful') this.ask([account], this.nowMs());
    if (letsOthersGo) this.serve(false);
    this.ports.onChange();
  }

  /** Denies all waiting requests, now and later ones; running leases may still settle. */
  dispose(): void {
    this.isDisposed = true;
    const prospects = new Prospects(this.wheel, this.nowMs());
    for (const { request, end } of this.queue) end({ denial: prospects.denial('stopping', request) });
    this.alarm.dispose();
  }

  /** The time; begins the new day where the old one is over. */
  roll(): number {
    const nowMs = this.nowMs();
    // After a jump of wall time, a request that waits for a day's end waits for another instant.
    const hasJumped = this.wheel.roll(nowMs, this.ports.clock.wallMs());
    if (hasJumped && this.queue.length > 0) this.alarm.set(nowMs);
    return nowMs;
  }

  private deny(request: LeaseRequest, prospects: Prospects): DenialKind | null {
    if (this.isDisposed) return 'stopping';
    return this.queue.length >= this.options.maxWaiting ? 'queueFull' : this.endOf(request, prospects, true);
  }

  /** Why the request's wait ends, or null. `judge`: a request that has become hopeless ends too. */
  private endOf(request: LeaseRequest, prospects: Prospects, judge: boolean): DenialKind | null {
    if (this.expectsReadings && request.requestClass === 'free') return null;
    if (!this.expectsKeys) {
      const kind = prospects.denialKind(request, judge);
      if (kind !== null || request.untilMs <= this.closesAtMs) return kind;
      return prospects.denialKind({ ...request, untilMs: this.closesAtMs }, judge) === null
        ? null
        : 'stopping';
    }
    // A request that comes before the keys are known waits for them.
    return request.untilMs <= prospects.nowMs ? 'keysAwaited' : null;
  }

  /** The place of a client's new request in the queue: behind all of its own, and behind as many of each other client. */
  private placeOf(client: string): number {
    const clients = this.queue.map(({ request }) => request.client);
    const own = clients.filter((each) => each === client).length;
    const behind = clients.lastIndexOf(client);
    const turns = new Map<string, number>();
    const place = clients.findIndex((each, index) => {
      const turn = turns.get(each) ?? 0;
      turns.set(each, turn + 1);
      return index > behind && turn > own;
    });
    return place === -1 ? clients.length : place;
  }

  private async wait(request: LeaseRequest, place: number, signal: Signal): Promise<LeaseResult> {
    const result = ended<LeaseResult>(signal, (end) => {
      const waiter = { request, end };
      this.queue = this.queue.toSpliced(place, 0, waiter);
      return { dispose: () => void (this.queue = this.queue.filter((each) => each !== waiter)) };
    });
    this.setAlarm(this.nowMs());
    this.ports.onChange();
    try {
      return await result;
    } finally {
      if (this.queue.length === 0) this.setAlarm(this.nowMs());
      this.ports.onChange();
    }
  }

  private grant(request: LeaseRequest, nowMs: number): Lease | null {
    const choice = this.wheel.choose(request, nowMs);
    if (choice === null) return null;
    const { account, state } = choice;
    if (this.expectsReadings && request.requestClass === 'free' && !hasSome(account)) return null;
    const permit = this.wheel.modelLocks.sent(request.model, account.accountId, nowMs);
    return new Lease(this, { account, state, request, permit });
  }

  /** Lets go each request that can go, in queue order; with `judge` hopeless ones are denied too. */
  private serve(judge: boolean): void {
    if (this.queue.length === 0) return;
    const nowMs = this.roll();
    this.ask(this.roster.accounts, nowMs);
    const stuck = new Set<RequestClass>();
    const prospects = new Prospects(this.wheel, nowMs);
    for (const waiter of this.queue) {
      const { request } = waiter;
      if (this.letGo(waiter, stuck, nowMs)) continue;
      const kind = this.endOf(request, prospects, judge);
      if (kind !== null) waiter.end({ denial: prospects.denial(kind, request) });
      else if (judge) prospects.add(request);
    }
    this.setAlarm(nowMs);
  }

  private letGo(waiter: Waiter, stuck: Set<RequestClass>, nowMs: number): boolean {
    const { request } = waiter;
    // Where no account serves a class now, no request of that class can go: other wishes are only narrower.
    if (stuck.has(request.requestClass)) return false;
    const lease = this.grant(request, nowMs);
    if (lease !== null) {
      waiter.end({ lease });
      return true;
    }
    if (this.wheel.isPlain(request) && this.wheel.accountReadyAtMs(request, nowMs) > nowMs) {
      stuck.add(request.requestClass);
    }
    return false;
  }

  private setAlarm(nowMs: number): void {
    const isTimed = this.queue.length > 0 && !this.expectsReadings;
    this.alarm.set(isTimed ? this.wheel.nextChangeMs(this.queue, nowMs) : Number.POSITIVE_INFINITY);
  }

  /** Asks for a reading of each account that is in doubt; all others are read from time to time. */
  private ask(accounts: readonly Account[], nowMs: number): void {
    for (const account of accounts) {
      const state = account.keyToRead(nowMs);
      if (state === null) continue;
      account.ledger.noteAsked(nowMs);
      this.ports.onReadingWanted(state.key.keyId);
    }
  }

  private ring(): void {
    // Time alone makes a request hopeless only where the reading that it waited for does not come.
    this.serve(this.roster.accounts.some(({ ledger }) => ledger.emptiness === 'doubtful'));
  }
}

/** Whether the account has been read, and nothing says that its day is used up. */
function hasSome({ isKnown, ledger }: Account): boolean {
  return isKnown && ledger.emptiness === 'some';
}
