// When something about those who wait can change by time alone.
import type { TimedWish, Wheel, Wish } from './wheel';

/** Whether any account and any key may serve the request. */
export function isPlain(wish: Wish, wheel: Wheel): boolean {
  return wish.accountId === null && wish.tried.size === 0 && !wheel.modelLocks.hasAccountLocks(wish.model);
}

/** The soonest end of a wait, or of what holds a request back; Infinity if nobody waits. */
export function nextChangeMs(requests: Iterable<TimedWish>, wheel: Wheel, nowMs: number): number {
  let soonestMs = Number.POSITIVE_INFINITY;
  const known = new Set<string>();
  for (const request of requests) {
    soonestMs = Math.min(soonestMs, request.untilMs);
    // Plain requests of one class for one model become ready together: one look is enough for all.
    const alike = `${request.requestClass} ${request.model ?? ''}`;
    const isAlike = isPlain(request, wheel);
    if (isAlike && known.has(alike)) continue;
    if (isAlike) known.add(alike);
    const readyAtMs = wheel.servableAtMs(request, nowMs);
    if (readyAtMs > nowMs) soonestMs = Math.min(soonestMs, readyAtMs);
  }
  return soonestMs;
}
