// Judges whether a waiting request can be served in time, and gathers the facts for the denial if it cannot.
import { freeLeftOf, type Account, type AccountId } from './account';
import type { LeaseRequest } from './lease';
import { holdsBack, type RequestClass, scopes, type LockReason } from './lock';
import type { Wheel } from './wheel';

/** The state of one account when a request was denied. */
export interface AccountStanding {
  readonly accountId: AccountId;
  /** The user's name of the account, else its first key's label. */
  readonly name: string;
  /** The reason of the hold: a lock's, the day, the minute, the user's own limit, or why no key of it serves the class. */
  readonly reason: LockReason | 'ownLimit' | 'keysOff' | 'keysRefused' | 'keysUnfit';
  /** The end of the hold, in wall time; null where only the user can end it. */
  readonly untilMs: number | null;
  /** Free requests a day, used ones included. */
  readonly freeLimit: number;
}

/**
 * `noKeys`: no key is usable · `keysAwaited`: the keys were not read yet · `queueFull`: too many requests wait ·
 * `exhausted`: no account can serve in time · `modelBusy`: the model is held back for longer than the request may wait,
 * for all accounts or for those that could serve · `allTried`: every suitable key was tried in this exchange ·
 * `stopping`: the proxy stops.
 */
export type DenialKind =
  'noKeys' | 'keysAwaited' | 'queueFull' | 'exhausted' | 'modelBusy' | 'allTried' | 'stopping';

/** A denial's instants are wall time. */
export interface Denial {
  readonly kind: DenialKind;
  readonly requestClass: RequestClass;
  /** The soonest moment at which another try makes sense, or null where none is known. */
  readonly retryAtMs: number | null;
  readonly accounts: readonly AccountStanding[];
}

/** The name that people see: the user's own, else the label of the account's first key. */
export function nameOf(account: Account): string {
  const { key } = account.keys.find((state) => state.key.accountName !== null) ?? account.keys[0] ?? {};
  return key?.accountName ?? key?.label ?? account.accountId;
}

function holdOf(
  account: Account,
  requestClass: RequestClass,
  nowMs: number,
  isDayTaken: boolean,
): Pick<AccountStanding, 'reason' | 'untilMs'> {
  const { ledger, keys, minute } = account;
  if (keys.every((state) => !state.serves(requestClass))) {
    const on = keys.filter(({ key }) => key.enabled).map(({ health }) => health);
    const reason = on.includes('bad') ? 'keysRefused' : on.includes('management') ? 'keysUnfit' : 'keysOff';
    return { reason, untilMs: null };
  }
  // A key's lock holds the account back only where no other key is left.
  const isHeldByKeys = keys.every((state) => state.unlockedAtMs(requestClass, nowMs) > nowMs);
  const holders = [account, ...(isHeldByKeys ? keys.filter((state) => state.serves(requestClass)) : [])];
  const untilMs = isDayTaken ? ledger.resetAtMs : account.allowanceAtMs(nowMs);
  const day = { ...scopes.dailyLimit, reason: 'dailyLimit', untilMs } as const;
  const [longest] = [...holders.flatMap(({ locks }) => locks.active(nowMs)), day]
    .filter((lock) => lock.untilMs > nowMs && holdsBack(lock, requestClass))
    .sort((a, b) => b.untilMs - a.untilMs);
  if (longest === day && ledger.isUsersLimit) return { reason: 'ownLimit', untilMs };
  return longest ?? { reason: 'minuteLimit', untilMs: minute.nextSlotAtMs(nowMs) || null };
}

/** A slot that is used at once is free again after this time at the soonest. */
const cycleMs = 60_000;

/**
 * The prospects of waiting requests, valid for one instant. Only a request that could not be served in time, whatever
 * those before it do, is hopeless; in doubt a request is not.
 */
export class Prospects {
  /** The `untilMs` of each added request that takes the next slot of any account. */
  private readonly before: number[] = [];

  constructor(
    private readonly wheel: Wheel,
    readonly nowMs: number,
  ) {}

  /** Counts the request as waiting before all requests that are judged later. */
  add(request: LeaseRequest): void {
    if (this.takesAnySlot(request)) this.before.push(request.untilMs);
  }

  /**
   * The denial of the request. Lists each account that cannot serve now with its reason; a lock of everything is the
   * reason of every account.
   */
  denial(kind: DenialKind, request: LeaseRequest): Denial {
    const { wheel, nowMs } = this;
    const { requestClass } = request;
    const isDayTaken = kind === 'exhausted' && this.isDayTaken(request);
    const [everything] = wheel.locks.active(nowMs);
    const accounts = wheel.roster.accounts.filter(
      (account) => everything !== undefined || account.readyAtMs(requestClass, nowMs) > nowMs,
    );
    const resetAtMs = isDayTaken ? Math.min(...accounts.map(({ ledger }) => ledger.resetAtMs)) : 0;
    const readyAtMs = Math.max(wheel.servableAtMs(request, nowMs), resetAtMs);
    return {
      kind,
      requestClass,
      retryAtMs: Number.isFinite(readyAtMs) ? wheel.calendar.wallOf(Math.max(readyAtMs, nowMs)) : null,
      accounts: accounts.map((account) => {
        const { reason, untilMs } = everything ?? holdOf(account, requestClass, nowMs, isDayTaken);
        return {
          accountId: account.accountId,
          name: nameOf(account),
          reason,
          untilMs: untilMs === null ? null : wheel.calendar.wallOf(untilMs),
          freeLimit: account.ledger.limit,
        };
      }),
    };
  }

  /** Why the request's wait ends, or null: its time is over, or it is hopeless (judged only if `isJudged`). */
  denialKind(request: LeaseRequest, isJudged: boolean): DenialKind | null {
    if (this.isModelTooLate(request)) return 'modelBusy';
    const isOver = request.untilMs <= this.nowMs;
    if (!isOver && !isJudged) return null;
    const candidates = this.wheel.candidates(request);
    if (candidates.length === 0) return request.tried.size > 0 ? 'allTried' : 'noKeys';
    if (!isOver && !this.isHopeless(request, candidates)) return null;
    return candidates.some((account) => this.isKeptByModel(account, request)) ? 'modelBusy' : 'exhausted';
  }

  /** Whether the request goes on to its fallback: its model was just left, or is held beyond `modelUntilMs`, as by a running probe. */
  private isModelTooLate(request: LeaseRequest): boolean {
    const { model, requestClass, tried, hasFallback, modelUntilMs } = request;
    if (!hasFallback) return false;
    const { wheel, nowMs } = this;
    const { modelLocks } = wheel;
    if (modelLocks.isPassedOver(model, nowMs)) return true;
    const onAccountsMs = wheel
      .candidates(request)
      .filter((account) => account.readyAtMs(requestClass, nowMs, tried) <= modelUntilMs)
      .map(({ accountId }) => modelLocks.heldUntilMs(request, accountId, nowMs));
    // Each ready account may have a lock of its own for the model: the first lock that ends counts.
    const heldUntilMs = Math.max(
      modelLocks.heldUntilMs(request, null, nowMs),
      onAccountsMs.length === 0 ? 0 : Math.min(...onAccountsMs),
    );
    return heldUntilMs > nowMs && heldUntilMs > modelUntilMs;
  }

  private isHopeless(request: LeaseRequest, candidates: readonly Account[]): boolean {
    const { wheel, nowMs } = this;
    const heldUntilMs = wheel.heldBackUntilMs(request, nowMs);
    if (heldUntilMs > request.untilMs && heldUntilMs !== Number.POSITIVE_INFINITY) return true;
    if (candidates.some((account) => this.isUnsure(account, request))) return false;
    if (wheel.accountReadyAtMs(request, nowMs) > request.untilMs) return true;
    return this.takesAnySlot(request) && !this.isSlotLeft(request, candidates);
  }

  /** Whether a reading on its way, or a probe of the day or of the model, may show that the account can serve in time. */
  private isUnsure({ accountId, ledger }: Account, request: LeaseRequest): boolean {
    const { wheel, nowMs } = this;
    const modelMs = wheel.modelLocks.heldUntilMs(request, accountId, nowMs);
    if (modelMs === Number.POSITIVE_INFINITY) return true;
    if (request.requestClass !== 'free' || ledger.emptiness !== 'doubtful') return false;
    return ledger.awaitsReading(nowMs) || ledger.probeAtMs(nowMs) <= request.untilMs;
  }

  /** Whether the model's locks alone keep the account from serving in time. */
  private isKeptByModel(account: Account, request: LeaseRequest): boolean {
    const { nowMs } = this;
    const { requestClass, tried } = request;
    const { locks, modelLocks } = this.wheel;
    const inTimeMs = Math.max(request.untilMs, nowMs);
    return (
      account.readyAtMs(requestClass, nowMs, tried) <= inTimeMs &&
      locks.lockedUntilMs(requestClass, nowMs) <= inTimeMs &&
      Math.max(
        modelLocks.heldUntilMs(request, null, nowMs),
        modelLocks.heldUntilMs(request, account.accountId, nowMs),
      ) > inTimeMs
    );
  }

  /** Whether the request surely takes the next slot of any account: no busy model would let another request pass it. */
  private takesAnySlot(request: LeaseRequest): boolean {
    const { requestClass, model } = request;
    return requestClass === 'free' && this.wheel.isPlain(request) && !this.wheel.modelLocks.isHeld(model);
  }

  /** Whether the requests before take all that the day has left: then the end of a minute does not help. */
  private isDayTaken(request: LeaseRequest): boolean {
    if (!this.takesAnySlot(request)) return false;
    const accounts = this.wheel.candidates(request);
    // A doubtful day permits one more as a probe, and an exempt account has no daily limit.
    if (accounts.some(({ ledger }) => ledger.emptiness === 'doubtful' || ledger.emptiness === 'exempt'))
      return false;
    const left = freeLeftOf(accounts, this.nowMs);
    return left > 0 && left <= this.before.length;
  }

  /** Whether a slot in time is left over by the requests that wait before: each takes the first slot that comes in its own time. */
  private isSlotLeft({ requestClass, untilMs }: LeaseRequest, accounts: readonly Account[]): boolean {
    const { wheel, nowMs } = this;
    const enough = this.before.length + 1;
    const heldUntilMs = Math.max(nowMs, wheel.locks.lockedUntilMs(requestClass, nowMs));
    const times: number[] = [];
    for (const account of accounts) {
      const fromMs = Math.max(heldUntilMs, account.unlockedAtMs(requestClass, nowMs));
      times.push(...slotTimes(account, { nowMs, fromMs, untilMs, enough }));
      if (times.length >= enough) return true;
    }
    times.sort((a, b) => a - b);
    for (const beforeUntilMs of this.before) {
      if ((times[0] ?? Number.POSITIVE_INFINITY) <= beforeUntilMs) times.shift();
    }
    return times.length > 0;
  }
}

/** The earliest times at which the account could send free requests in the span, at most `enough` of them. */
function slotTimes(
  { ledger, minute }: Account,
  span: { nowMs: number; fromMs: number; untilMs: number; enough: number },
): number[] {
  const { nowMs, untilMs, enough } = span;
  const leftToday = ledger.emptiness === 'exempt' ? enough : ledger.left;
  const fromMs = leftToday > 0 ? span.fromMs : Math.max(span.fromMs, ledger.resetAtMs);
  const left = leftToday + (ledger.resetAtMs <= untilMs ? ledger.limit : 0);
  const times: number[] = [];
  for (const freeAtMs of minute.slotTimes(nowMs, enough)) {
    for (let atMs = Math.max(freeAtMs, fromMs); atMs <= untilMs; atMs += cycleMs) times.push(atMs);
  }
  return times.sort((a, b) => a - b).slice(0, Math.min(left, enough));
}
