// Answers requests without upstream, `GET /key` among them: to a client the proxy is a single key.
import type { Pool } from '../keys/pool';
import type { LocalAnswer } from '../proxy/server';
import { checkProxyKey, isWebview, type AdmissionRules, type RequestHead } from '../proxy/request/admission';
import { checkPath, isKeyPath } from '../proxy/request/target';
import { headerValue } from '../proxy/request/headers';
import type { LockView, Snapshot, WheelView } from './snapshot';

export interface LocalContext {
  readonly rules: AdmissionRules;
  readonly pool: Pool;
  readonly version: string;
  readonly snapshot: () => Snapshot;
}

/** The answer, or null if the request goes to upstream. Throws a Refusal where a required proxy key is missing. */
export function answerLocally(request: RequestHead, context: LocalContext): LocalAnswer | null {
  const { method, target, rawHeaders } = request;
  const { path } = target;
  if (method === 'OPTIONS') return preflight(request);
  // Claude Code probes its base URL before its first request.
  if (method === 'HEAD' && (path === '/api' || path === '/')) return { status: 204, headers: [], body: '' };
  if (method !== 'GET' && method !== 'HEAD') return null;
  switch (path) {
    case '/':
      return json({ program: 'keywheel', base_url_path: '/api/v1', health: '/health' });
    case '/health':
      return json({ program: 'keywheel', version: context.version, status: 'ok' });
    case '/key-status':
      checkProxyKey(request, context.rules);
      return json(keyStatus(context.snapshot()));
    default:
      checkPath(target, context.rules.proxyKey);
      if (!isKeyPath(path)) return null;
      checkProxyKey(request, context.rules);
      return json(wheelKey(context.pool, context.snapshot().wheel), corsHeaders(rawHeaders));
  }
}

/** Answers a browser's preflight: allowed is only `GET /key` from a webview, as Roo Code's webview reads its balance so. */
function preflight({ target, rawHeaders }: RequestHead): LocalAnswer | null {
  const origin = headerValue(rawHeaders, 'origin');
  const wanted = headerValue(rawHeaders, 'access-control-request-method');
  if (origin === null || wanted === null) return null;
  if (!isWebview(origin) || wanted !== 'GET' || !isKeyPath(target.path)) {
    return { status: 403, headers: [], body: '' };
  }
  const allowed = {
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'authorization',
    'access-control-allow-private-network': 'true',
    'access-control-max-age': '600',
  };
  const headers = [...corsHeaders(rawHeaders), ...Object.entries(allowed).flat()];
  return { status: 204, headers, body: '' };
}

function corsHeaders(rawHeaders: readonly string[]): readonly string[] {
  const origin = headerValue(rawHeaders, 'origin');
  if (origin === null || !isWebview(origin)) return [];
  return ['access-control-allow-origin', origin, 'vary', 'origin'];
}

function json(value: unknown, headers: readonly string[] = []): LocalAnswer {
  return {
    status: 200,
    headers: ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-store', ...headers],
    body: JSON.stringify(value),
  };
}

/** The body of `/key-status`: labels and masked keys, no secrets; times as ISO 8601. */
export function keyStatus({ wheel, accounts, busyModels, unreached }: Snapshot): unknown {
  return {
    unreached: unreached === undefined ? null : { code: unreached.code, since: iso(unreached.sinceMs) },
    free_left: wheel.freeLeft,
    free_limit: wheel.freeLimit,
    resets_at: iso(wheel.resetAtMs),
    waiting: wheel.waiting,
    accounts: accounts.map(({ name, day, minute, state, untilMs, keys, locks }) => ({
      name,
      state,
      until: iso(untilMs),
      day: { used: day.used, limit: day.limit, left: day.left, resets_at: iso(day.resetAtMs) },
      minute: { used: minute.used, limit: minute.limit },
      locks: locks.map(lockStatus),
      keys: keys.map(({ label, masked, health, enabled, paidUse, locks: own, requests, errors }) => ({
        label,
        key: masked,
        health,
        enabled,
        paid_use: paidUse,
        locks: own.map(lockStatus),
        requests,
        errors,
      })),
    })),
    busy_models: busyModels.map(({ model, accountId, keyId, reason = 'busy', untilMs }) => {
      const account = accounts.find((each) => each.accountId === accountId);
      const key = account?.keys.find((each) => each.keyId === keyId);
      return { model, reason, account: account?.name ?? null, key: key?.label ?? null, until: iso(untilMs) };
    }),
  };
}

function lockStatus({ reason, covers, untilMs }: LockView): unknown {
  return { reason, covers, until: iso(untilMs) };
}

function iso(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

const spans = ['', '_daily', '_weekly', '_monthly'] as const;
const summed = (['usage', 'byok_usage'] as const).flatMap((name) =>
  spans.map((span) => `${name}${span}` as const),
);

/** A body with all fields of OpenRouter's, as its SDK requires: sums of the keys' last readings, limits by account. */
function wheelKey(
  { roster: { accounts } }: Pool,
  { freeLeft: remaining, freeLimit: limit }: WheelView,
): unknown {
  const states = accounts.flatMap(({ keys }) => keys).filter((state) => state.serves('unmetered'));
  const readings = states.flatMap(({ reading }) => (reading === null ? [] : [reading]));
  // The wheel has a cap only if each key has one.
  const isCapped = states.length > 0 && states.every(({ capLeft }) => capLeft !== null);
  return {
    data: {
      label: `Keywheel (${plural(states.length, 'key')}, ${plural(accounts.length, 'account')})`,
      limit: isCapped ? sum(readings.map(({ usage }) => usage.limit ?? 0)) : null,
      limit_remaining: isCapped ? sum(states.map(({ capLeft }) => capLeft ?? 0)) : null,
      limit_reset: null,
      include_byok_in_limit: false,
      ...Object.fromEntries(summed.map((field) => [field, sum(readings.map(({ usage }) => usage[field]))])),
      is_free_tier: states.every(({ isFreeTier }) => isFreeTier),
      is_management_key: false,
      is_provisioning_key: false,
      creator_user_id: null,
      organization_id: null,
      workspace_id: null,
      expires_at: null,
      allowed_data_regions: [],
      free_model_daily_requests: { used: limit - remaining, limit, remaining },
      rate_limit: { requests: -1, interval: '10s', note: 'deprecated' },
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
