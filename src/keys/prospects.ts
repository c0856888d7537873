// Whether a request that has to wait can be served in time: one look at the accounts, and a count of those before it.
import type { Account } from './account';
import type { DenialKind } from './denials';
import type { LeaseRequest } from './lease';
import type { Wheel } from './wheel';

/** A slot that is used at once is free again after this time at the soonest. */
const cycleMs = 60_000;

/**
 * Valid for one instant. What it calls hopeless could not be served in time, whatever those before it do; in doubt it
 * calls nothing hopeless.
 */
export class Prospects {
  /** Until when the added requests wait that take the next slot of any account. */
  private readonly before: number[] = [];

  constructor(
    private readonly wheel: Wheel,
    readonly nowMs: number,
  ) {}

  /** Counts the request as one that waits before all that are asked about later. */
  add(request: LeaseRequest): void {
    if (this.takesAnySlot(request)) this.before.push(request.untilMs);
  }

  /** Why the request's wait ends, or null: its time is over, or it is hopeless (looked at only if `isJudged`). */
  end(request: LeaseRequest, isJudged: boolean): DenialKind | null {
    if (this.isModelTooLate(request)) return 'modelBusy';
    const isOver = request.untilMs <= this.nowMs;
    if (!isOver && !isJudged) return null;
    const candidates = this.wheel.candidates(request);
    if (candidates.length === 0) return request.tried.size > 0 ? 'allTried' : 'noKeys';
    if (!isOver && !this.isHopeless(request, candidates)) return null;
    return candidates.some((account) => this.isKeptByModel(account, request)) ? 'modelBusy' : 'exhausted';
  }

  /** Another model is named for the request, and this one was just left, or is held back for longer than it waits for it; a running probe is not waited for. */
  private isModelTooLate(request: LeaseRequest): boolean {
    const { model, requestClass, tried, hasFallback, modelUntilMs } = request;
    if (!hasFallback) return false;
    const { wheel, nowMs } = this;
    const { modelLocks } = wheel;
    if (modelLocks.isPassedOver(model, nowMs)) return true;
    const onAccountsMs = wheel
      .candidates(request)
      .filter((account) => account.readyAtMs(requestClass, nowMs, tried) <= modelUntilMs)
      .map(({ accountId }) => modelLocks.heldOnAccountUntilMs(model, accountId, nowMs));
    // Each account that is ready may have a lock of its own: then the first that ends counts.
    const heldUntilMs = Math.max(
      modelLocks.heldUntilMs(model, hasFallback, nowMs),
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

  /** Whether a reading that is on its way, or a probe of the day or of the model, may show that the account can serve in time. */
  private isUnsure({ accountId, ledger }: Account, { requestClass, model, untilMs }: LeaseRequest): boolean {
    const { wheel, nowMs } = this;
    const modelMs = wheel.modelLocks.heldOnAccountUntilMs(model, accountId, nowMs);
    if (modelMs === Number.POSITIVE_INFINITY) return true;
    if (requestClass !== 'free' || ledger.emptiness !== 'doubtful') return false;
    return ledger.awaitsReading(nowMs) || ledger.probeAtMs(nowMs) <= untilMs;
  }

  /** Whether only the model's locks keep the account from serving in time. */
  private isKeptByModel(account: Account, request: LeaseRequest): boolean {
    const { nowMs } = this;
    const { requestClass, model, hasFallback, tried } = request;
    const { locks, modelLocks } = this.wheel;
    const inTimeMs = Math.max(request.untilMs, nowMs);
    return (
      account.readyAtMs(requestClass, nowMs, tried) <= inTimeMs &&
      locks.lockedUntilMs(requestClass, nowMs) <= inTimeMs &&
      Math.max(
        modelLocks.heldUntilMs(model, hasFallback, nowMs),
        modelLocks.heldOnAccountUntilMs(model, account.accountId, nowMs),
      ) > inTimeMs
    );
  }

  /** Whether the request takes the next slot of any account for certain: no model is busy that would let another one pass. */
  private takesAnySlot(request: LeaseRequest): boolean {
    const { requestClass, model } = request;
    return requestClass === 'free' && this.wheel.isPlain(request) && !this.wheel.modelLocks.isHeld(model);
  }

  /** Whether a slot comes in time that none of those takes who wait before: each takes the first that comes in its own time. */
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

/** When the account could send free requests between two instants, at the soonest; so many are enough. */
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
