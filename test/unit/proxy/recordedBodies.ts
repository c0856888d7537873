// Error bodies that people recorded from the live service (ids changed), and what the documentation adds to them.

/** The instant of the recorded daily reset. */
export const dailyResetMs = 1_787_616_000_000;
/** The instant of the recorded minute reset. */
export const minuteResetMs = 1_765_680_060_000;

export const recorded = {
  daily:
    '{"error":{"message":"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1787616000000"},"limit_source":"openrouter_free_tier_daily","remedy_hint":"Wait for the daily reset (see X-RateLimit-Reset), or purchase credits to raise your free-model daily limit.","provider_name":null}},"user_id":"user_x"}',
  minute:
    '{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1765680060000"},"limit_source":"openrouter_free_tier_per_minute","remedy_hint":"Slow down requests to free models, or retry after the per-minute window resets.","provider_name":null}},"user_id":"user_x"}',
  busyProvider:
    '{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"deepseek/deepseek-v4-flash is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits: https://openrouter.ai/settings/integrations","provider_name":"DigitalOcean","is_byok":false,"limit_source":"upstream_provider_shared_pool","remedy_hint":"Retry shortly, …"}},"user_id":"user_x"}',
  inFlight:
    '{"error":{"message":"This request would exceed your available credits given your current in-flight requests. Retry after in-flight requests settle, or add credits.","code":402,"metadata":{"reason":"in_flight_budget_exhausted","limit_source":"openrouter_in_flight_budget"}}}',
  ownKeyRefused:
    '{"error":{"message":"Provider returned error","code":401,"metadata":{"raw":"{\\"type\\":\\"error\\",\\"error\\":{\\"type\\":\\"authentication_error\\",\\"message\\":\\"invalid x-api-key\\"}}","provider_name":"Anthropic","isDownstreamPipeClean":true,"isErrorUpstreamFault":true}}}',
  /** As a gateway wrapped it once more. */
  wrapped:
    '{"error":{"error":{"message":"More credits are required to run this request. 128000 token capacity required, 19484 available. To increase, visit https://openrouter.ai/settings/keys and create a key with a higher limit","code":402},"code":402}}',
  capacity:
    '{"error":{"message":"All providers for x/y are at capacity. Retry after 40 seconds.","error_type":"rate_limit_exceeded","http_status":429,"availability":{"code":"capacity_exhausted","retryable":true,"retry_after":40,"requested_models":["x/y"],"docs_url":"…"}}}',
  anthropicMinute:
    '{"type":"error","error":{"type":"rate_limit_error","message":"Rate limit exceeded: free-models-per-min. ","error_type":"rate_limit_exceeded"},"request_id":"gen-1","metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1765680060000"},"limit_source":"openrouter_free_tier_per_minute"}}',
} as const;

const googleSays = {
  error: {
    code: 429,
    message: 'You exceeded your current quota.',
    status: 'RESOURCE_EXHAUSTED',
    details: [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [] },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' },
    ],
  },
};

const inOpenAiForm = (code: number, message: string, metadata?: object): string =>
  JSON.stringify({ error: { code, message, metadata } });

/** Bodies by the documentation, for errors that were not recorded. */
export const documented = {
  google: inOpenAiForm(429, 'Provider returned error', {
    raw: JSON.stringify(googleSays),
    provider_name: 'Google AI Studio',
  }),
  /** Google's streaming endpoint wraps the same in a list, and the provider's name may be null. */
  googleList: inOpenAiForm(429, 'Too many', {
    raw: `${JSON.stringify([googleSays])}\n`,
    provider_name: null,
  }),
  byok: inOpenAiForm(429, 'Provider returned error', { raw: 'slow', provider_name: 'OpenAI', is_byok: true }),
  userNotFound: inOpenAiForm(401, 'User not found.'),
  noCredits: inOpenAiForm(402, 'Insufficient credits. Add more.', { limit_source: 'openrouter_credits' }),
  tooDear: inOpenAiForm(402, 'This request costs more than you can afford.', {
    reason: 'weight_exceeds_budget',
    limit_source: 'openrouter_credits',
  }),
  keyCap: inOpenAiForm(403, 'Key limit exceeded', {
    limit_source: 'openrouter_key_limit',
    resets_at: '2026-12-01T00:00:00Z',
  }),
  keyCapInWords: inOpenAiForm(403, 'Key limit exceeded (monthly limit). Manage it using the settings'),
  guardrailBudget: inOpenAiForm(403, 'Budget reached', {
    limit_source: 'openrouter_guardrail_budget',
    resets_at: '2026-12-01T00:00:00Z',
  }),
  workspaceBudget: inOpenAiForm(403, 'Budget reached', { limit_source: 'openrouter_workspace_budget' }),
  moderation: inOpenAiForm(403, 'Your input was flagged', {
    reasons: ['violence'],
    flagged_input: 'How to …',
    provider_name: 'OpenAI',
    model_slug: 'openai/gpt-5',
  }),
  guardrail: inOpenAiForm(403, 'Blocked by guardrail', { patterns: ['ssn'] }),
  region: inOpenAiForm(403, 'Not available in your region', { error_type: 'permission_denied' }),
  contextLength: inOpenAiForm(
    400,
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens",
  ),
  noEndpoints: JSON.stringify({
    error: {
      code: 404,
      message: 'No endpoints found',
      availability: { code: 'no_endpoints', retryable: false },
    },
  }),
  providerDown: JSON.stringify({
    error: {
      code: 502,
      message: 'Provider returned error',
      error_type: 'provider_unavailable',
      availability: { retryable: true, retry_after: '7' },
    },
  }),
  cloudflarePage:
    '<!DOCTYPE html>\n<html><head><title>Access denied | openrouter.ai used Cloudflare to restrict access</title></head><body>Error 1015 Ray ID: 8f…</body></html>',
  cloudflareText: 'error code: 1015',
  cloudflareJson:
    '{"type":"about:blank","title":"Error 1015: You are being rate limited","status":429,"error_code":1015,"cloudflare_error":true,"retryable":true,"retry_after":30}',
  unknownLimit: inOpenAiForm(429, 'Too many requests'),
  chatWithPartialContent: JSON.stringify({
    id: 'gen-1',
    choices: [
      {
        finish_reason: 'error',
        message: { role: 'assistant', content: 'Half an ans' },
        error: { code: 502, message: 'Provider disconnected', metadata: { provider_name: 'X' } },
      },
    ],
  }),
  chatEvent:
    'data: {"id":"gen-1","object":"chat.completion.chunk","error":{"code":"429","message":"Rate limit exceeded: free-models-per-min. ","metadata":{"headers":{"X-RateLimit-Reset":1765680060000}}},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}\n\n',
  responsesFailed: JSON.stringify({
    type: 'response.failed',
    response: {
      id: 'resp_1',
      status: 'failed',
      error: { code: 'rate_limit_exceeded', message: 'Provider returned error' },
    },
  }),
  responsesError:
    '{"type":"error","code":"server_error","message":"It broke","param":null,"sequence_number":2}',
  anthropicEvent:
    'event: error\r\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\r\n\r\n',
} as const;
