// Applies an attempt's verdict to key, account and model: the only place where an answer locks them.
import type { Calendar } from './calendar';
import type { Lease } from './lease';
import {
  holdsModel,
  lockedUntilMs,
  modelScopes,
  scopes,
  type LockReason,
  type ModelLockReason,
  type Verdict,
} from './lock';
import { usualMinuteLimit } from './minuteWindow';
import type { Wheel } from './wheel';

const minuteMs = 60_000;

type Locked = Extract<Verdict, { kind: 'locked' }>;

/** Changes locks, limits and strikes as the verdict says; true if the change may concern a waiting request. */
export function learn(verdict: Verdict, lease: Lease, wheel: Wheel): boolean {
  switch (verdict.kind) {
    case 'healthy':
      return learnHealth(lease, wheel);
    case 'nothing':
      return false;
    case 'locked':
      if (holdsModel(verdict.reason)) learnModel(verdict.reason, verdict.untilMs, lease, wheel);
      else learnLimit(verdict.reason, verdict, lease, wheel);
      return true;
  }
}

function learnHealth({ account, attempt, grant, nowMs }: Lease, { modelLocks }: Wheel): boolean {
  const { state, request } = grant;
  state.refusedAtMs = Number.NEGATIVE_INFINITY;
  state.acceptedInVain = false;
  if (state.health === 'unchecked') state.health = 'good';
  const opensModel = modelLocks.healthy(request.model, account.accountId, state.key.keyId, nowMs);
  const opensAccount = account.answered(request.requestClass);
  const opensDay = attempt !== null && account.ledger.answered(attempt);
  return opensModel || opensAccount || opensDay;
}

function learnModel(reason: ModelLockReason, untilMs: number | null, lease: Lease, wheel: Wheel): void {
  const { account, nowMs, grant } = lease;
  const { model } = grant.request;
  if (model === null) return;
  if (reason === 'modelDailyLimit') wheel.modelClasses.noteCounted(model);
  const { holds } = modelScopes[reason];
  const accountId = holds === 'model' ? null : account.accountId;
  const keyId = holds === 'modelOnKey' ? grant.state.key.keyId : null;
  wheel.modelLocks.learn({ model, accountId, keyId, reason }, untilMs, nowMs);
}

/** Sets the lock of the reason's row in `scopes`; the lock of a used-up day ends with the day. */
function learnLimit(reason: LockReason, verdict: Locked, lease: Lease, wheel: Wheel): void {
  const { account, nowMs } = lease;
  const { state, request } = lease.grant;
  const { holds, covers, lasts } = scopes[reason];
  const { locks } = { key: state, account, everything: wheel }[holds];
  if (!learnBesides(reason, verdict, lease, wheel)) return;
  // Of the reasons in `scopes` only `noCredits` and `belowZero` grow with each lock in a row.
  const strikes = Math.max(1, account.creditStrikes);
  const untilMs =
    reason === 'dailyLimit'
      ? dayEndMs(verdict.untilMs, lease, wheel.calendar)
      : lockedUntilMs(lasts, { untilMs: verdict.untilMs, strikes, nowMs });
  // It is not documented whether a capped key still runs free models: a refused free request has shown that it does not.
  const showsAll = (reason === 'keyCap' || reason === 'budget') && request.requestClass === 'free';
  if (untilMs > nowMs) locks.set({ reason, covers: showsAll ? 'all' : covers, sinceMs: nowMs, untilMs });
}

/** Learns what a reason says besides its lock; false where no lock is to be set. */
function learnBesides(reason: LockReason, { limit }: Locked, lease: Lease, wheel: Wheel): boolean {
  const { account, attempt, nowMs } = lease;
  const { state, request } = lease.grant;
  const isLocked = (account.locks.get(reason)?.untilMs ?? 0) > nowMs;
  switch (reason) {
    case 'unauthorized': {
      const incident = wheel.roster.refused(state, nowMs);
      for (const other of incident) other.locks.lift('unauthorized');
      return incident.length === 0;
    }
    case 'dailyLimit':
      account.ledger.refused(limit, !isLocked);
      return true;
    case 'noCredits':
    case 'belowZero':
      if (request.model !== null) wheel.modelClasses.noteCosts(request.model);
      // Requests that were on their way when the lock was set teach nothing new.
      if (isLocked) return false;
      account.creditStrikes++;
      return true;
    case 'minuteLimit':
      if (attempt !== null) account.ledger.refusedForNow(attempt);
      if (limit !== null) account.minute.learnLimit(Math.min(limit, usualMinuteLimit), nowMs);
      return true;
    case 'inFlightBudget':
    case 'keyCap':
    case 'budget':
    case 'edgeBlocked':
      return true;
  }
}

/** The end of the used-up day in which the attempt was sent; an instant in the past where that day is over. */
function dayEndMs(untilMs: number | null, { nowMs, attempt }: Lease, calendar: Calendar): number {
  const fromMs = attempt?.sentAtMs ?? nowMs;
  // A hint that is later than the next reset is not believed: the day is the UTC day.
  const endMs = Math.min(untilMs ?? calendar.nextUtcMidnightMs(fromMs), calendar.nextUtcMidnightMs(nowMs));
  // An answer about a day that is over locks nothing; if its reset had passed before the attempt was sent, clocks differ.
  return endMs <= nowMs && fromMs >= endMs ? nowMs + minuteMs : endMs;
}
