/** Snapshots for tests of views. */
import type { DashboardState } from '../../../src/service/messages';
import type { AccountView, KeyView, ProxyState, RunningView, Snapshot } from '../../../src/service/snapshot';
import { Formats } from '../../../src/words/formats';
import type { TextContext } from '../../../src/words/stateWords';
import { translator } from '../../../src/words/translate';

/** 22 November 2026, 18:00 UTC. */
export const nowMs = Date.UTC(2026, 10, 22, 18);
export const midnightMs = Date.UTC(2026, 10, 23);

export const english: TextContext = { t: translator({}), formats: new Formats('en', 'UTC'), nowMs };

const running: ProxyState = {
  kind: 'running',
  host: '127.0.0.1',
  port: 9999,
  baseUrl: 'http://127.0.0.1:9999/api/v1',
};

export function keyView(change: Partial<KeyView> = {}): KeyView {
  return {
    keyId: 'aaaaaaaaaaaa',
    label: 'Private',
    masked: 'sk-or-v1-...1c96',
    enabled: true,
    health: 'good',
    paidUse: 'auto',
    dailyLimit: null,
    accountName: null,
    capLeft: null,
    locks: [],
    requests: 0,
    errors: 0,
    lastUsedAtMs: null,
    ...change,
  };
}

export function accountView(change: Partial<AccountView> = {}): AccountView {
  return {
    accountId: 'account-1',
    name: 'Private',
    keys: [keyView()],
    day: { used: 216, limit: 1000, left: 784, own: 216, server: null, resetAtMs: midnightMs },
    minute: { used: 3, limit: 20 },
    creditsLeft: null,
    locks: [],
    state: 'ready',
    untilMs: null,
    ...change,
  };
}

/** A state whose sums fit its accounts. */
export function stateOf(
  accounts: readonly AccountView[],
  change: Partial<DashboardState> & { proxy?: ProxyState } = {},
): DashboardState {
  const sum = (of: (account: AccountView) => number): number =>
    accounts.reduce((total, account) => total + of(account), 0);
  const { proxy = running, ...rest } = change;
  const snapshot: Snapshot = {
    atMs: nowMs,
    proxy,
    timezone: 'UTC',
    wheel: {
      keys: sum(({ keys }) => keys.length),
      accounts: accounts.length,
      freeLeft: sum(({ day }) => day.left),
      freeUsed: sum(({ day }) => day.used),
      freeLimit: sum(({ day }) => day.limit),
      resetAtMs: accounts.length > 0 ? midnightMs : null,
      waiting: 0,
      inFlight: 0,
    },
    accounts,
    busyModels: [],
    running: [],
  };
  const forecast = { kind: 'quiet' } as const;
  const spent = { promptTokens: 0, completionTokens: 0, cost: 0 };
  return { spent, snapshot, vault: 'ok', forecast, paidOnly: false, removed: [], clients: [], ...rest };
}

/** A free request of Cline's that waits. */
export function runningView(change: Partial<RunningView> = {}): RunningView {
  return {
    requestId: '0123456789ab',
    client: 'Cline',
    method: 'POST',
    path: '/api/v1/chat/completions',
    model: 'a/b:free',
    startedAtMs: nowMs - 12_000,
    stage: 'waiting',
    keyLabel: '',
    attempts: 0,
    outcome: null,
    nextAtMs: null,
    endsAtMs: null,
    ...change,
  };
}
