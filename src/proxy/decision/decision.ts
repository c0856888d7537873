// The decision after an outcome: a pure table with one row for each kind, and the bounds of every retry.
import type { Verdict } from '../../keys/lock';
import type { Fault, LimitOutcome, Outcome } from '../errors/outcome';
import type { FallbackKind } from '../request/fallback';
import { backOffMs, mayBeBilled, shortestWaitMs, type Situation } from './situation';

/** How the next attempt must differ from the last one: not at all, by another key, or by another account. */
export type Elsewhere = 'no' | 'key' | 'account';

/** `giveBack`: upstream's own error goes to the client as it came; a fault becomes the proxy's own error. */
export type Decision = { readonly next: 'fallback' | 'giveBack'; readonly verdict: Verdict } | Retry;

export interface Retry extends Pick<Again, 'waitMs' | 'elsewhere' | 'freshConnection'> {
  readonly next: 'retry';
  readonly verdict: Verdict;
  /** Only a back-off, no hint, speaks for the next attempt: `mostRepeats` bounds how many requests repeat on a guess at once. */
  readonly isGuess: boolean;
}

/** After this many attempts that never reached a socket the network is down, not slow. */
const mostNotSents = 20;
/** An unexplained 429 with a longer hint is given back. */
const longestUnknownMs = 60_000;
/** While another model is left: the attempts on this one, and the time after which none begins. */
const attemptsBeforeFallback = 3;
const waitBeforeFallbackMs = 3_000;
/** A page of Cloudflare without a hint holds all requests back for this long at most. */
const longestPageMs = 1_000;
/** The time that a request for a free model waits for a hint before it goes on to a paid one: waiting costs nothing. */
const hintBeforePaidMs = 20_000;

/** A row's decision, before the bounds of every retry are applied. */
interface Row {
  readonly verdict: Verdict;
  /** Null: this model is not to be tried again. */
  readonly again: Again | null;
}

interface Again {
  readonly waitMs: number;
  readonly isHinted: boolean;
  /** 'no' where the verdict's lock suffices: the pool takes another account, waits for the lock's end, or refuses. */
  readonly elsewhere: Elsewhere;
  /** The next attempt needs a connection of its own: the pooled ones may be dead, too. */
  readonly freshConnection: boolean;
  /** The attempt never reached a socket: sending it again repeats nothing, and costs nothing. */
  readonly unsent: boolean;
}

/**
 * The decision for an outcome. Every retry begins before the deadline, within the attempts allowed, and only if the
 * request may be repeated or was never sent. A paid request is sent twice at most where it may have been billed.
 */
export function decide(outcome: Outcome, situation: Situation): Decision {
  const { verdict, again } = rowOf(outcome.kind, outcome, situation);
  if (again !== null && mayRepeat(outcome, again, situation) && isBeforeFallback(outcome, again, situation)) {
    const { waitMs, elsewhere, freshConnection } = again;
    const isGuess = !again.isHinted && !again.unsent && waitMs > 0;
    return { next: 'retry', verdict, waitMs, elsewhere, freshConnection, isGuess };
  }
  return { next: mayFallBack(outcome, situation) ? 'fallback' : 'giveBack', verdict };
}

function mayRepeat(outcome: Outcome, again: Again, situation: Situation): boolean {
  if (situation.nowMs + again.waitMs > situation.deadlineAtMs) return false;
  if (again.unsent) return situation.notSents < mostNotSents;
  if (situation.repeatable === 'never' || (situation.repeatable === 'refused' && !refusals.has(outcome.kind)))
    return false;
  // One attempt is kept for each fallback model that is left.
  const allowed = situation.attemptsAllowed - situation.fallbacksLeft;
  return !isBilledOver(1, outcome, situation) && situation.attempt < allowed;
}

/** Refusals of the key or account, or of a thing of another account: nothing was made, whatever the request would make. */
const refusals: ReadonlySet<Outcome['kind']> = new Set([
  'dailyLimit',
  'minuteLimit',
  'modelLimit',
  'modelDailyLimit',
  'noCredits',
  'belowZero',
  'requestTooDear',
  'inFlightBudget',
  'keyCap',
  'budget',
  'policy',
  'ownKeyWanted',
  'unauthorized',
  'requestFault',
]);

/** Silence, a reset, a cut, and statuses about time may have been billed: such a request is sent once more, on any model. */
function isBilledOver(times: number, outcome: Outcome, situation: Situation): boolean {
  return situation.class === 'paid' && situation.billable + Number(mayBeBilled(outcome)) > times;
}

function isBeforeFallback(outcome: Outcome, again: Again, situation: Situation): boolean {
  if (situation.fallback === 'none' || again.unsent || again.elsewhere !== 'no' || !isModelsToMend(outcome))
    return true;
  // After a send that may have been billed, the last one goes to the model that may answer: the fallback.
  if (isBilledOver(0, outcome, situation)) return false;
  if (situation.isProbe || situation.attemptsHere >= attemptsBeforeFallback) return false;
  return situation.spentHereMs + again.waitMs <= patienceMs(situation.fallback, again.isHinted);
}

/** How long a request waits for its present model, and for a slot, while it has a fallback of this kind; Infinity without one. */
export function patienceMs(fallback: FallbackKind, isEndKnown: boolean): number {
  if (fallback === 'none') return Infinity;
  return fallback === 'paid' && isEndKnown ? hintBeforePaidMs : waitBeforeFallbackMs;
}

function mayFallBack(outcome: Outcome, situation: Situation): boolean {
  if (
    situation.fallback === 'none' ||
    situation.repeatable !== 'always' ||
    isBilledOver(1, outcome, situation)
  )
    return false;
  if (situation.attempt >= situation.attemptsAllowed || situation.nowMs > situation.deadlineAtMs)
    return false;
  return isModelsToMend(outcome);
}

/** Whether another model may help: not where the key, the address or the network is refused, or where the request itself is at fault. */
function isModelsToMend(outcome: Outcome): boolean {
  if (outcome.kind === 'requestFault') return outcome.model !== 'fit';
  if (outcome.kind === 'fault')
    return outcome.fault.code !== 'clientGone' && outcome.fault.code !== 'notSent';
  if (outcome.kind === 'edgeBlocked') return outcome.untilMs === null;
  return outcome.kind !== 'unauthorized';
}

type OutcomeOf<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>;
type Rows = { readonly [K in Outcome['kind']]: (outcome: RowInput<K>, situation: Situation) => Row };
type RowInput<K extends Outcome['kind']> = K extends LimitOutcome['kind'] ? LimitOutcome : OutcomeOf<K>;

const nothing: Verdict = { kind: 'nothing' };

/** Exhaustive by its type: a kind without a row does not compile. `keys/lock.ts` says what each reason locks. */
const rows: Rows = {
  dailyLimit: (outcome, situation) => whileLocked(outcome, situation.class === 'free'),
  minuteLimit: (outcome, situation) =>
    whileLocked({ ...outcome, untilMs: lockedUntil(outcome.untilMs, situation) }, situation.class === 'free'),
  modelLimit: (outcome) => whileLocked(outcome, true),
  modelDailyLimit: (outcome) => whileLocked(outcome, true),
  sharedCapacity: (outcome, situation) => whileLocked(outcome, situation.model !== null),
  busy: rowOfBusy,
  // The meaning of a 402 depends on whether the request would have spent credits, and only the plan's class tells that for certain.
  noCredits: (outcome, situation) =>
    elsewhere({ ...outcome, kind: situation.class === 'free' ? 'belowZero' : 'noCredits' }, 'account'),
  belowZero: (outcome, situation) =>
    elsewhere({ ...outcome, kind: situation.class === 'paid' ? 'noCredits' : 'belowZero' }, 'account'),
  requestTooDear: ({ limits }) => ({ verdict: nothing, again: { ...atOnce, elsewhere: limits } }),
  // Another account may be free at once; this one is locked for as long as a wait would last.
  inFlightBudget: (outcome, situation) =>
    whileLocked(
      { ...outcome, untilMs: situation.nowMs + waitFor(outcome.untilMs, situation) },
      situation.class === 'paid',
    ),
  keyCap: (outcome) => elsewhere(outcome, 'key'),
  budget: rowOfPolicy,
  policy: rowOfPolicy,
  ownKeyWanted: rowOfPolicy,
  unauthorized: (outcome) => elsewhere(outcome, 'key'),
  // A page without a hint may be about this request or model alone: other requests are held back only for a moment.
  edgeBlocked: (outcome, situation) => {
    const waitMs = waitFor(outcome.untilMs, situation);
    const hinted = { isHinted: isHinted(outcome.untilMs, situation) };
    const heldMs = hinted.isHinted ? waitMs : Math.min(waitMs, longestPageMs);
    return after(waitMs, locked({ ...outcome, untilMs: situation.nowMs + heldMs }), hinted);
  },
  overloaded: ({ untilMs, timedOut }, situation) =>
    timedOut && (situation.fallback !== 'none' || (situation.class === 'paid' && situation.sawWork))
      ? noMore(nothing)
      : whenHinted(untilMs, situation),
  internal: (_, situation) => (situation.internals > 0 ? noMore(nothing) : whenHinted(null, situation)),
  requestFault: (_, { mayBeOthers, othersReady }) =>
    mayBeOthers && othersReady ? after(0, nothing, { elsewhere: 'account' }) : noMore(nothing),
  unknownLimit: rowOfUnknownLimit,
  fault: ({ fault }, situation) => rowOfFault(fault, situation),
};

function rowOf<K extends Outcome['kind']>(kind: K, outcome: RowInput<K>, situation: Situation): Row {
  return rows[kind](outcome, situation);
}

/** A shared pool is busy for every key; an account's own provider key is busy for that account alone. */
function rowOfBusy(outcome: OutcomeOf<'busy'>, situation: Situation): Row {
  const { isByok, allProviders, untilMs } = outcome;
  // Without a model there is nothing to lock, and without a lock an immediate retry would not be held back.
  const isLocked = situation.model !== null && (isByok || allProviders || situation.class === 'free');
  if (!isLocked) return whenHinted(untilMs, situation);
  const hinted = { isHinted: isHinted(untilMs, situation) };
  const reason = isByok ? 'ownProviderBusy' : 'busy';
  // Without a hint the pool's own locks decide: they grow with each failure.
  const lockedUntilMs = hinted.isHinted ? untilMs : null;
  return after(0, { kind: 'locked', reason, untilMs: lockedUntilMs, limit: null }, hinted);
}

/**
 * A setting or budget refuses: each other account is tried once, if the user allows that. It may be a setting of the
 * key's own workspace: without another account the account's other keys are tried.
 */
function rowOfPolicy(outcome: LimitOutcome, { policyRefusals, othersReady }: Situation): Row {
  if (policyRefusals !== 'otherAccount') return noMore(locked(outcome));
  return elsewhere(outcome, othersReady || outcome.kind === 'ownKeyWanted' ? 'account' : 'key');
}

/**
 * Upstream did not say whose limit it was. Another account is tried at once; the last one after the hint, a minute at
 * most, or after a back-off.
 */
function rowOfUnknownLimit(outcome: LimitOutcome, situation: Situation): Row {
  const waitMs = waitFor(outcome.untilMs, situation);
  const verdict = locked(outcome);
  if (situation.othersReady) return after(0, verdict);
  if (waitMs > longestUnknownMs) return noMore(verdict);
  return after(waitMs, verdict, { isHinted: isHinted(outcome.untilMs, situation) });
}

/** No fault says anything about a key, an account or a model. */
function rowOfFault(fault: Fault, situation: Situation): Row {
  switch (fault.code) {
    case 'notSent':
      return fault.retryAtMs === undefined ? notSent(situation) : noMore(nothing);
    case 'resetBeforeHead':
      return afterReset(fault.reusedSocket, situation);
    case 'unreadable':
      return afterUnreadable(fault.reusedSocket, situation);
    case 'headTimeout':
    case 'firstTokenTimeout':
      return afterSilence(situation.sawWork, situation);
    // The head of an answer had come: the answer is being made, and billed.
    case 'idleTimeout':
      return afterSilence(true, situation);
    // An answer whose head had come was made, and is billed.
    case 'cut':
      return situation.class === 'paid' ? noMore(nothing) : whenHinted(null, situation);
    // Something between here and upstream may have answered in upstream's place.
    case 'notAnAnswer':
      return whenHinted(null, situation);
    case 'clientGone':
    case 'headTooLarge':
      return noMore(nothing);
  }
}

/** At once; from the second time on with back-off, so that a network that is down causes no tight loop. */
function notSent(situation: Situation): Row {
  const waitMs = situation.notSents === 0 ? 0 : backOffMs(situation.notSents, situation.random);
  return after(waitMs, nothing, { unsent: true });
}

/** A dead idle connection shows only at the next request: that is sent again, past others that may be dead too. */
function afterReset(reusedSocket: boolean, situation: Situation): Row {
  if (reusedSocket && situation.freshRetries === 0) return after(0, nothing, { freshConnection: true });
  return whenHinted(null, situation);
}

/** Upstream did answer, and bills it; on a reused connection the bytes may be the rest of another answer. */
function afterUnreadable(reusedSocket: boolean, situation: Situation): Row {
  const mayBeRest = reusedSocket && situation.freshRetries === 0;
  if (!mayBeRest || situation.class === 'paid') return noMore(nothing);
  return after(0, nothing, { freshConnection: true });
}

/** A silent route is tried once more, unless another model is left or the user's money may already be spent. */
function afterSilence(sawWork: boolean, situation: Situation): Row {
  const isOver = situation.timeouts > 0 || situation.fallback !== 'none';
  if (isOver || (situation.class === 'paid' && sawWork)) return noMore(nothing);
  return after(waitFor(null, situation), nothing, { freshConnection: true });
}

const atOnce: Again = { waitMs: 0, isHinted: true, elsewhere: 'no', freshConnection: false, unsent: false };

function noMore(verdict: Verdict): Row {
  return { verdict, again: null };
}

/** At once, and never again in this exchange with the same key or account: a wait for it would not help. */
function elsewhere(outcome: LimitOutcome, how: Elsewhere): Row {
  return { verdict: locked(outcome), again: { ...atOnce, elsewhere: how } };
}

/**
 * At once: the verdict's lock keeps the account off, and the pool takes another one, waits for the lock's end, or
 * refuses. A request that the lock does not cover must use another key.
 */
function whileLocked(outcome: LimitOutcome, isCovered: boolean): Row {
  return isCovered ? { verdict: locked(outcome), again: atOnce } : elsewhere(outcome, 'key');
}

function after(waitMs: number, verdict: Verdict, how: Partial<Again> = {}): Row {
  return { verdict, again: { ...atOnce, isHinted: false, waitMs, ...how } };
}

/** At the hinted instant, or after a back-off without a hint. */
function whenHinted(untilMs: number | null, situation: Situation): Row {
  return after(waitFor(untilMs, situation), nothing, { isHinted: isHinted(untilMs, situation) });
}

/** The verdict of a limit: the outcome's kind is the lock's reason. */
function locked({ kind, untilMs, limit }: LimitOutcome): Verdict {
  return { kind: 'locked', reason: kind, untilMs, limit };
}

/** A hint that leaves no time counts as none. */
function isHinted(untilMs: number | null, { nowMs }: Situation): boolean {
  return untilMs !== null && untilMs - nowMs >= shortestWaitMs;
}

/** The hint moved to an instant that leaves time, so that a lock until then has an effect; null if there was none. */
function lockedUntil(untilMs: number | null, situation: Situation): number | null {
  return untilMs === null ? null : situation.nowMs + waitFor(untilMs, situation);
}

function waitFor(untilMs: number | null, situation: Situation): number {
  const isTimed = untilMs !== null && isHinted(untilMs, situation);
  return isTimed ? untilMs - situation.nowMs : backOffMs(situation.attempt, situation.random);
}

const modelFailures: ReadonlySet<Outcome['kind']> = new Set([
  'busy',
  'sharedCapacity',
  'overloaded',
  'internal',
  'unknownLimit',
  'edgeBlocked',
  'fault',
  // The model is left once no other account can be tried.
  'policy',
  'ownKeyWanted',
]);

/** Whether the failure (null: an answer broke off) is the model's: then requests with a fallback do not begin with it for a while. */
export function isModelFailure(outcome: Outcome | null): boolean {
  if (outcome?.kind === 'requestFault') return outcome.model === 'gone';
  return outcome === null || modelFailures.has(outcome.kind);
}

/** Whether a setting or budget of the account refused the request. */
export function isPolicyRefusal({ kind }: Outcome): boolean {
  return kind === 'policy' || kind === 'ownKeyWanted' || kind === 'budget';
}

/** The verdict for an error that came after the beginning of an answer; null: the answer broke off without an error. */
export function verdictOnEnd(outcome: Outcome | null, situation: Situation): Verdict {
  const said = outcome === null ? nothing : decide(outcome, situation).verdict;
  if (said.kind === 'locked' || situation.class !== 'free' || outcome?.kind === 'requestFault') return said;
  // A broken answer locks its free model as a busy provider does.
  return { kind: 'locked', reason: 'busy', untilMs: null, limit: null };
}
