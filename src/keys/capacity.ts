// How soon accounts could send free requests: what cannot be served in time is refused at once.
import type { Account } from './account';

/** A slot that is used at once is free again after this time at the soonest. */
const cycleMs = 60_000;
/** A doubtful account is probed no oftener. */
const probeEveryMs = 60_000;

/** An account that may serve a request, and from when. */
export interface Candidate {
  readonly account: Account;
  readonly fromMs: number;
}

export interface Span {
  readonly nowMs: number;
  /** Nothing after it is of use. */
  readonly horizonMs: number;
  /** So many instants are enough. */
  readonly enough: number;
}

/** The instants at which the candidates could send a free request each, at the soonest; in no order, cut short when they are enough. */
export function freeSlotTimes(candidates: Iterable<Candidate>, span: Span): number[] {
  const times: number[] = [];
  for (const candidate of candidates) {
    if (times.length >= span.enough) break;
    addTimes(times, candidate, span);
  }
  return times;
}

function addTimes(times: number[], { account, fromMs }: Candidate, span: Span): void {
  if (fromMs > span.horizonMs) return;
  const { ledger } = account;
  // No slot of today is used after the day's end.
  const todaysEndMs = Math.min(span.horizonMs, ledger.resetAtMs - 1);
  switch (ledger.emptiness) {
    case 'some':
      times.push(
        ...slotsOf(account, { fromMs, untilMs: todaysEndMs, nowMs: span.nowMs }).slice(0, ledger.left),
      );
      break;
    case 'doubtful': {
      const probeAtMs = Math.max(fromMs, ledger.probeAtMs(span.nowMs));
      for (let atMs = probeAtMs; atMs <= todaysEndMs; atMs += probeEveryMs) times.push(atMs);
      break;
    }
    case 'spent':
  }
  if (ledger.resetAtMs > span.horizonMs) return;
  // After the reset the whole day's allowance is there again.
  const morning = { fromMs: Math.max(fromMs, ledger.resetAtMs), untilMs: span.horizonMs, nowMs: span.nowMs };
  times.push(...slotsOf(account, morning).slice(0, ledger.limit));
}

function slotsOf(account: Account, span: { fromMs: number; untilMs: number; nowMs: number }): number[] {
  const own: number[] = [];
  for (const freeAtMs of account.minute.slotTimes(span.nowMs)) {
    for (let atMs = Math.max(freeAtMs, span.fromMs); atMs <= span.untilMs; atMs += cycleMs) own.push(atMs);
  }
  return own.sort((a, b) => a - b);
}
