/** All errors but the 429s. */
import { nextUtcMidnightMs } from '../limits/dayCount';
import type { ErrorFact, Metadata } from './errorFact';
import type { ErrorDetails } from './errorKind';
import { retryAfter } from './rateLimitFacts';

/** An older body: `code` and, where given, `metadata`; `user_id` beside the error when it is known. */
export function plain(details: ErrorDetails, status: number, errorType: string, message: string): ErrorFact {
  return { status, message, errorType, userId: details.userId, headers: retryAfter(details) };
}

export function withMetadata(fact: ErrorFact, metadata: Metadata): ErrorFact {
  return { ...fact, metadata };
}

/** A newer body: `availability` says whether trying again can help. */
export function availability(
  fact: ErrorFact,
  details: ErrorDetails,
  code: string,
  retryable: boolean,
): ErrorFact {
  return {
    ...fact,
    userId: undefined,
    availability: {
      code,
      retryable,
      ...(details.retryAfterSeconds === undefined ? {} : { retry_after: details.retryAfterSeconds }),
      requested_models: [details.model ?? 'x/y'],
      docs_url: 'https://openrouter.ai/docs/errors',
    },
  };
}

/** A budget of the key or the organization that is spent until its reset. */
export function budget(
  details: ErrorDetails,
  nowMs: number,
  limitSource: string,
  message: string,
): ErrorFact {
  return withMetadata(plain(details, 403, 'forbidden', message), {
    limit_source: limitSource,
    resets_at: new Date(details.resetAtMs ?? nextUtcMidnightMs(nowMs)).toISOString(),
    provider_name: null,
  });
}

/** As recorded: without a user's id. */
export function inFlightBudget(details: ErrorDetails): ErrorFact {
  return {
    status: 402,
    message:
      'This request would exceed your available credits given your current in-flight requests. Retry after in-flight requests settle, or add credits.',
    errorType: 'payment_required',
    metadata: { reason: 'in_flight_budget_exhausted', limit_source: 'openrouter_in_flight_budget' },
    headers: retryAfter({ ...details, retryAfterSeconds: details.retryAfterSeconds ?? 2 }),
  };
}

export function moderation(details: ErrorDetails): ErrorFact {
  const model = details.model ?? 'openai/gpt-5';
  const message = `${model} requires moderation on OpenAI. Your input was flagged for "violence". No credits were charged.`;
  return withMetadata(plain(details, 403, 'content_filter', message), {
    reasons: ['violence'],
    flagged_input: 'the input that was flagged…',
    provider_name: details.providerName ?? 'OpenAI',
    model_slug: model,
  });
}

export function cloudflarePage(details: ErrorDetails): ErrorFact {
  const code = details.cloudflareCode;
  const status = details.status ?? (code === 1015 ? 429 : code === 1020 ? 403 : 502);
  const title =
    code === undefined ? `openrouter.ai | ${status}: Bad gateway` : 'Access denied | openrouter.ai';
  const said = code === undefined ? `Error code ${status}` : `Error ${code}`;
  return {
    status,
    message: title,
    errorType: 'server',
    headers: { server: 'cloudflare', ...retryAfter(details) },
    html: `<!DOCTYPE html>\n<html lang="en-US"><head><title>${title} used Cloudflare to restrict access</title></head>\n<body><div id="cf-wrapper"><h1>${said}</h1><p>Ray ID: 8f2c • Cloudflare</p></div></body></html>\n`,
  };
}
