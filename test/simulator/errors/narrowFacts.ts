/** Errors about less than an account: one model, one request, one setting; words as recorded, ids changed. */
import type { ErrorFact, Metadata } from './errorFact';
import type { ErrorDetails } from './errorKind';
import { retryAfter } from './rateLimitFacts';

const settings = 'https://openrouter.ai/settings';
const minuteMs = 60_000;

function refusal(
  details: ErrorDetails,
  status: number,
  errorType: string,
  message: string,
  metadata?: Metadata,
): ErrorFact {
  return { status, message, errorType, metadata, userId: details.userId, headers: retryAfter(details) };
}

function limited(details: ErrorDetails, message: string, own: Metadata = {}): ErrorFact {
  const { limit, resetAtMs } = details;
  const headers = {
    ...(limit === undefined ? {} : { 'X-RateLimit-Limit': String(limit), 'X-RateLimit-Remaining': '0' }),
    ...(resetAtMs === undefined ? {} : { 'X-RateLimit-Reset': String(resetAtMs) }),
  };
  const metadata = { headers, ...own, provider_name: null };
  return refusal(details, 429, 'rate_limit_exceeded', `Rate limit exceeded: ${message}`, metadata);
}

function named(details: ErrorDetails): { model: string; slug: string } {
  const model = details.model ?? 'x/y';
  return { model, slug: model.replace(/:free$/, '') };
}

/** One model's minute on one account; nothing but its numbers says so. */
export function modelMinute(details: ErrorDetails, nowMs: number): ErrorFact {
  const { model, slug } = named(details);
  const message = `limit_rpm/${slug}/a9bbd882. High demand for ${model} on OpenRouter - limited to 8 requests per minute. Please retry shortly.`;
  return limited({ limit: 8, resetAtMs: nowMs + 45_000, ...details }, message);
}

export function newAccount(details: ErrorDetails, nowMs: number): ErrorFact {
  const message = `new-account-rpm/${named(details).slug}-20260609. Rate limit reached: new accounts are limited to 20 requests per minute for this model. Please retry shortly.`;
  return limited({ limit: 20, resetAtMs: nowMs + 40_000, ...details }, message, {
    limit_source: 'openrouter_new_account',
  });
}

/** Capacity that all users share, for a minute. */
export function sharedCapacity(details: ErrorDetails, nowMs: number): ErrorFact {
  const { model, slug } = named(details);
  const message = `limit_tpm/${slug}. High demand for ${model} on OpenRouter. Please retry shortly.`;
  return limited({ resetAtMs: nowMs + minuteMs, ...details }, message, {
    limit_source: 'openrouter_shared_capacity',
  });
}

/** Capacity that all users share, until the day ends; without a reset time. */
export function sharedDay(details: ErrorDetails): ErrorFact {
  const { model, slug } = named(details);
  const message = `limit_rpd/${slug}/5f2c. Daily limit reached for ${model} via Someone. Credits don't affect this cap.`;
  return limited(details, message);
}

/** The day of a cloaked model. */
export function stealthDay(details: ErrorDetails, nowMs: number): ErrorFact {
  return limited(
    { limit: 100, resetAtMs: nowMs + 6 * 60 * minuteMs, ...details },
    'free-models-per-day-stealth. ',
    {
      limit_source: 'openrouter_free_tier_daily',
    },
  );
}

/** `Retry-After` is in the body alone. */
export function admissionControl(details: ErrorDetails): ErrorFact {
  const message = 'OpenRouter could not verify available credits for this request in time. Retry shortly.';
  const seconds = String(details.retryAfterSeconds ?? 10);
  const fact = refusal(details, 429, 'rate_limit_exceeded', message, {
    limit_source: 'openrouter_admission_control',
    headers: { 'Retry-After': seconds },
    provider_name: null,
  });
  return { ...fact, headers: {} };
}

export function tooDear(details: ErrorDetails, purse: 'credits' | 'keys'): ErrorFact {
  const advice =
    purse === 'credits' ? 'upgrade to a paid account' : 'create a key with a higher monthly limit';
  const message = `This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 30104. To increase, visit ${settings}/${purse} and ${advice}`;
  return refusal(details, 402, 'payment_required', message, {
    ...(purse === 'keys' ? { limit_source: 'openrouter_key_limit' } : {}),
    provider_name: null,
  });
}

export function promptTooDear(details: ErrorDetails): ErrorFact {
  const message = `Prompt tokens limit exceeded: 9000 > 700. To increase, visit ${settings}/credits and upgrade to a paid account`;
  return refusal(details, 402, 'payment_required', message);
}

export function neverPurchased(details: ErrorDetails): ErrorFact {
  const message = `Insufficient credits. This account never purchased credits. Make sure your key is on the correct account or org, and if so, purchase more at ${settings}/credits`;
  return refusal(details, 402, 'payment_required', message);
}

/** The key's cap, which only the link names. */
export function keyCapByLink(details: ErrorDetails): ErrorFact {
  const message = `Insufficient credits. To increase, visit ${settings}/keys and create a key with a higher monthly limit`;
  return refusal(details, 402, 'payment_required', message);
}

export function guardrailPolicy(details: ErrorDetails): ErrorFact {
  const message = `No endpoints available matching your guardrail restrictions and data policy. Configure: ${settings}/privacy`;
  return refusal(details, 404, 'not_found', message);
}

export function allowedProviders(details: ErrorDetails): ErrorFact {
  return refusal(details, 404, 'not_found', 'No allowed providers are available for the selected model.', {
    available_providers: ['z-ai'],
    requested_providers: ['anthropic'],
  });
}

/** Newer bodies name the setting. */
export function excludedByPolicy(details: ErrorDetails): ErrorFact {
  return {
    ...refusal(details, 404, 'not_found', `No endpoints found for ${named(details).model}.`),
    userId: undefined,
    availability: {
      code: 'no_endpoints',
      retryable: false,
      requested_models: [named(details).model],
      excluded_by: ['data_policy:training'],
      docs_url: 'https://openrouter.ai/docs/errors',
    },
  };
}

export function ownKeyWanted(details: ErrorDetails): ErrorFact {
  const message = `OpenAI is requiring a key to access this model, which you can add in ${settings}/integrations - you can also switch to another model`;
  return refusal(details, 403, 'permission_denied', message);
}

export function noToolUse(details: ErrorDetails): ErrorFact {
  const message =
    'No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing';
  return refusal(details, 404, 'not_found', message);
}
