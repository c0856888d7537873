// What a decision knows besides the outcome: the exchange so far, and what it may still do.
import type { RequestClass } from '../keys/lock';
import type { Outcome } from './outcome';

/** What an exchange has behind it. Counts are of earlier attempts; `attempt` includes the one that is judged. */
export interface Tally {
  /** 1-based; attempts that never reached a socket are not counted. */
  readonly attempt: number;
  /** Attempts that never reached a socket. */
  readonly notSents: number;
  readonly timeouts: number;
  /** 500s. */
  readonly internals: number;
  /** Resets, and heads that cannot be read, on a reused socket: each was answered by a retry on a connection of its own. */
  readonly freshRetries: number;
}

export interface Situation extends Tally {
  readonly class: RequestClass;
  /** Chat, completions, responses, messages, embeddings, rerank, or GET and HEAD. */
  readonly repeatable: boolean;
  readonly model: string | null;
  readonly nowMs: number;
  /** No attempt begins later. */
  readonly deadlineAtMs: number;
  /** See `attemptsAllowed`. */
  readonly attemptsAllowed: number;
  /** Whether comments, or a part of an answer, had come in the attempt that is judged: upstream worked on it, and bills it. */
  readonly sawWork: boolean;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Before the first outcome. */
export const firstTally: Tally = { attempt: 1, notSents: 0, timeouts: 0, internals: 0, freshRetries: 0 };

/** The tally for the attempt after this one. */
export function nextTally(tally: Tally, outcome: Outcome): Tally {
  const fault = outcome.kind === 'fault' ? outcome.fault : null;
  const wasSent = fault?.code !== 'notSent';
  const wasStale = fault !== null && 'reusedSocket' in fault && fault.reusedSocket;
  return {
    attempt: tally.attempt + (wasSent ? 1 : 0),
    notSents: tally.notSents + (wasSent ? 0 : 1),
    timeouts: tally.timeouts + (isTimeout(outcome) ? 1 : 0),
    internals: tally.internals + (outcome.kind === 'internal' ? 1 : 0),
    freshRetries: tally.freshRetries + (wasStale ? 1 : 0),
  };
}

/** Whether time ran out, here or at upstream: a paid request may have been worked on, and is billed then. */
function isTimeout(outcome: Outcome): boolean {
  if (outcome.kind === 'overloaded') return outcome.timedOut;
  return outcome.kind === 'fault' && timeoutCodes.has(outcome.fault.code);
}

const timeoutCodes: ReadonlySet<string> = new Set(['headTimeout', 'firstTokenTimeout', 'idleTimeout']);
