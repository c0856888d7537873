/** The names of OpenRouter's errors, as tests ask for them. */

export type ErrorKind =
  // 429
  | 'dailyLimit'
  | 'dailyLimitHighBalance'
  | 'minuteLimit'
  | 'minuteLimitSayingPerDay'
  | 'providerBusy'
  | 'providerBusyPlain'
  | 'capacityExhausted'
  | 'googleExhausted'
  | 'unknown429'
  | 'modelMinute'
  | 'newAccount'
  | 'sharedCapacity'
  | 'sharedDay'
  | 'stealthDay'
  | 'admissionControl'
  // 402
  | 'noCredits'
  | 'neverPurchased'
  | 'tooDear'
  | 'tooDearForKey'
  | 'promptTooDear'
  | 'keyCapByLink'
  | 'weightExceedsBudget'
  | 'inFlightBudget'
  // 403
  | 'keyCap'
  | 'guardrailBudget'
  | 'workspaceBudget'
  | 'moderation'
  | 'guardrail'
  | 'region'
  | 'managementKey'
  | 'ownKeyWanted'
  // 401
  | 'badKey'
  | 'noAuth'
  | 'missingHeader'
  // the request's own fault
  | 'badRequest'
  | 'contextLength'
  | 'unknownModel'
  | 'noEndpoint'
  | 'noToolUse'
  // settings of the account, 404
  | 'privacyFilter'
  | 'guardrailPolicy'
  | 'allowedProviders'
  | 'excludedByPolicy'
  // the request's own fault again
  | 'notFound'
  | 'tooLarge'
  | 'unprocessable'
  // OpenRouter's or the provider's bad minutes
  | 'timeout'
  | 'providerDown'
  | 'providerUnavailable'
  | 'noneAvailable'
  | 'gatewayTimeout'
  | 'edgeTimeout'
  | 'providerOverloaded'
  | 'cloudflarePage'
  | 'internal'
  | 'unmapped';

/** Values of an error that differ from case to case; each has a default. */
export interface ErrorDetails {
  /** Another status than the usual one, as 402 for `keyCap`. */
  readonly status?: number;
  readonly message?: string;
  /** For the rate limits: default 50 a day, 1000 for `dailyLimitHighBalance`, 20 a minute. */
  readonly limit?: number;
  /** Epoch milliseconds; default the next UTC midnight, or the next minute of the clock. */
  readonly resetAtMs?: number;
  /** Sent as `Retry-After`, and where the body has such a field there too. */
  readonly retryAfterSeconds?: number;
  /** Whether `X-RateLimit-*` are in the response's head too, and not in `metadata.headers` alone; default true. */
  readonly headersInHead?: boolean;
  readonly model?: string;
  readonly providerName?: string;
  readonly isByok?: boolean;
  readonly userId?: string | null;
  /** Joined into `metadata`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Of the Cloudflare page: 1015, 1020, or undefined for a page about a gateway error. */
  readonly cloudflareCode?: number;
}
