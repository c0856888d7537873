// The proxy's own error answer: what it says to a client that it cannot help.
import { errorBody, errorEvent, type Form, type PlainError } from './form';

/** Every reason for which the proxy itself says no, with its usual status. */
const statuses = {
  proxy_key_missing: 401,
  proxy_key_wrong: 401,
  host_not_allowed: 403,
  origin_not_allowed: 403,
  path_not_allowed: 400,
  method_not_allowed: 405,
  key_changes_not_allowed: 403,
  body_too_large: 413,
  body_incomplete: 408,
  body_coding_unknown: 415,
  busy_with_bodies: 503,
  no_keys: 402,
  no_usable_key: 402,
  accounts_exhausted: 429,
  model_busy: 429,
  answers_broke: 429,
  free_only: 402,
  too_many_waiting: 429,
  upstream_full: 503,
  upstream_unreachable: 502,
  upstream_silent: 504,
  upstream_cut: 502,
  upstream_unfit: 502,
  keys_refused: 503,
  keys_not_loaded: 503,
  stopping: 503,
  cancelled: 400,
  internal: 500,
} as const;
export type RefusalCode = keyof typeof statuses;

interface RefusalDetails {
  /** Instead of the code's own. */
  readonly status?: number;
  /** When asking again is worth it, or null where it is not known or never. */
  readonly retryAtMs?: number | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
/** Longer waits are ignored by some clients, who then hammer, and obeyed by others, who then sleep for an hour. */
const longestRetryAfterMs = 60_000;

/** Thrown to end an exchange with an answer of our own; caught where the exchange ends. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly retryAtMs: number | null;
  private readonly metadata: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: RefusalCode,
    message: string,
    details: RefusalDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.status = details.status ?? statuses[code];
    this.retryAtMs = details.retryAtMs ?? null;
    this.metadata = details.metadata ?? {};
  }

  /**
   * Headers, as name and value in turn. A wait of up to 60 s is told in `Retry-After` (whole seconds, RFC 9110 10.2.3);
   * a longer one in `X-RateLimit-Reset` alone (epoch milliseconds, as OpenRouter's), with the word not to retry.
   */
  headers(nowMs: number): string[] {
    const headers = ['content-type', 'application/json; charset=utf-8', 'x-keywheel-refusal', this.code];
    if (this.code === 'method_not_allowed') headers.push('allow', allowedMethods);
    if (this.retryAtMs !== null) headers.push('x-ratelimit-reset', String(Math.ceil(this.retryAtMs)));
    if (this.retryAtMs !== null && this.retryAtMs - nowMs <= longestRetryAfterMs) {
      headers.push('retry-after', String(Math.max(1, Math.ceil((this.retryAtMs - nowMs) / 1000))));
    } else {
      headers.push('x-should-retry', 'false');
    }
    return headers;
  }

  body(form: Form, requestId: string): string {
    return errorBody(form, this.plain(requestId));
  }

  /** The same information as the last event of a stream that has begun. */
  event(form: Form, model: string | null, requestId: string): string {
    return errorEvent(form, this.plain(requestId), model);
  }

  private plain(requestId: string): PlainError {
    const reset =
      this.retryAtMs === null ? {} : { headers: { 'X-RateLimit-Reset': String(Math.ceil(this.retryAtMs)) } };
    const { status, code, message } = this;
    const source = { limit_source: 'keywheel', reason: code, provider_name: null, request_id: requestId };
    return { status, code, message, metadata: { ...reset, ...this.metadata, ...source } };
  }
}
