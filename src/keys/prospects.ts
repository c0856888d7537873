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

  /** Why the request cannot be served in time, or null if it perhaps can. */
  private hopeless(request: TimedWish): DenialKind | null {
    const { wheel, nowMs } = this;
    const candidates = wheel.candidates(request);
    if (candidates.length === 0) return request.tried.size > 0 ? 'allTried' : 'noKeys';
    const heldBackMs = wheel.heldBackUntilMs(request, nowMs);
    if (heldBackMs !== Number.POSITIVE_INFINITY && heldBackMs > request.untilMs) {
      return wheel.modelLocks.readyAtMs(request.model, nowMs) === heldBackMs ? 'modelBusy' : 'exhausted';
    }
    if (request.requestClass !== 'free') {
      const readyAtMs = wheel.readyAtMs(request, nowMs);
      return readyAtMs > request.untilMs && !this.awaitsProbe(request, candidates) ? 'exhausted' : null;
    }
    return this.freeSlotComes(request, candidates) ? null : 'exhausted';
  }

  /** Why the request waits no longer: it is hopeless (if that is asked), or its time is over. */
  end(request: TimedWish, isJudged: boolean): DenialKind | null {
    const kind = isJudged ? this.hopeless(request) : null;
    return kind ?? (request.untilMs <= this.nowMs ? 'exhausted' : null);
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

function knownOrNow(atMs: number, nowMs: number): number {
  return atMs === Number.POSITIVE_INFINITY ? nowMs : atMs;
}
