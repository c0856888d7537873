/** The same error in the form of each endpoint, as a whole answer and inside a stream. */
import type { ErrorFact, Metadata } from './errorFact';

/** The API whose shapes an endpoint has. */
export type Form = 'openai' | 'responses' | 'anthropic';

type Json = Record<string, unknown>;

/** The body of an error answer; `requestId` appears in the Anthropic form. */
export function errorBody(fact: ErrorFact, form: Form, requestId: string): Json {
  switch (form) {
    case 'openai':
      return {
        error: openAiError(fact),
        ...(typeof fact.userId === 'string' ? { user_id: fact.userId } : {}),
      };
    case 'responses':
      return { error: responsesError(fact), metadata: fact.metadata ?? null };
    case 'anthropic':
      return {
        type: 'error',
        error: { ...anthropicError(fact), error_type: fact.errorType },
        request_id: requestId,
        ...(fact.metadata === undefined ? {} : { metadata: anthropicMetadata(fact.metadata) }),
      };
  }
}

/** The recorded body has neither hint nor the name of a provider that is not concerned. */
function anthropicMetadata(metadata: Metadata): Json {
  return Object.fromEntries(
    Object.entries(metadata).filter(([name, value]) => name !== 'remedy_hint' && value !== null),
  );
}

export function openAiError(fact: ErrorFact): Json {
  if (fact.availability !== undefined) {
    return {
      message: fact.message,
      error_type: fact.errorType,
      http_status: fact.status,
      availability: fact.availability,
    };
  }
  const error = { message: fact.message, code: fact.status };
  return fact.metadata === undefined ? error : { ...error, metadata: fact.metadata };
}

export function responsesError(fact: ErrorFact): Json {
  const error = { code: responsesCode(fact), message: fact.message };
  return fact.availability === undefined ? error : { ...error, availability: fact.availability };
}

export function anthropicError(fact: ErrorFact): Json {
  const error = { type: anthropicType(fact.status), message: fact.message };
  return fact.availability === undefined ? error : { ...error, availability: fact.availability };
}

function responsesCode(fact: ErrorFact): string {
  if (fact.status === 400) return 'invalid_prompt';
  if (fact.status === 429) return 'rate_limit_exceeded';
  return fact.status >= 500 ? 'server_error' : fact.errorType;
}

function anthropicType(status: number): string {
  const types: Partial<Record<number, string>> = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    402: 'billing_error',
    403: 'permission_error',
    404: 'not_found_error',
    408: 'timeout_error',
    413: 'request_too_large',
    422: 'invalid_request_error',
    429: 'rate_limit_error',
    504: 'timeout_error',
    529: 'overloaded_error',
  };
  return types[status] ?? 'api_error';
}
