// What a row of the decision table asks for, before the bounds of every retry are applied.
import type { Verdict } from '../keys/verdict';
import { backOffMs, shortestWaitMs } from './backOff';
import type { Situation } from './situation';

export interface Again {
  readonly waitMs: number;
  readonly elsewhere: boolean;
  readonly freshConnection: boolean;
  /** The attempt never reached a socket: repeating it repeats nothing, and costs nothing. */
  readonly unsent: boolean;
}

export interface Wish {
  readonly verdict: Verdict;
  /** Null: not to be tried again. */
  readonly again: Again | null;
}

export const nothing: Verdict = { kind: 'nothing' };

const plainly: Again = { waitMs: 0, elsewhere: false, freshConnection: false, unsent: false };

/** Gives upstream's answer back. */
export function noMore(verdict: Verdict): Wish {
  return { verdict, again: null };
}

/** At once, and never again in this exchange with the key that was just used: waiting for it would not help. */
export function elsewhere(verdict: Verdict): Wish {
  return { verdict, again: { ...plainly, elsewhere: true } };
}

/**
 * At once: the lock that the verdict sets keeps the account off, and the pool takes another one, waits for the lock's
 * end, or refuses. A request that the lock does not cover must go elsewhere.
 */
export function whileLocked(verdict: Verdict, isCovered: boolean): Wish {
  return isCovered ? after(0, verdict) : elsewhere(verdict);
}

export function after(waitMs: number, verdict: Verdict, how: Partial<Again> = {}): Wish {
  return { verdict, again: { ...plainly, waitMs, ...how } };
}

/** The hinted instant, or null: a hint that leaves no time is none. */
export function heldUntil(untilMs: number | null, situation: Situation): number | null {
  return untilMs !== null && untilMs - situation.nowMs >= shortestWaitMs ? untilMs : null;
}

/** The hint as an instant that leaves time, so that a lock until then does hold; null if there was none. */
export function lockedUntil(untilMs: number | null, situation: Situation): number | null {
  return untilMs === null ? null : situation.nowMs + waitFor(untilMs, situation);
}

/** The hint first, else back-off. */
export function waitFor(untilMs: number | null, situation: Situation): number {
  const hintedMs = heldUntil(untilMs, situation);
  return hintedMs === null ? backOffMs(situation.attempt, situation.random) : hintedMs - situation.nowMs;
}
