// The three forms in which endpoints speak, and an error in each of them.

/** `openai`: chat, completions, embeddings and the rest · `responses`: /responses · `anthropic`: /messages. */
export type Form = 'openai' | 'responses' | 'anthropic';

/** An error of ours, before it has a form. */
export interface PlainError {
  readonly status: number;
  readonly code: string;
  /** English, for people: what happened and what to do. */
  readonly message: string;
  /** More for programs: OpenRouter's `metadata`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The body of an error answer, as the endpoint's own clients read it. */
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
 * in the middle; there is no end marker after it, since the answer is not whole.
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
  // OpenRouter's own SDK takes no error in a stream whose metadata has no type.
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
        code: error.status === 429 ? 'rate_limit_exceeded' : 'server_error',
        message: error.message,
        metadata: error.metadata,
      },
    },
  };
}

/** What OpenRouter and Anthropic call an error of the status. */
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
