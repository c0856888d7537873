// What an attempt's verdict teaches: the only place where key, account and model learn from answers.
import type { Account } from './account';
import { nextUtcMidnightMs } from './calendar';
import type { Incidents } from './incidents';
import type { KeyState } from './keyState';
import type { Covers, Lock, LockReason, Locks, RequestClass } from './lock';
import type { ModelLocks } from './modelLocks';
import type { Verdict } from './verdict';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const firstCreditLockMs = 5 * minuteMs;
const shortLockMs = 10_000;
/** A hint that has passed already must not let the next request run into the same answer. */
const shortestLockMs = 1_000;
/** Hints for what is over soon by nature are believed up to here. */
const longestShortHintMs = 5 * minuteMs;

/** The attempt that the verdict is about. */
export interface Lesson {
  readonly account: Account;
  readonly state: KeyState;
  readonly requestClass: RequestClass;
  readonly model: string | null;
  /** When the attempt left. */
  readonly sentAtMs: number;
  readonly nowMs: number;
}

/** What learning may change beside the lesson's own key and account. */
export interface Memory {
  readonly modelLocks: ModelLocks;
  readonly incidents: Incidents;
  /** Locks of everything. */
  readonly wheelLocks: Locks;
}

/** Changes locks, limits and strikes as the verdict says; true if anything changed that a waiting request could feel. */
export function learn(verdict: Verdict, lesson: Lesson, memory: Memory): boolean {
  const { account, state, model, nowMs } = lesson;
  switch (verdict.kind) {
    case 'healthy':
      return learnHealth(lesson, memory);
    case 'nothing':
      return false;
    case 'modelBusy':
      if (model === null) return false;
      memory.modelLocks.busy(
        model,
        verdict.onAccountAlone ? account.accountId : null,
        verdict.untilMs,
        nowMs,
      );
      return true;
    case 'unauthorized':
      learnUnauthorized(lesson, memory);
      return true;
    case 'keyCap':
    case 'budget': {
      const untilMs = Math.max(verdict.untilMs ?? 0, nowMs + minuteMs);
      state.locks.set(
        lockOf(verdict.kind, 'all', nowMs, verdict.untilMs === null ? nowMs + hourMs : untilMs),
      );
      return true;
    }
    case 'edgeBlocked':
      memory.wheelLocks.set(lockOf('edgeBlocked', 'all', nowMs, shortUntilMs(verdict.untilMs, nowMs)));
      return true;
    case 'dayUsedUp':
    case 'minuteUsedUp':
    case 'noCredits':
    case 'belowZero':
    case 'inFlightBudget':
      learnAccountLimit(verdict, lesson);
      return true;
  }
}

type AccountLimit = Extract<
  Verdict,
  { kind: 'dayUsedUp' | 'minuteUsedUp' | 'noCredits' | 'belowZero' | 'inFlightBudget' }
>;

function learnAccountLimit(verdict: AccountLimit, lesson: Lesson): void {
  const { account, nowMs } = lesson;
  switch (verdict.kind) {
    case 'dayUsedUp':
      learnDayUsedUp(verdict, lesson);
      return;
    case 'minuteUsedUp':
      if (verdict.limit !== null) account.minute.learnLimit(verdict.limit, nowMs);
      account.locks.set(
        lockOf(
          'minuteLimit',
          'free',
          nowMs,
          within(verdict.untilMs, nowMs + shortestLockMs, nowMs + minuteMs),
        ),
      );
      return;
    case 'noCredits':
      lockForCredits('noCredits', 'paid', lesson);
      return;
    case 'belowZero':
      lockForCredits('belowZero', 'all', lesson);
      return;
    case 'inFlightBudget':
      account.locks.set(lockOf('inFlightBudget', 'paid', nowMs, shortUntilMs(verdict.untilMs, nowMs)));
  }
}

function learnHealth({ account, state, requestClass, model, nowMs }: Lesson, memory: Memory): boolean {
  memory.incidents.accepted(state);
  memory.modelLocks.healthy(model, account.accountId, nowMs);
  if (state.health === 'unchecked') state.health = 'good';
  if (requestClass === 'unmetered') return true;
  const wasBelowZero = account.locks.lift('belowZero');
  if (requestClass === 'paid') account.locks.lift('noCredits');
  // A free answer says nothing about credits, except that the balance is not below zero.
  if (requestClass === 'paid' || wasBelowZero) account.creditStrikes = 0;
  return true;
}

function learnUnauthorized({ account, state, nowMs }: Lesson, memory: Memory): void {
  state.lastRefusedAtMs = nowMs;
  const incident = memory.incidents.refused(account, state, nowMs);
  if (incident.length === 0) {
    state.locks.set(lockOf('unauthorized', 'all', nowMs, nowMs + minuteMs));
    return;
  }
  for (const other of incident) other.locks.lift('unauthorized');
}

/** The day that the attempt was sent in is used up. */
function learnDayUsedUp(verdict: Extract<Verdict, { kind: 'dayUsedUp' }>, lesson: Lesson): void {
  const { account, sentAtMs, nowMs } = lesson;
  if (verdict.limit !== null) account.ledger.learnLimit(verdict.limit);
  const resetAtMs = nextUtcMidnightMs(sentAtMs);
  // A longer hint than the next reset is not believed: the day is the UTC day.
  const untilMs = Math.min(verdict.untilMs ?? resetAtMs, nextUtcMidnightMs(nowMs));
  if (untilMs > nowMs) account.locks.set(lockOf('dailyLimit', 'free', nowMs, untilMs));
  // An answer about a day that is over locks nothing; a reset that had passed when the attempt left means that clocks differ.
  else if (sentAtMs >= untilMs) account.locks.set(lockOf('dailyLimit', 'free', nowMs, nowMs + minuteMs));
}

/** 5 minutes, doubled with each "no credits" in a row up to an hour; then the next real request is the probe. */
function lockForCredits(reason: 'noCredits' | 'belowZero', covers: Covers, lesson: Lesson): void {
  const { account, nowMs } = lesson;
  // Requests that were on their way when the lock fell tell nothing new.
  if ((account.locks.get(reason)?.untilMs ?? 0) > nowMs) return;
  account.creditStrikes++;
  const lockMs = Math.min(hourMs, firstCreditLockMs * 2 ** (account.creditStrikes - 1));
  account.locks.set(lockOf(reason, covers, nowMs, nowMs + lockMs));
}

/** The hint, as far as it lies between the two; without one the later. */
function within(untilMs: number | null, earliestMs: number, latestMs: number): number {
  return Math.max(earliestMs, Math.min(untilMs ?? latestMs, latestMs));
}

function shortUntilMs(untilMs: number | null, nowMs: number): number {
  return within(untilMs ?? nowMs + shortLockMs, nowMs + shortestLockMs, nowMs + longestShortHintMs);
}

function lockOf(reason: LockReason, covers: Covers, sinceMs: number, untilMs: number): Lock {
  return { reason, covers, sinceMs, untilMs };
}
