// The words that stand for an HTTP status where an error comes without a number.

/** OpenRouter's `error_type`, Anthropic's `error.type`, the Responses form's `error.code`. */
const statusByName: ReadonlyMap<string, number> = new Map([
  ['invalid_request', 400],
  ['invalid_request_error', 400],
  ['invalid_prompt', 400],
  ['invalid_image', 400],
  ['context_length_exceeded', 400],
  ['string_too_long', 400],
  ['unauthorized', 401],
  ['authentication_error', 401],
  ['payment_required', 402],
  ['billing_error', 402],
  ['permission_error', 403],
  ['permission_denied', 403],
  ['not_found', 404],
  ['not_found_error', 404],
  ['timeout', 408],
  ['payload_too_large', 413],
  ['request_too_large', 413],
  ['unprocessable', 422],
  ['rate_limit_error', 429],
  ['rate_limit_exceeded', 429],
  ['api_error', 500],
  ['server', 500],
  ['server_error', 500],
  ['unmapped', 500],
  ['provider_unavailable', 502],
  ['timeout_error', 504],
  ['provider_overloaded', 529],
  ['overloaded_error', 529],
]);

/** The status of the first name that stands for one, or null. */
export function namedStatus(names: readonly string[]): number | null {
  for (const name of names) {
    const status = statusByName.get(name);
    if (status !== undefined) return status;
  }
  return null;
}
