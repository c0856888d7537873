// The snapshot that views see, made of what the wheel knows.
import type { Account } from '../keys/account';
import type { KeyState } from '../keys/keyState';
import type { Lock } from '../keys/lock';
import type { Pool } from '../keys/pool';
import { nameOf } from '../keys/standing';
import type { AccountView, KeyView, LockView, ProxyState, Snapshot, WheelView } from './snapshot';

export interface SnapshotParts {
  readonly pool: Pool;
  readonly proxy: ProxyState;
  readonly timezone: string;
  readonly lastRefusalAtMs: number | null;
}

export function buildSnapshot(
  { pool, proxy, timezone, lastRefusalAtMs }: SnapshotParts,
  nowMs: number,
): Snapshot {
  const { wheel } = pool;
  wheel.roll(nowMs);
  const accounts = wheel.roster.accounts.map((account) => accountView(account, nowMs));
  return {
    protocol: 1,
    atMs: nowMs,
    proxy,
    timezone,
    wheel: wheelView(wheel.roster.accounts, { waiting: pool.waiting, lastRefusalAtMs }, nowMs),
    accounts,
    busyModels: wheel.modelLocks.active(nowMs).map(({ model, accountId, sinceMs, untilMs }) => ({
      model,
      accountId,
      sinceMs,
      untilMs,
    })),
  };
}

function wheelView(
  accounts: readonly Account[],
  { waiting, lastRefusalAtMs }: Pick<WheelView, 'waiting' | 'lastRefusalAtMs'>,
  nowMs: number,
): WheelView {
  const serving = accounts.filter((account) => account.keys.some((state) => state.serves('free')));
  const total = (of: (account: Account) => number): number =>
    serving.reduce((sum, account) => sum + of(account), 0);
  const resets = serving.map(({ ledger }) => ledger.resetAtMs);
  return {
    keys: accounts.reduce((sum, { keys }) => sum + keys.length, 0),
    accounts: accounts.length,
    freeLeft: total((account) => account.freeLeft(nowMs)),
    freeUsed: total(({ ledger }) => Math.min(ledger.used, ledger.limit)),
    freeLimit: total(({ ledger }) => ledger.limit),
    resetAtMs: resets.length === 0 ? null : Math.min(...resets),
    waiting,
    inFlight: accounts.reduce((sum, { inFlight }) => sum + inFlight, 0),
    lastRefusalAtMs,
  };
}

function accountView(account: Account, nowMs: number): AccountView {
  const { ledger, minute } = account;
  return {
    accountId: account.accountId,
    name: nameOf(account),
    keys: account.keys.map((state) => keyView(state, nowMs)),
    day: {
      used: Math.min(ledger.used, Math.max(ledger.limit, ledger.own)),
      limit: ledger.limit,
      left: account.freeLeft(nowMs),
      own: ledger.own,
      server: ledger.latest === null ? null : { ...ledger.latest },
      resetAtMs: ledger.resetAtMs,
    },
    minute: {
      used: minute.used(nowMs),
      limit: minute.limit(nowMs),
      nextSlotAtMs: minute.readyAtMs(nowMs) || null,
    },
    creditsLeft: creditsLeft(account),
    inFlight: account.inFlight,
    locks: account.locks.active(nowMs).map(lockView),
    ...stateOf(account, nowMs),
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

/** Null where no lock holds requests of the class back. */
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
  if (account.ledger.left === 0) return { state: 'usedUp', untilMs: account.ledger.resetAtMs };
  const slotAtMs = account.minute.readyAtMs(nowMs);
  return slotAtMs > nowMs ? { state: 'waiting', untilMs: slotAtMs } : ready;
}

function keyView(state: KeyState, nowMs: number): KeyView {
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
    locks: state.locks.active(nowMs).map(lockView),
    requests,
    errors,
    lastUsedAtMs,
  };
}

function lockView({ covers, reason, sinceMs, untilMs }: Lock): LockView {
  return { covers, reason, sinceMs, untilMs };
}

function creditsLeft(account: Account): number | null {
  const caps = account.keys.flatMap(({ key, capLeft }) => (key.enabled && capLeft !== null ? [capLeft] : []));
  return caps.length === 0 ? null : Math.min(...caps);
}
