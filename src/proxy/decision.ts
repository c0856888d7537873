// What to do with an outcome: a pure table, one row a kind, and the bounds that hold for every retry.
import type { Verdict } from '../keys/verdict';
import { wishAfterFault } from './faultRows';
import type { Outcome, OutcomeReason } from './outcome';
import { reasonOf } from './outcome';
import type { Situation } from './situation';
import { after, elsewhere, heldUntil, lockedUntil, noMore, nothing, waitFor, whileLocked } from './wish';
import type { Again, Wish } from './wish';

export type Decision =
  /** Pass the answer on. */
  | { readonly next: 'relay'; readonly verdict: Verdict }
  | {
      readonly next: 'retry';
      readonly verdict: Verdict;
      /** Before the next lease is asked for. */
      readonly waitMs: number;
      /**
       * The key that was just used must not serve this exchange again. False where the verdict's lock suffices: the
       * pool takes another account, waits for the lock's end, or refuses.
       */
      readonly elsewhere: boolean;
      /** The next attempt needs a connection of its own: the pooled ones may be dead, too. */
      readonly freshConnection: boolean;
      /** For the trail. */
      readonly reason: OutcomeReason;
    }
  /** Upstream's own error goes to the client as it came; a fault becomes the proxy's own error. */
  | { readonly next: 'giveBack'; readonly verdict: Verdict };

/** Never reached a socket more often than this: the network is down, not slow. */
const mostNotSents = 20;
/** An unknown 429 holds nothing back for longer. */
const longestUnknownMs = 60_000;

/**
 * The decision for an outcome. Every retry begins before the deadline, within the attempts allowed, and only if the
 * request may be repeated or was never sent.
 */
export function decide(outcome: Outcome, situation: Situation): Decision {
  if (outcome.kind === 'answer') return { next: 'relay', verdict: { kind: 'healthy' } };
  const { verdict, again } = wishAfter(outcome.kind, outcome, situation);
  if (again === null || !mayRepeat(again, situation)) return { next: 'giveBack', verdict };
  const { waitMs, freshConnection } = again;
  return {
    next: 'retry',
    verdict,
    waitMs,
    elsewhere: again.elsewhere,
    freshConnection,
    reason: reasonOf(outcome),
  };
}

function mayRepeat(again: Again, situation: Situation): boolean {
  if (situation.nowMs + again.waitMs > situation.deadlineAtMs) return false;
  if (again.unsent) return situation.notSents < mostNotSents;
  return situation.repeatable && situation.attempt < situation.attemptsAllowed;
}

type Failure = Exclude<Outcome, { kind: 'answer' }>;
type FailureOf<K extends Failure['kind']> = Extract<Failure, { kind: K }>;
type Rows = { readonly [K in Failure['kind']]: (outcome: FailureOf<K>, situation: Situation) => Wish };

/** Exhaustive by its type: a kind without a row does not compile. */
const rows: Rows = {
  dailyLimit: ({ untilMs, limit }, situation) =>
    whileLocked({ kind: 'dayUsedUp', untilMs, limit }, situation.class === 'free'),
  minuteLimit: ({ untilMs, limit }, situation) =>
    whileLocked(
      { kind: 'minuteUsedUp', untilMs: lockedUntil(untilMs, situation), limit },
      situation.class === 'free',
    ),
  busy: wishWhenBusy,
  // What a 402 means depends on what the request would have spent, and only the plan knows that for certain.
  noCredits: (_, situation) => elsewhere({ kind: situation.class === 'free' ? 'belowZero' : 'noCredits' }),
  belowZero: (_, situation) => elsewhere({ kind: situation.class === 'paid' ? 'noCredits' : 'belowZero' }),
  requestTooDear: () => noMore(nothing),
  // Another account may be free at once; this one is held back for as long as a wait would be.
  inFlightBudget: ({ untilMs }, situation) =>
    whileLocked(
      { kind: 'inFlightBudget', untilMs: situation.nowMs + waitFor(untilMs, situation) },
      situation.class === 'paid',
    ),
  keyCap: ({ untilMs }) => elsewhere({ kind: 'keyCap', untilMs }),
  budget: ({ untilMs }) => elsewhere({ kind: 'budget', untilMs }),
  unauthorized: () => elsewhere({ kind: 'unauthorized' }),
  edgeBlocked: ({ untilMs }, situation) => {
    const waitMs = waitFor(untilMs, situation);
    return after(waitMs, { kind: 'edgeBlocked', untilMs: situation.nowMs + waitMs });
  },
  overloaded: ({ untilMs, timedOut }, situation) => {
    const paidTwice = situation.class === 'paid' && timedOut && (situation.timeouts > 0 || situation.sawWork);
    return paidTwice ? noMore(nothing) : after(waitFor(untilMs, situation), nothing);
  },
  internal: (_, situation) =>
    situation.internals > 0 ? noMore(nothing) : after(waitFor(null, situation), nothing),
  requestFault: () => noMore(nothing),
  unknownLimit: wishAfterUnknownLimit,
  fault: ({ fault }, situation) => wishAfterFault(fault, situation),
};

function wishAfter<K extends Failure['kind']>(kind: K, outcome: FailureOf<K>, situation: Situation): Wish {
  return rows[kind](outcome, situation);
}

/** A shared pool is busy for every key; an account's own provider key is busy for that account alone. */
function wishWhenBusy(outcome: FailureOf<'busy'>, situation: Situation): Wish {
  const { isByok, allProviders } = outcome;
  const waitMs = waitFor(outcome.untilMs, situation);
  // A hint that leaves no time leaves the lock to the pool, whose locks grow.
  const untilMs = heldUntil(outcome.untilMs, situation);
  // Without a model there is nothing to lock, and without a lock nothing would hold an immediate retry back.
  if (situation.model === null) return after(waitMs, nothing);
  if (isByok) return whileLocked({ kind: 'modelBusy', untilMs, onAccountAlone: true }, true);
  if (situation.class !== 'free' && !allProviders) return after(waitMs, nothing);
  return after(waitMs, { kind: 'modelBusy', untilMs, onAccountAlone: false });
}

/**
 * Nobody said whose limit it was. A free request holds its account back for the hinted time, a minute at most, and
 * may try another one after a back-off; a paid one has nothing to hold back, and waits itself, or gives up.
 */
function wishAfterUnknownLimit({ untilMs }: FailureOf<'unknownLimit'>, situation: Situation): Wish {
  const waitMs = waitFor(untilMs, situation);
  if (situation.class !== 'free') return waitMs > longestUnknownMs ? noMore(nothing) : after(waitMs, nothing);
  const heldMs = Math.min(waitMs, longestUnknownMs);
  const verdict: Verdict = { kind: 'minuteUsedUp', untilMs: situation.nowMs + heldMs, limit: null };
  return after(Math.min(heldMs, waitFor(null, situation)), verdict);
}
