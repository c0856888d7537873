// The facts that a decision needs besides the outcome: the exchange so far, and its remaining bounds.
import type { RequestClass } from '../../keys/lock';
import type { Outcome } from '../errors/outcome';
import type { FallbackKind } from '../request/fallback';
import type { Repeatable } from '../request/plan';

/** The attempts of an exchange. Counts are of earlier attempts; `attempt` and `attemptsHere` include the one that is judged. */
export interface Tally {
  /** 1-based, over all models; attempts that never reached a socket are not counted. */
  readonly attempt: number;
  /** Attempts that may have been billed without an answer, over all models. */
  readonly billable: number;
  /** This and the following fields are of the present model alone. */
  readonly attemptsHere: number;
  readonly notSents: number;
  readonly timeouts: number;
  /** Outcomes `internal`: status 500. */
  readonly internals: number;
  /** Resets, and unreadable heads, on a reused socket: each was followed by a retry on a connection of its own. */
  readonly freshRetries: number;
}

/** `otherAccount`: each other account is tried once, as its settings may differ · `giveBack`: the refusal is the answer. */
export type PolicyRefusals = 'otherAccount' | 'giveBack';

export interface Situation extends Tally {
  readonly class: RequestClass;
  readonly repeatable: Repeatable;
  readonly model: string | null;
  readonly nowMs: number;
  /** Waits and attempts since the exchange turned to the present model. */
  readonly spentHereMs: number;
  /** No attempt begins later. */
  readonly deadlineAtMs: number;
  readonly attemptsAllowed: number;
  /** Whether the judged attempt had brought comments, or a part of an answer: upstream worked on it, and bills it. */
  readonly sawWork: boolean;
  readonly fallback: FallbackKind;
  readonly fallbacksLeft: number;
  /** The model was left lately, and this attempt is its probe. */
  readonly isProbe: boolean;
  readonly policyRefusals: PolicyRefusals;
  /** Whether an account that was not tried yet could serve the request now. */
  readonly othersReady: boolean;
  /** The thing that is asked for was not found, and the account that made it is unknown. */
  readonly mayBeOthers: boolean;
  /** In [0, 1). */
  readonly random: () => number;
}

export const firstTally: Tally = {
  attempt: 1,
  billable: 0,
  attemptsHere: 1,
  notSents: 0,
  timeouts: 0,
  internals: 0,
  freshRetries: 0,
};

export function nextTally(tally: Tally, outcome: Outcome): Tally {
  const fault = outcome.kind === 'fault' ? outcome.fault : null;
  const wasSent = fault?.code !== 'notSent';
  const wasStale = fault !== null && 'reusedSocket' in fault && fault.reusedSocket;
  return {
    attempt: tally.attempt + Number(wasSent),
    billable: tally.billable + Number(mayBeBilled(outcome)),
    attemptsHere: tally.attemptsHere + Number(wasSent),
    notSents: tally.notSents + Number(!wasSent),
    timeouts: tally.timeouts + Number(isTimeout(outcome)),
    internals: tally.internals + Number(outcome.kind === 'internal'),
    freshRetries: tally.freshRetries + Number(wasStale),
  };
}

export function tallyOfNextModel({ attempt, billable }: Tally): Tally {
  return { ...firstTally, attempt, billable };
}

/** Whether upstream may have made, and billed, an answer that did not arrive: an error status before any output rules that out. */
export function mayBeBilled(outcome: Outcome): boolean {
  if (outcome.kind === 'overloaded') return outcome.timedOut;
  return outcome.kind === 'fault' && outcome.fault.code !== 'notSent' && outcome.fault.code !== 'clientGone';
}

function isTimeout(outcome: Outcome): boolean {
  if (outcome.kind === 'overloaded') return outcome.timedOut;
  if (outcome.kind !== 'fault') return false;
  const { code } = outcome.fault;
  return code === 'headTimeout' || code === 'firstTokenTimeout' || code === 'idleTimeout';
}

const mostAttempts = 10;
const fewestFreeAttempts = 4;
/** 5 %, as a divisor: 0.05 is not exact in binary, and the rounding up would show that. */
const freeShareDivisor = 20;
/** A read is worth a second try, and no wait. */
const readAttempts = 2;

/**
 * The number of attempts, the first included. Each attempt of a free request costs one of the day's allowance: it may
 * spend 5 % of `allowanceLeft` (the sum over the accounts that could serve it), rounded up, but 4 in any case.
 */
export function attemptsAllowed(requestClass: RequestClass, isRead: boolean, allowanceLeft: number): number {
  if (isRead) return readAttempts;
  if (requestClass !== 'free') return mostAttempts;
  const share = Math.ceil(Math.max(0, allowanceLeft) / freeShareDivisor);
  return Math.min(mostAttempts, Math.max(fewestFreeAttempts, share));
}

/** No wait in a loop is shorter: a hint of zero must not cause a tight loop. */
export const shortestWaitMs = 500;
const longestBackOffMs = 30_000;

/** Exponential with full jitter: between 0.5 s and 1, 2, 4 … 30 s. `attempt` is 1-based, `random` in [0, 1). */
export function backOffMs(attempt: number, random: () => number): number {
  const ceilingMs = Math.min(longestBackOffMs, 1000 * 2 ** Math.max(0, attempt - 1));
  return shortestWaitMs + Math.floor(random() * (ceilingMs - shortestWaitMs));
}
