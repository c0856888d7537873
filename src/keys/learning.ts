// What an attempt's verdict teaches: the only place where key, account and model learn from answers.
import type { Account } from './account';
import type { Calendar } from './calendar';
import type { ModelClasses } from './freeModel';
import type { KeyState } from './keyState';
import type { Lease } from './lease';
import type { Locks } from './lock';
import type { ModelLocks } from './modelLocks';
import {
  holdsModel,
  lockedUntilMs,
  modelScopes,
  scopes,
  type LockReason,
  type ModelLockReason,
  type Verdict,
} from './scope';

const minuteMs = 60_000;

/** What learning may change beside the lease's own key and account. */
export interface Memory {
  readonly modelLocks: ModelLocks;
  readonly modelClasses: ModelClasses;
  readonly incidents: Incidents;
  /** Locks of everything. */
  readonly locks: Locks;
  readonly calendar: Calendar;
}

type Locked = Extract<Verdict, { kind: 'locked' }>;

/** Changes locks, limits and strikes as the verdict says; true if anything changed that a waiting request could feel. */
export function learn(verdict: Verdict, lease: Lease, memory: Memory): boolean {
  switch (verdict.kind) {
    case 'healthy':
      return learnHealth(lease, memory);
    case 'nothing':
      return false;
    case 'locked':
      if (holdsModel(verdict.reason)) learnModel(verdict.reason, verdict.untilMs, lease, memory);
      else learnLimit(verdict.reason, verdict, lease, memory);
      return true;
  }
}

function learnHealth(lease: Lease, { modelLocks, incidents }: Memory): boolean {
  const { account, nowMs } = lease;
  const { state, request } = lease.grant;
  incidents.accepted(state);
  state.accepted();
  const isModelOpener = modelLocks.healthy(request.model, account.accountId, state.key.keyId, nowMs);
  const isAccountOpener = account.answered(request.requestClass);
  return lease.learnAnswered() || isModelOpener || isAccountOpener;
}

function learnModel(
  reason: ModelLockReason,
  untilMs: number | null,
  { account, nowMs, grant }: Lease,
  { modelLocks, modelClasses }: Memory,
): void {
  const { model } = grant.request;
  if (model === null) return;
  if (reason === 'modelDailyLimit') modelClasses.noteCounted(model);
  const { holds } = modelScopes[reason];
  const accountId = holds === 'model' ? null : account.accountId;
  const keyId = holds === 'modelOnKey' ? grant.state.key.keyId : null;
  modelLocks.learn({ model, accountId, keyId, reason }, untilMs, nowMs);
}

/** What is locked is `scopes` to say; here stands what a reason teaches besides, and whose lock does not follow from its row. */
function learnLimit(reason: LockReason, verdict: Locked, lease: Lease, memory: Memory): void {
  const { account, nowMs } = lease;
  const { state, request } = lease.grant;
  const { untilMs, limit } = verdict;
  switch (reason) {
    case 'unauthorized': {
      const incident = memory.incidents.refused(account, state, nowMs);
      for (const other of incident) other.locks.lift('unauthorized');
      if (incident.length > 0) return;
      break;
    }
    case 'dailyLimit':
      learnDailyLimit(verdict, lease, memory.calendar);
      return;
    case 'noCredits':
    case 'belowZero':
      if (request.model !== null) memory.modelClasses.noteCosts(request.model);
      account.lackedCredits(reason, nowMs);
      return;
    case 'minuteLimit':
      if (limit !== null) account.minute.learnLimit(limit, nowMs);
      break;
    case 'inFlightBudget':
    case 'keyCap':
    case 'budget':
    case 'edgeBlocked':
      break;
  }
  const { holds, covers, lasts } = scopes[reason];
  // Whether free models pass on a capped key is not known: a free request that was refused has shown that they do not.
  const showsAll = (reason === 'keyCap' || reason === 'budget') && request.requestClass === 'free';
  const { locks } = { key: state, account, everything: memory }[holds];
  const endMs = lockedUntilMs(lasts, { untilMs, strikes: 1, nowMs });
  locks.set({ reason, covers: showsAll ? 'all' : covers, sinceMs: nowMs, untilMs: endMs });
}

/** The day that the attempt was sent in is used up. */
function learnDailyLimit({ untilMs, limit }: Locked, lease: Lease, calendar: Calendar): void {
  const { account, nowMs } = lease;
  account.ledger.refused(limit);
  const sentAtMs = lease.sentAtMs ?? nowMs;
  // A longer hint than the next reset is not believed: the day is the UTC day.
  const endMs = Math.min(untilMs ?? calendar.nextUtcMidnightMs(sentAtMs), calendar.nextUtcMidnightMs(nowMs));
  if (endMs > nowMs) account.lockDay(endMs, nowMs);
  // An answer about a day that is over locks nothing; a reset that had passed when the attempt left means that clocks differ.
  else if (sentAtMs >= endMs) account.lockDay(nowMs + minuteMs, nowMs);
}

const incidentMs = 60_000;

/** Tells one bad key from upstream's bad minute: several accounts refused at once are nobody's fault here. */
export class Incidents {
  private recent: { readonly account: Account; readonly state: KeyState; readonly atMs: number }[] = [];

  /** Notes a 401; returns the keys of an incident (two accounts or more within a minute), or none. */
  refused(account: Account, state: KeyState, nowMs: number): readonly KeyState[] {
    this.recent = this.recent.filter((entry) => nowMs - entry.atMs < incidentMs && entry.state !== state);
    this.recent.push({ account, state, atMs: nowMs });
    const accounts = new Set(this.recent.map((entry) => entry.account.current));
    return accounts.size < 2 ? [] : this.recent.map((entry) => entry.state);
  }

  /** A key was accepted: what was refused before it was the keys' own fault, not upstream's. */
  accepted(state: KeyState): void {
    if (this.recent.length > 0) this.recent = this.recent.filter((entry) => entry.state !== state);
  }
}
