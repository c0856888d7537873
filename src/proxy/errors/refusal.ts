// The proxy's own errors, in the form of each operation.

/** Each reason for which the proxy itself refuses a request, with its usual status. */
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
  /** Replaces the code's usual status. */
  readonly status?: number;
  /** When another try makes sense; null where that is not known or never. */
  readonly retryAtMs?: number | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
/** Some clients ignore a longer wait and hammer, others obey it and sleep for an hour. */
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
   * Headers, as name and value in turn. A wait of up to 60 s is in `Retry-After` (whole seconds, RFC 9110 10.2.3); a
   * longer one in `X-RateLimit-Reset` alone (epoch milliseconds, as OpenRouter's), with `x-should-retry: false`.
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

  /** The refusal as the last event of a stream that has begun. The message names a status from 500 on: then agents try again. */
  event(form: Form, model: string | null, requestId: string): string {
    const message = this.status < 500 ? this.message : `${this.message} (${this.status})`;
    return errorEvent(form, { ...this.plain(requestId), message }, model);
  }

  private plain(requestId: string): PlainError {
    const reset =
      this.retryAtMs === null ? {} : { headers: { 'X-RateLimit-Reset': String(Math.ceil(this.retryAtMs)) } };
    const { status, code, message } = this;
    const source = { limit_source: 'keywheel', reason: code, provider_name: null, request_id: requestId };
    return { status, code, message, metadata: { ...reset, ...this.metadata, ...source } };
  }
}

/** `openai`: chat, completions, embeddings and the rest · `responses`: /responses · `anthropic`: /messages. */
export type Form = 'openai' | 'responses' | 'anthropic';

/** An error of ours, before it is put into an operation's form. */
interface PlainError {
  readonly status: number;
  readonly code: string;
  /** English, for people: the problem and its remedy. */
  readonly message: string;
  /** Details for programs: OpenRouter's `metadata`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The body of an error answer, in the form that the operation's clients read. */
export function errorBody(form: Form, error: PlainError): string {
  const { metadata } = error;
  if (form === 'anthropic') {
    const [, type] = types.get(error.status) ?? otherTypes;
    const own = { type, message: error.message, error_type: error.code };
    return JSON.stringify({ type: 'error', error: own, metadata });
  }
  return JSON.stringify({
    error: { code: error.status, message: error.message, type: error.code, metadata },
  });
}

/**
 * The error as the last event of a stream that has begun. It starts with an empty line, which ends an event that was cut
 * in the middle; no end marker follows it, since the answer is not whole.
 */
export function errorEvent(form: Form, error: PlainError, model: string | null): string {
  switch (form) {
    case 'anthropic':
      return `\n\nevent: error\ndata: ${errorBody(form, error)}\n\n`;
    case 'responses':
      return `\n\nevent: response.failed\ndata: ${JSON.stringify(failedResponse(error, model))}\n\n`;
    case 'openai':
      return `\n\ndata: ${JSON.stringify(errorChunk(error, model))}\n\n`;
  }
}

function errorChunk(error: PlainError, model: string | null): unknown {
  // OpenRouter's own SDK rejects an error in a stream if its metadata has no `error_type`.
  const [error_type] = types.get(error.status) ?? otherTypes;
  const metadata = { error_type, ...error.metadata };
  return {
    id: 'gen-keywheel-error',
    object: 'chat.completion.chunk',
    created: 0,
    model: model ?? '',
    provider: 'keywheel',
    error: { code: error.status, message: error.message, metadata },
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', content: '' },
        finish_reason: 'error',
        native_finish_reason: null,
      },
    ],
  };
}

function failedResponse(error: PlainError, model: string | null): unknown {
  return {
    type: 'response.failed',
    sequence_number: 0,
    response: {
      id: 'resp-keywheel-error',
      object: 'response',
      created_at: 0,
      status: 'failed',
      model: model ?? '',
      output: [],
      error: {
        code: responseCode(error.status),
        message: error.message,
        metadata: error.metadata,
      },
    },
  };
}

/** One of OpenAI's codes; at `server_error` Codex sends the same request again. */
function responseCode(status: number): string {
  if (status === 429) return 'rate_limit_exceeded';
  return status < 500 && status !== 408 ? 'invalid_prompt' : 'server_error';
}

/** The types of an error by its status: OpenRouter's and Anthropic's. */
const types: ReadonlyMap<number, readonly [openRouter: string, anthropic: string]> = new Map([
  [400, ['invalid_request', 'invalid_request_error']],
  [401, ['authentication', 'authentication_error']],
  [402, ['payment_required', 'billing_error']],
  [403, ['permission_denied', 'permission_error']],
  [404, ['not_found', 'not_found_error']],
  [408, ['timeout', 'api_error']],
  [413, ['payload_too_large', 'request_too_large']],
  [422, ['unprocessable', 'api_error']],
  [429, ['rate_limit_exceeded', 'rate_limit_error']],
  [502, ['provider_unavailable', 'api_error']],
  [503, ['provider_unavailable', 'overloaded_error']],
  [504, ['timeout', 'api_error']],
  [529, ['provider_overloaded', 'overloaded_error']],
]);
const otherTypes = ['server', 'api_error'] as const;
