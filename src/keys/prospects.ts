// Whether a request that has to wait can be served in time: one look at the accounts and at those who wait before it.
import type { Account } from './account';
import { freeSlotTimes, type Candidate } from './capacity';
import type { DenialKind } from './denial';
import type { TimedWish, Wheel } from './wheel';

/** Somebody who waits and will take a slot before all who come after, if it comes in time. */
interface Competitor {
  readonly model: string | null;
  readonly accountId: string | null;
  /** Its model is busy: it goes when that allows, which is known to those of the same model alone, as they come after it. */
  readonly isHeld: boolean;
  /** From when it can go, locks of accounts aside. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Valid for one instant. What it calls hopeless could not be served in time, whatever those before it do; in doubt it
 * calls nothing hopeless.
 */
export class Prospects {
  private readonly before: Competitor[] = [];

  constructor(
    private readonly wheel: Wheel,
    private readonly nowMs: number,
  ) {}

  /** The request waits on, before all that are asked about from now on. */
  add(request: TimedWish): void {
    const { requestClass, model, accountId, untilMs } = request;
    if (requestClass !== 'free' || request.tried.size > 0 || this.wheel.modelLocks.hasAccountLocks(model))
      return;
    const isHeld = this.wheel.modelLocks.isHeld(model);
    this.before.push({ model, accountId, isHeld, fromMs: this.fromMs(request), untilMs });
  }

  /** Why the request waits no longer: it is hopeless (if that is asked), or its time is over. */
  end(request: TimedWish, isJudged: boolean): DenialKind | null {
    const isOver = request.untilMs <= this.nowMs;
    if (!isOver && !isJudged) return null;
    const candidates = this.wheel.candidates(request);
    if (candidates.length === 0) return request.tried.size > 0 ? 'allTried' : 'noKeys';
    return isOver || this.isHopeless(request, candidates) ? this.blame(request, candidates) : null;
  }

  private isHopeless(request: TimedWish, candidates: readonly Account[]): boolean {
    const { wheel, nowMs } = this;
    if (isKnownAfter(wheel.heldBackUntilMs(request, nowMs), request.untilMs)) return true;
    if (request.requestClass === 'free') return !this.freeSlotComes(request, candidates);
    return wheel.readyAtMs(request, nowMs) > request.untilMs && !this.awaitsProbe(request, candidates);
  }

  /** What a request that cannot be served in time fails for: its model alone, or what the accounts have left. */
  private blame(request: TimedWish, candidates: readonly Account[]): DenialKind {
    const { wheel, nowMs } = this;
    const modelMs = wheel.modelLocks.readyAtMs(request.model, nowMs);
    const isModelLocked =
      modelMs === wheel.heldBackUntilMs(request, nowMs) &&
      isKnownAfter(modelMs, Math.max(request.untilMs, nowMs));
    const isModels = isModelLocked || candidates.some((account) => this.isKeptByModel(account, request));
    return isModels ? 'modelBusy' : 'exhausted';
  }

  /** Whether the account could serve in time, were the model not busy, for it or for all. */
  private isKeptByModel(account: Account, { requestClass, model, tried, untilMs }: TimedWish): boolean {
    const { nowMs } = this;
    const { locks, modelLocks } = this.wheel;
    const readyAtMs = Math.max(
      account.readyAtMs(requestClass, nowMs, tried),
      locks.readyAtMs(requestClass, nowMs),
    );
    const onAccountMs = modelLocks.onAccountReadyAtMs(model, account.accountId, nowMs);
    if (readyAtMs <= nowMs) return Math.max(onAccountMs, modelLocks.readyAtMs(model, nowMs)) > nowMs;
    return readyAtMs <= untilMs && isKnownAfter(onAccountMs, untilMs);
  }

  private freeSlotComes(request: TimedWish, accounts: readonly Account[]): boolean {
    const { nowMs } = this;
    if (accounts.some(({ ledger }) => ledger.awaitsReading(nowMs))) return true;
    const fromMs = this.fromMs(request);
    const before = this.before.filter(
      (other) =>
        other.accountId === request.accountId &&
        other.fromMs <= fromMs &&
        (!other.isHeld || other.model === request.model),
    );
    const candidates = this.candidatesFor(request, accounts, fromMs);
    const enough = before.length + 1;
    const times = freeSlotTimes(candidates, { nowMs, horizonMs: request.untilMs, enough });
    if (times.length >= enough) return true;
    // There are few slots: each of those before takes the first that comes in its time.
    times.sort((a, b) => a - b);
    for (const { untilMs } of before) {
      const [next] = times;
      if (next !== undefined && next <= untilMs) times.shift();
    }
    return times.length > 0;
  }

  private *candidatesFor(
    { model, requestClass, tried }: TimedWish,
    accounts: readonly Account[],
    fromMs: number,
  ): Generator<Candidate> {
    const { wheel, nowMs } = this;
    for (const account of accounts) {
      const modelMs = wheel.modelLocks.onAccountReadyAtMs(model, account.accountId, nowMs);
      const unlockedAtMs = account.unlockedAtMs(requestClass, nowMs, tried);
      yield { account, fromMs: Math.max(fromMs, unlockedAtMs, knownOrNow(modelMs, nowMs)) };
    }
  }

  /** From when neither a lock of everything nor one of the model holds the request back; now, if a probe's end decides. */
  private fromMs(request: TimedWish): number {
    return Math.max(this.nowMs, knownOrNow(this.wheel.heldBackUntilMs(request, this.nowMs), this.nowMs));
  }

  private awaitsProbe({ model }: TimedWish, accounts: readonly Account[]): boolean {
    const { wheel, nowMs } = this;
    return accounts.some(
      ({ accountId }) =>
        wheel.modelLocks.onAccountReadyAtMs(model, accountId, nowMs) === Number.POSITIVE_INFINITY,
    );
  }
}

/** Whoever comes before the keys waits for them, whatever they may turn out to be. */
export function awaitedInVain({ untilMs }: TimedWish, nowMs: number): DenialKind | null {
  return untilMs <= nowMs ? 'keysAwaited' : null;
}

/** Whether the instant is later, for certain: a probe may end at any time. */
function isKnownAfter(atMs: number, thanMs: number): boolean {
  return atMs > thanMs && atMs !== Number.POSITIVE_INFINITY;
}

function knownOrNow(atMs: number, nowMs: number): number {
  return atMs === Number.POSITIVE_INFINITY ? nowMs : atMs;
}
