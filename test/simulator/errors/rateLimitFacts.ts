/** The 429s: OpenRouter's own limits on free models, and busy providers. */
import { nextUtcMidnightMs } from '../limits/dayCount';
import type { ErrorFact, Metadata } from './errorFact';
import type { ErrorDetails } from './errorKind';

export function dailyLimit(details: ErrorDetails, nowMs: number, highBalance: boolean): ErrorFact {
  const message = highBalance
    ? 'Rate limit exceeded: free-models-per-day-high-balance. '
    : 'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day';
  return ownLimit(details, {
    message,
    limit: details.limit ?? (highBalance ? 1000 : 50),
    resetAtMs: details.resetAtMs ?? nextUtcMidnightMs(nowMs),
    limitSource: 'openrouter_free_tier_daily',
    remedyHint:
      'Wait for the daily reset (see X-RateLimit-Reset), or purchase credits to raise your free-model daily limit.',
  });
}

export function minuteLimit(details: ErrorDetails, nowMs: number, sayingPerDay: boolean): ErrorFact {
  return ownLimit(details, {
    message: sayingPerDay
      ? 'Rate limit exceeded: free-models-per-min. Add 10 credits to unlock 1000 free model requests per day'
      : 'Rate limit exceeded: free-models-per-min. ',
    limit: details.limit ?? 20,
    resetAtMs: details.resetAtMs ?? (Math.floor(nowMs / 60_000) + 1) * 60_000,
    limitSource: 'openrouter_free_tier_per_minute',
    remedyHint: 'Slow down requests to free models, or retry after the per-minute window resets.',
  });
}

interface OwnLimit {
  readonly message: string;
  readonly limit: number;
  readonly resetAtMs: number;
  readonly limitSource: string;
  readonly remedyHint: string;
}

function ownLimit(details: ErrorDetails, own: OwnLimit): ErrorFact {
  const headers = {
    'X-RateLimit-Limit': String(own.limit),
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(own.resetAtMs),
  };
  return {
    status: 429,
    message: own.message,
    errorType: 'rate_limit_exceeded',
    metadata: { headers, limit_source: own.limitSource, remedy_hint: own.remedyHint, provider_name: null },
    userId: details.userId,
    headers: details.headersInHead === false ? {} : headers,
  };
}

export function providerBusy(details: ErrorDetails, plain: boolean): ErrorFact {
  const model = details.model ?? 'deepseek/deepseek-v4-flash';
  const raw = `${model} is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits: https://openrouter.ai/settings/integrations`;
  const provider_name = details.providerName ?? 'DigitalOcean';
  const metadata: Metadata = plain
    ? { raw: 'Too Many Requests', provider_name }
    : {
        raw,
        provider_name,
        is_byok: details.isByok ?? false,
        limit_source: 'upstream_provider_shared_pool',
        remedy_hint: 'Retry shortly, …',
      };
  return busy('Provider returned error', metadata, details);
}

export function googleExhausted(details: ErrorDetails): ErrorFact {
  const google = {
    error: {
      code: 429,
      message: 'You exceeded your current quota, please check your plan and billing details.',
      status: 'RESOURCE_EXHAUSTED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.RetryInfo',
          retryDelay: `${details.retryAfterSeconds ?? 5}s`,
        },
      ],
    },
  };
  const metadata = {
    raw: JSON.stringify(google, null, 2),
    provider_name: details.providerName ?? 'Google AI Studio',
  };
  // Google's hint is in the body alone.
  return { ...busy('Provider returned error', metadata, details), headers: {} };
}

export function capacityExhausted(details: ErrorDetails): ErrorFact {
  const model = details.model ?? 'x/y';
  const seconds = details.retryAfterSeconds ?? 40;
  return {
    status: 429,
    message: `All providers for ${model} are at capacity. Retry after ${seconds} seconds.`,
    errorType: 'rate_limit_exceeded',
    availability: {
      code: 'capacity_exhausted',
      retryable: true,
      retry_after: seconds,
      requested_models: [model],
      docs_url: '…',
    },
    headers: {},
  };
}

export function unknown429(details: ErrorDetails): ErrorFact {
  return { ...busy('Too many requests', undefined, details), userId: undefined };
}

function busy(message: string, metadata: Metadata | undefined, details: ErrorDetails): ErrorFact {
  return {
    status: 429,
    message,
    errorType: 'rate_limit_exceeded',
    metadata,
    userId: details.userId,
    headers: retryAfter(details),
  };
}

export function retryAfter(details: ErrorDetails): Record<string, string> {
  return details.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(details.retryAfterSeconds) };
}
