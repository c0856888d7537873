// The proxy's own error answer: what it says to a client that it cannot help.
import { errorBody, errorEvent, type Form, type PlainError } from './form';

/** Every reason for which the proxy itself says no. */
export type RefusalCode =
  | 'proxy_key_missing'
  | 'proxy_key_wrong'
  | 'host_not_allowed'
  | 'origin_not_allowed'
  | 'path_not_allowed'
  | 'body_too_large'
  | 'body_incomplete'
  | 'busy_with_bodies'
  | 'no_keys'
  | 'no_usable_key'
  | 'accounts_exhausted'
  | 'model_busy'
  | 'too_many_waiting'
  | 'upstream_unreachable'
  | 'upstream_silent'
  | 'upstream_cut'
  | 'upstream_unfit'
  | 'keys_refused'
  | 'keys_not_loaded'
  | 'stopping'
  | 'internal';

interface RefusalDetails {
  readonly status: number;
  readonly code: RefusalCode;
  /** When asking again is worth it, or null where it is not known or never. */
  readonly retryAtMs?: number | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Longer waits are ignored by some clients, who then hammer, and obeyed by others, who then sleep for an hour. */
const longestRetryAfterMs = 60_000;

/** Thrown to end an exchange with an answer of our own; caught where the exchange ends. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: RefusalCode;
  readonly retryAtMs: number | null;
  private readonly metadata: Readonly<Record<string, unknown>>;

  constructor(message: string, details: RefusalDetails) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.retryAtMs = details.retryAtMs ?? null;
    this.metadata = details.metadata ?? {};
  }

  /**
   * Headers, as name and value in turn. A wait of up to 60 s is told in `Retry-After` (whole seconds, RFC 9110 10.2.3);
   * a longer one in `X-RateLimit-Reset` alone (epoch milliseconds, as OpenRouter's), with the word not to retry.
   */
  headers(nowMs: number): string[] {
    const headers = ['content-type', 'application/json; charset=utf-8', 'x-keywheel-refusal', this.code];
    if (this.retryAtMs !== null) headers.push('x-ratelimit-reset', String(Math.ceil(this.retryAtMs)));
    if (this.retryAtMs !== null && this.retryAtMs - nowMs <= longestRetryAfterMs) {
      headers.push('retry-after', String(Math.max(1, Math.ceil((this.retryAtMs - nowMs) / 1000))));
    } else {
      headers.push('x-should-retry', 'false');
    }
    return headers;
  }

  body(form: Form): string {
    return errorBody(form, this.plain());
  }

  /** The same information as the last event of a stream that has begun. */
  event(form: Form, model: string | null): string {
    return errorEvent(form, this.plain(), model);
  }

  private plain(): PlainError {
    const reset =
      this.retryAtMs === null ? {} : { headers: { 'X-RateLimit-Reset': String(Math.ceil(this.retryAtMs)) } };
    const { status, code, message } = this;
    const source = { limit_source: 'keywheel', reason: code, provider_name: null };
    return { status, code, message, metadata: { ...reset, ...this.metadata, ...source } };
  }
}
