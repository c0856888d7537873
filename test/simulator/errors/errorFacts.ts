/** From the name of an error to what OpenRouter says about it. */
import type { ErrorFact } from './errorFact';
import type { ErrorDetails, ErrorKind } from './errorKind';
import * as narrow from './narrowFacts';
import {
  availability,
  budget,
  cloudflarePage,
  inFlightBudget,
  moderation,
  plain,
  withMetadata,
} from './otherFacts';
import {
  capacityExhausted,
  dailyLimit,
  googleExhausted,
  minuteLimit,
  providerBusy,
  unknown429,
} from './rateLimitFacts';

/** The error with the overrides of `details` applied; `nowMs` gives resets their default. */
export function errorFact(kind: ErrorKind, details: ErrorDetails, nowMs: number): ErrorFact {
  const fact = usualFact(kind, details, nowMs);
  const metadata = details.metadata === undefined ? fact.metadata : { ...fact.metadata, ...details.metadata };
  return {
    ...fact,
    metadata,
    status: details.status ?? fact.status,
    message: details.message ?? fact.message,
  };
}

function usualFact(kind: ErrorKind, details: ErrorDetails, nowMs: number): ErrorFact {
  const model = details.model ?? 'x/y';
  const say = (status: number, errorType: string, message: string): ErrorFact =>
    plain(details, status, errorType, message);
  const anonymous = (message: string): ErrorFact => ({
    ...say(401, 'unauthorized', message),
    userId: undefined,
  });
  switch (kind) {
    case 'dailyLimit':
      return dailyLimit(details, nowMs, false);
    case 'dailyLimitHighBalance':
      return dailyLimit(details, nowMs, true);
    case 'minuteLimit':
      return minuteLimit(details, nowMs, false);
    case 'minuteLimitSayingPerDay':
      return minuteLimit(details, nowMs, true);
    case 'providerBusy':
      return providerBusy(details, false);
    case 'providerBusyPlain':
      return providerBusy(details, true);
    case 'capacityExhausted':
      return capacityExhausted(details);
    case 'googleExhausted':
      return googleExhausted(details);
    case 'unknown429':
      return unknown429(details);
    case 'modelMinute':
      return narrow.modelMinute(details, nowMs);
    case 'newAccount':
      return narrow.newAccount(details, nowMs);
    case 'sharedCapacity':
      return narrow.sharedCapacity(details, nowMs);
    case 'sharedDay':
      return narrow.sharedDay(details);
    case 'stealthDay':
      return narrow.stealthDay(details, nowMs);
    case 'admissionControl':
      return narrow.admissionControl(details);
    case 'neverPurchased':
      return narrow.neverPurchased(details);
    case 'tooDear':
      return narrow.tooDear(details, 'credits');
    case 'tooDearForKey':
      return narrow.tooDear(details, 'keys');
    case 'promptTooDear':
      return narrow.promptTooDear(details);
    case 'keyCapByLink':
      return narrow.keyCapByLink(details);
    case 'ownKeyWanted':
      return narrow.ownKeyWanted(details);
    case 'noToolUse':
      return narrow.noToolUse(details);
    case 'guardrailPolicy':
      return narrow.guardrailPolicy(details);
    case 'allowedProviders':
      return narrow.allowedProviders(details);
    case 'excludedByPolicy':
      return narrow.excludedByPolicy(details);
    case 'noCredits':
      return withMetadata(
        say(
          402,
          'payment_required',
          'Insufficient credits. Add more using https://openrouter.ai/settings/credits',
        ),
        { limit_source: 'openrouter_credits', provider_name: null },
      );
    case 'weightExceedsBudget':
      return withMetadata(
        say(
          402,
          'payment_required',
          'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 1200.',
        ),
        { reason: 'weight_exceeds_budget', limit_source: 'openrouter_credits', provider_name: null },
      );
    case 'inFlightBudget':
      return inFlightBudget(details);
    case 'keyCap':
      return budget(
        details,
        nowMs,
        'openrouter_key_limit',
        'Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys',
      );
    case 'guardrailBudget':
      return budget(details, nowMs, 'openrouter_guardrail_budget', 'Guardrail budget exceeded.');
    case 'workspaceBudget':
      return budget(details, nowMs, 'openrouter_workspace_budget', 'Workspace budget exceeded.');
    case 'moderation':
      return moderation(details);
    case 'guardrail':
      return withMetadata(say(403, 'permission_denied', 'Your request was blocked by a guardrail.'), {
        patterns: ['credit-card'],
      });
    case 'region':
      return say(403, 'permission_denied', 'This model is not available in your region.');
    case 'managementKey':
      return say(403, 'permission_denied', 'Management keys cannot be used to run models.');
    case 'badKey':
      return anonymous('User not found.');
    case 'noAuth':
      return anonymous('No auth credentials found');
    case 'missingHeader':
      return anonymous('Missing Authentication header');
    case 'badRequest':
      return say(400, 'invalid_request', 'Input required: specify "prompt" or "messages"');
    case 'contextLength':
      return say(
        400,
        'context_length_exceeded',
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens (199000 of text input, 1000 in the output). Please reduce the length of either one.",
      );
    case 'unknownModel':
      return say(400, 'invalid_request', `${model} is not a valid model ID`);
    case 'noEndpoint':
      return availability(
        say(404, 'not_found', `No endpoints found for ${model}.`),
        details,
        'no_endpoints_found',
        false,
      );
    case 'privacyFilter':
      return say(
        404,
        'not_found',
        'No endpoints found matching your data policy (Free model publication). Configure: https://openrouter.ai/settings/privacy',
      );
    case 'notFound':
      return { ...say(404, 'not_found', 'Not Found'), userId: undefined };
    case 'tooLarge':
      return say(413, 'payload_too_large', 'Request body too large.');
    case 'unprocessable':
      return say(422, 'unprocessable', 'The request could not be processed.');
    case 'timeout':
      return say(408, 'timeout', 'Request timed out.');
    case 'providerDown':
      return withMetadata(say(502, 'provider_unavailable', 'Provider returned error'), {
        raw: 'upstream connect error or disconnect/reset before headers',
        provider_name: details.providerName ?? 'DigitalOcean',
      });
    case 'providerUnavailable':
      return availability(
        say(502, 'provider_unavailable', 'The provider is unavailable.'),
        details,
        'provider_unavailable',
        true,
      );
    case 'noneAvailable':
      return availability(
        say(
          503,
          'provider_unavailable',
          'There is no available model provider that meets your routing requirements',
        ),
        details,
        'none_available',
        true,
      );
    case 'gatewayTimeout':
      return say(504, 'timeout', 'The provider did not answer in time.');
    case 'edgeTimeout':
      return say(524, 'timeout', 'A timeout occurred.');
    case 'providerOverloaded':
      return availability(
        say(529, 'provider_overloaded', 'The provider is overloaded.'),
        details,
        'provider_overloaded',
        true,
      );
    case 'cloudflarePage':
      return cloudflarePage(details);
    case 'internal':
      return { ...say(500, 'server', 'Internal Server Error'), userId: undefined };
    case 'unmapped':
      return say(500, 'unmapped', 'An unexpected error occurred.');
  }
}
