// Builds the snapshot for views from the state of the pool.
import type { Account } from '../keys/account';
import type { KeyState } from '../keys/keyState';
import type { Locks } from '../keys/lock';
import type { Pool } from '../keys/pool';
import type { Unreached } from '../proxy/upstream/reachability';
import { nameOf } from '../keys/denials';
import type { Wish } from '../keys/lease';
import type { RunningState } from '../proxy/runningExchange';
import { named } from './history/activity';
import type {
  AccountView,
  KeyView,
  LockView,
  ProxyState,
  RunningView,
  Snapshot,
  UnreachedView,
  WheelView,
} from './snapshot';

/** How many running requests views list. */
const mostRunning = 50;

export interface SnapshotParts {
  readonly pool: Pool;
  readonly proxy: ProxyState;
  readonly timezone: string;
  readonly paidRefusedAtMs: number | null;
  readonly unreached: Unreached | null;
  readonly running: readonly RunningState[];
}

/** The present, and the conversion of the pool's elapsed times to wall times. */
interface Now {
  readonly nowMs: number;
  readonly wall: (elapsedMs: number) => number;
}

export function buildSnapshot(parts: SnapshotParts): Snapshot {
  const { pool, proxy, timezone, paidRefusedAtMs, unreached, running } = parts;
  const nowMs = pool.roll();
  const { calendar, modelLocks } = pool.wheel;
  const now: Now = { nowMs, wall: (elapsedMs) => calendar.wallOf(elapsedMs) };
  return {
    atMs: now.wall(nowMs),
    proxy,
    timezone,
    ...(unreached === null ? {} : { unreached: unreachedView(unreached, now) }),
    wheel: {
      ...wheelView(pool.roster.accounts, pool.waiting, now),
      ...(paidRefusedAtMs === null ? {} : { paidRefusedAtMs }),
    },
    accounts: pool.roster.accounts.map((account) => accountView(account, now)),
    busyModels: modelLocks.active(nowMs).map(({ model, accountId, keyId, reason, untilMs }) => ({
      model,
      accountId,
      ...(keyId === null ? {} : { keyId }),
      reason,
      untilMs: now.wall(untilMs),
    })),
    running: running.slice(0, mostRunning).map((each) => runningView(each, pool, now)),
  };
}

/** When the first of the days, locks and full minutes in the snapshot ends; Infinity if there is none. */
export function nextEndMs({ atMs, accounts, busyModels }: Snapshot): number {
  const locks = accounts.flatMap((account) => [account, ...account.keys].flatMap((each) => each.locks));
  const days = accounts.map(({ day }) => day.resetAtMs);
  const ends = [...days, ...[...locks, ...accounts, ...busyModels].map(({ untilMs }) => untilMs)];
  return Math.min(...ends.flatMap((endMs) => (endMs !== null && endMs > atMs ? endMs : [])));
}

function unreachedView({ code, sinceMs, heldUntilMs }: Unreached, now: Now): UnreachedView {
  return { code, sinceMs: now.wall(sinceMs), heldUntilMs: instant(heldUntilMs, now) };
}

function runningView(running: RunningState, pool: Pool, now: Now): RunningView {
  const { requestId, plan, trail } = running;
  const { client, method, path, model } = plan;
  const { stage, keyLabel, attempts, startedAtMs } = trail;
  const isWaiting = stage === 'waiting';
  const isSent = stage === 'asking' || stage === 'answering';
  return {
    requestId,
    client: named(client),
    method,
    path: named(path.replace(/\?.*$/, '')),
    model: model === null ? null : named(model),
    startedAtMs,
    stage,
    keyLabel: isSent ? keyLabel : '',
    attempts: attempts.length,
    outcome: attempts.at(-1)?.outcome ?? null,
    nextAtMs: coming(isWaiting ? pool.wheel.servableAtMs(wishOf(plan), now.nowMs) : trail.untilMs, now),
    endsAtMs: isWaiting ? coming(trail.untilMs, now) : null,
  };
}

/** Null for a time that has passed or never comes. */
function coming(atMs: number, { nowMs, wall }: Now): number | null {
  return atMs > nowMs && Number.isFinite(atMs) ? wall(atMs) : null;
}

/** The pool's wish for the request, without the keys that it has tried: exact enough to tell when a slot frees. */
function wishOf({ requestClass, model }: RunningState['plan']): Wish {
  return { requestClass, model, conversation: null, accountId: null, tried: new Set(), hasFallback: false };
}

function wheelView(accounts: readonly Account[], waiting: number, { nowMs, wall }: Now): WheelView {
  const serving = accounts.filter((account) => account.keys.some((state) => state.serves('free')));
  const total = (of: (account: Account) => number): number =>
    serving.reduce((sum, account) => sum + of(account), 0);
  const resets = serving.map(({ ledger }) => ledger.resetAtMs);
  return {
    keys: accounts.reduce((sum, { keys }) => sum + keys.length, 0),
    accounts: accounts.length,
    freeLeft: total((account) => account.freeLeft(nowMs)),
    freeUsed: total((account) => account.ledger.limit - account.freeLeft(nowMs)),
    freeLimit: total(({ ledger }) => ledger.limit),
    resetAtMs: resets.length === 0 ? null : wall(Math.min(...resets)),
    waiting,
    inFlight: accounts.reduce((sum, { inFlight }) => sum + inFlight, 0),
  };
}

function accountView(account: Account, now: Now): AccountView {
  const { nowMs, wall } = now;
  const { ledger, minute } = account;
  const { own, latest } = ledger.day;
  const left = account.freeLeft(nowMs);
  const { state, untilMs } = stateOf(account, nowMs);
  return {
    accountId: account.accountId,
    name: nameOf(account),
    keys: account.keys.map((each) => keyView(each, now)),
    day: {
      // A day that upstream called used up counts as used up, whatever the ledger's sum is.
      used: Math.max(ledger.limit - left, Math.min(ledger.used, own)),
      limit: ledger.limit,
      left,
      own,
      server: latest === null ? null : { ...latest, atMs: wall(latest.atMs) },
      resetAtMs: wall(ledger.resetAtMs),
    },
    minute: { used: minute.used(nowMs), limit: minute.limit(nowMs) },
    creditsLeft: creditsLeft(account),
    locks: locksView(account.locks, now),
    state,
    untilMs: instant(untilMs, now),
  };
}

function stateOf(account: Account, nowMs: number): Pick<AccountView, 'state' | 'untilMs'> {
  const servesFree = account.keys.some((state) => state.serves('free'));
  if (!servesFree && !account.keys.some((state) => state.serves('paid')))
    return { state: 'off', untilMs: null };
  return (
    lockState(account, servesFree ? 'free' : 'paid', nowMs) ??
    (servesFree ? freeState(account, nowMs) : ready)
  );
}

const ready = { state: 'ready', untilMs: null } as const;

/** Null if no lock blocks requests of the class. */
function lockState(
  account: Account,
  requestClass: 'free' | 'paid',
  nowMs: number,
): Pick<AccountView, 'state' | 'untilMs'> | null {
  const daily = requestClass === 'free' ? account.locks.get('dailyLimit') : null;
  if (daily !== null && daily.untilMs > nowMs) return { state: 'usedUp', untilMs: daily.untilMs };
  const unlockedAtMs = account.unlockedAtMs(requestClass, nowMs);
  if (unlockedAtMs <= nowMs) return null;
  return { state: 'locked', untilMs: Number.isFinite(unlockedAtMs) ? unlockedAtMs : null };
}

function freeState(account: Account, nowMs: number): Pick<AccountView, 'state' | 'untilMs'> {
  if (account.ledger.left === 0 && account.ledger.emptiness !== 'exempt')
    return { state: 'usedUp', untilMs: account.ledger.resetAtMs };
  const slotAtMs = account.minute.nextSlotAtMs(nowMs);
  return slotAtMs > nowMs ? { state: 'waiting', untilMs: slotAtMs } : ready;
}

function keyView(state: KeyState, now: Now): KeyView {
  const { key, health, capLeft, requests, errors, lastUsedAtMs } = state;
  return {
    keyId: key.keyId,
    label: key.label,
    masked: key.masked,
    enabled: key.enabled,
    health,
    paidUse: key.paidUse,
    dailyLimit: key.dailyLimit,
    accountName: key.accountName,
    capLeft,
    expiresAtMs: state.reading?.expiresAtMs ?? null,
    locks: locksView(state.locks, now),
    requests,
    errors,
    lastUsedAtMs: instant(lastUsedAtMs, now),
  };
}

function locksView(locks: Locks, { nowMs, wall }: Now): LockView[] {
  return locks.active(nowMs).map(({ covers, reason, untilMs }) => ({
    covers,
    reason,
    untilMs: wall(untilMs),
  }));
}

function instant(elapsedMs: number | null, { wall }: Now): number | null {
  return elapsedMs === null ? null : wall(elapsedMs);
}

function creditsLeft(account: Account): number | null {
  const caps = account.keys.flatMap((state) => (state.serves('paid') ? [state.capLeft] : []));
  // A key without a cap may spend all credits of the account, and no reading has their number.
  if (caps.length === 0 || caps.includes(null)) return null;
  return caps.reduce<number>((sum, capLeft) => sum + (capLeft ?? 0), 0);
}
