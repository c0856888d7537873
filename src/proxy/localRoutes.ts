// What the proxy answers itself: few things, each for a reason of its own.
import type { Pool } from '../keys/pool';
import { checkProxyKey, isWebview, type Door } from './admission';
import { targetOf } from './endpoint';
import { headerValue } from './headers';
import { wheelKey } from './wheelKey';

export interface LocalAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

export interface LocalContext {
  readonly door: Door;
  readonly pool: Pool;
  readonly version: string;
  /** What /key-status shows: labels and masked keys alone. */
  readonly status: () => unknown;
}

export interface LocalRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

/** The answer, or null where upstream is asked. Throws a Refusal where the proxy key is needed and not shown. */
export function answerLocally(request: LocalRequest, context: LocalContext): LocalAnswer | null {
  const { method, url, rawHeaders } = request;
  const path = url.replace(/\?.*$/, '');
  if (method === 'OPTIONS') return preflight(request);
  // Claude Code looks whether its base URL is there, before its first request.
  if (method === 'HEAD' && (path === '/api' || path === '/')) return { status: 204, headers: [], body: '' };
  if (method !== 'GET') return null;
  switch (path) {
    case '/':
      return json({ program: 'keywheel', base_url_path: '/api/v1', health: '/health' });
    case '/health':
      return json({ program: 'keywheel', version: context.version, status: 'ok' });
    case '/key-status':
      checkProxyKey(rawHeaders, context.door);
      return json(context.status());
    default:
      if (targetOf(url).path !== '/key') return null;
      checkProxyKey(rawHeaders, context.door);
      return json(wholeWheel(context.pool), corsHeaders(rawHeaders));
  }
}

/** Of today: nothing else may have looked since midnight. */
function wholeWheel(pool: Pool): unknown {
  const nowMs = pool.nowMs();
  pool.wheel.roll(nowMs);
  return wheelKey(pool.wheel.roster.accounts, nowMs);
}

/** Roo Code's webview asks for its balance with `GET /key`; nothing else is opened to any origin. */
function preflight({ url, rawHeaders }: LocalRequest): LocalAnswer | null {
  const origin = headerValue(rawHeaders, 'origin');
  const wanted = headerValue(rawHeaders, 'access-control-request-method');
  if (origin === null || wanted === null) return null;
  if (!isWebview(origin) || wanted !== 'GET' || targetOf(url).path !== '/key') {
    return { status: 403, headers: [], body: '' };
  }
  const allowed = [
    'access-control-allow-methods',
    'GET',
    'access-control-allow-headers',
    'authorization',
    'access-control-allow-private-network',
    'true',
    'access-control-max-age',
    '600',
  ];
  return { status: 204, headers: [...corsHeaders(rawHeaders), ...allowed], body: '' };
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
