// The outcome of an attempt that brought no answer: a closed union, and the pure reading of an error into it.
import { isFreeModel } from '../../keys/freeModel';
import { nextUtcMidnightMs, periodEndMs } from '../../keys/calendar';
import type { LimitReason } from '../../keys/lock';
import { readErrorBody, type ErrorEvidence } from './errorBody';
import { readLimit, readPassedReset, readUntil } from './retryTiming';

/** A failure on the way to upstream or back: a value with a code, never thrown. */
export type Fault =
  /** DNS, connect or TLS failed: the head was never on a socket, so that upstream neither did nor counted anything. */
  | {
      readonly code: 'notSent';
      readonly cause: unknown;
      /** No attempt is made before this instant (wall time); absent where the next attempt may succeed at once. */
      readonly retryAtMs?: number;
    }
  /** The connection broke after the head was sent and before an answer's head came. */
  | { readonly code: 'resetBeforeHead'; readonly reusedSocket: boolean; readonly cause: unknown }
  /** An answer whose head is not valid HTTP: upstream did its work, or a reused socket still had bytes of an earlier answer. */
  | { readonly code: 'unreadable'; readonly reusedSocket: boolean; readonly cause: unknown }
  | { readonly code: 'headTimeout' }
  /** The head came, but no first event in time. */
  | { readonly code: 'firstTokenTimeout' }
  | { readonly code: 'idleTimeout' }
  /** The body stopped before its end. */
  | { readonly code: 'cut'; readonly cause: unknown }
  /** A 200 to a request that runs a model which is neither JSON nor events, but a page, a proxy's text, or empty. */
  | { readonly code: 'notAnAnswer' }
  /** The client left: blames no key. */
  | { readonly code: 'clientGone' }
  | { readonly code: 'headTooLarge' };

/** Limits that lock as `keys/lock.ts` says. `untilMs` null: upstream gave no time. `limit`: the number of requests, if given. */
export type LimitOutcome = {
  readonly kind: Exclude<LimitReason, 'left' | 'busy' | 'ownProviderBusy'>;
  readonly untilMs: number | null;
  readonly limit: number | null;
};

export type Outcome =
  | LimitOutcome
  /** A provider is busy, with the account's own provider key (`isByok`) or for everybody; `allProviders`: no other one is left. */
  | {
      readonly kind: 'busy';
      readonly untilMs: number | null;
      readonly isByok: boolean;
      readonly allProviders: boolean;
    }
  /** This request alone costs more than the account or key may spend; a smaller one passes. */
  | { readonly kind: 'requestTooDear'; readonly limits: 'account' | 'key' }
  /** The provider is down, missing or overloaded. `timedOut`: it may have worked on the request and been paid for it. */
  | { readonly kind: 'overloaded'; readonly untilMs: number | null; readonly timedOut: boolean }
  | { readonly kind: 'internal' }
  /** The request is at fault: bad, too large, moderated; or its model cannot take it (`unfit`), or has ended (`gone`). */
  | { readonly kind: 'requestFault'; readonly model: 'fit' | 'unfit' | 'gone' }
  | { readonly kind: 'fault'; readonly fault: Fault };

export interface ErrorReply {
  /** 400 and above, or 200 when the error was found inside. */
  readonly status: number;
  readonly headers: readonly string[];
  /** Decoded. Of an event stream the event, or the data of the event alone. */
  readonly body: Buffer;
}

export interface ErrorContext {
  /** Upstream's time, as far as it is known. */
  readonly nowMs: number;
  readonly model: string | null;
  /** Whether the request itself restricts the providers: then it is at fault if none of them is there. */
  readonly choosesProviders: boolean;
}

interface Facts extends ErrorContext {
  readonly status: number;
  readonly evidence: ErrorEvidence;
  readonly isFreeModel: boolean;
  readonly untilMs: number | null;
  /** The reset that upstream names, where it has passed by our clock. */
  readonly passedResetMs: number | null;
  readonly limit: number | null;
}

/** The kind of the error. The strongest evidence is tried first; without evidence the status decides. */
export function classifyError(reply: ErrorReply, context: ErrorContext): Outcome {
  const { nowMs, model } = context;
  const evidence = readErrorBody(reply.headers, reply.body);
  const hints = [...reply.headers, ...evidence.hints];
  const facts: Facts = {
    ...context,
    status: statusOfError(reply, evidence),
    evidence,
    isFreeModel: model !== null && isFreeModel(model),
    untilMs: readUntil(hints, nowMs),
    passedResetMs: readPassedReset(hints, nowMs),
    limit: readLimit(hints),
  };
  return (
    edgeOutcome(facts) ??
    reasonOutcome(facts) ??
    tooDearOutcome(facts) ??
    limitSourceOutcome(facts) ??
    policyOutcome(facts) ??
    statusOutcome(facts)
  );
}

/** The status of an error for the client: the reply's own; inside a 200 the status that the error names, else 502. */
export function statusOfError({ status, headers, body }: ErrorReply, evidence?: ErrorEvidence): number {
  return status >= 400 ? status : ((evidence ?? readErrorBody(headers, body)).status ?? 502);
}

/** An attempt's outcome in one word, for the trail; null: an answer. */
export function reasonOf(outcome: Outcome | null): string {
  if (outcome === null) return 'answer';
  return outcome.kind === 'fault' ? outcome.fault.code : outcome.kind;
}

function limitOf(kind: LimitOutcome['kind'], { untilMs, limit }: Facts): LimitOutcome {
  return { kind, untilMs, limit };
}

/**
 * Cloudflare refuses with a page where JSON is expected, or with a code of its own; `cf-ray` shows nothing, as every
 * answer has it. Its page about a timeout refuses nobody: upstream may have worked on this one request.
 */
function edgeOutcome(facts: Facts): Outcome | null {
  const { status, evidence } = facts;
  const mayRefuse = status === 403 || status === 429 || (status >= 500 && !isTimeout(status));
  const isPage = evidence.isPage && mayRefuse;
  const isRefusal = evidence.edgeCode === 1015 || evidence.edgeCode === 1020;
  return isPage || isRefusal ? limitOf('edgeBlocked', facts) : null;
}

function reasonOutcome(facts: Facts): Outcome | null {
  const { evidence, untilMs } = facts;
  if (evidence.reason === 'weight_exceeds_budget') return { kind: 'requestTooDear', limits: 'account' };
  if (evidence.reason === 'in_flight_budget_exhausted') return limitOf('inFlightBudget', facts);
  if (evidence.availabilityCode === 'capacity_exhausted') {
    return { kind: 'busy', untilMs, isByok: evidence.isByok, allProviders: true };
  }
  return null;
}

/** The addresses of a key's own page. */
const keysPage = /(?:openrouter\.ai|settings|workspaces\/[^/\s]+)\/keys\b/i;

/** "can only afford 30104": the balance is not empty, so that a smaller request passes, whatever `limit_source` says. */
function tooDearOutcome({ status, evidence }: Facts): Outcome | null {
  if (status !== 402) return null;
  const { words, limitSource } = evidence;
  const isTooDear =
    /fewer max_tokens|can only afford|token capacity required|(?:prompt tokens|max_tokens) limit exceeded|requires at least \$/i.test(
      words,
    );
  if (!isTooDear) return null;
  const isKeys = limitSource === 'openrouter_key_limit' || keysPage.test(words);
  return { kind: 'requestTooDear', limits: isKeys ? 'key' : 'account' };
}

const byLimitSource: ReadonlyMap<string, (facts: Facts) => Outcome> = new Map([
  ['openrouter_free_tier_daily', (facts) => dailyLimit(facts)],
  ['openrouter_free_tier_per_minute', (facts) => limitOf('minuteLimit', facts)],
  ['openrouter_shared_capacity', (facts) => sharedCapacity(facts)],
  ['openrouter_new_account', (facts) => limitOf('modelLimit', facts)],
  ['openrouter_admission_control', (facts) => limitOf('inFlightBudget', facts)],
  ['upstream_provider_shared_pool', busy],
  ['openrouter_credits', (facts) => limitOf(facts.isFreeModel ? 'belowZero' : 'noCredits', facts)],
  ['openrouter_key_limit', keyCap],
  ['openrouter_in_flight_budget', (facts) => limitOf('inFlightBudget', facts)],
]);

function limitSourceOutcome(facts: Facts): Outcome | null {
  const source = facts.evidence.limitSource ?? '';
  const named = byLimitSource.get(source)?.(facts) ?? null;
  return named === null && source.endsWith('_budget') ? limitOf('budget', facts) : named;
}

/** A limit that ends within this time counts as a minute limit, whatever its name is. */
const shortWaitMs = 60_000;

/**
 * A day that ends within a minute counts as a minute, whatever its limit is. A reset that has already passed here only
 * shows that clocks differ. The day limit of a model that is not `:free` holds that model alone (cloaked models).
 */
function dailyLimit(facts: Facts): Outcome {
  const { model, isFreeModel, untilMs, passedResetMs, limit, nowMs } = facts;
  if (untilMs !== null && untilMs - nowMs <= shortWaitMs)
    return { kind: 'minuteLimit', untilMs, limit: null };
  if (model !== null && !isFreeModel) return limitOf('modelDailyLimit', facts);
  return { kind: 'dailyLimit', untilMs: untilMs ?? passedResetMs, limit };
}

/** The limit of a capacity that all users share: `limit_rpd` without a reset ends with the day. */
function sharedCapacity(facts: Facts): Outcome {
  const isDaily = /limit_rpd\/|daily limit reached for/i.test(facts.evidence.words);
  const untilMs = facts.untilMs ?? (isDaily ? nextUtcMidnightMs(facts.nowMs) : null);
  return { kind: 'sharedCapacity', untilMs, limit: facts.limit };
}

const policyStatuses: ReadonlySet<number> = new Set([400, 403, 404]);

/** The request's content is refused, or settings of an account or key exclude a model, so that another account may reach it. */
function policyOutcome(facts: Facts): Outcome | null {
  const { status, evidence, choosesProviders } = facts;
  const { words, excludedBy, refusedContent } = evidence;
  if (refusedContent || /content was flagged|data may contain inappropriate/i.test(words))
    return { kind: 'requestFault', model: 'fit' };
  if (isOfOwnKey(facts)) return limitOf('ownKeyWanted', facts);
  if (!policyStatuses.has(status)) return null;
  const isProviders =
    /no allowed providers are available|all providers have been ignored/i.test(words) ||
    excludedBy.includes('allowed_providers');
  const isPolicy = isProviders ? !choosesProviders : isAccounts(evidence);
  return isPolicy ? limitOf('policy', facts) : null;
}

/** Whether a provider wants a key of the account's own, or refused that key, or the key has no money there. */
function isOfOwnKey({ status, evidence: { words, providerName, isByok } }: Facts): boolean {
  if (status === 403 && /requiring a key to access this model|settings\/integrations/i.test(words))
    return true;
  if (providerName === null || !/provider returned error/i.test(words)) return false;
  // Google calls a bad key a bad request.
  const isOwn = isByok && (status === 403 || (status === 400 && /api key/i.test(words)));
  return isOwn || status === 401 || status === 402;
}

/** Whether the error is about settings of the account; presets are the account's, too. */
function isAccounts({ words, availabilityCode, excludedBy }: ErrorEvidence): boolean {
  return (
    /matching your (?:guardrail restrictions|data policy)|to complete the following before use|\bpreset\b.* not (?:found|exist)/i.test(
      words,
    ) ||
    availabilityCode === 'privacy_restricted' ||
    availabilityCode === 'region_restricted' ||
    excludedBy.some((name) => /^(?:data_policy|data_region|geo)/.test(name))
  );
}

function statusOutcome(facts: Facts): Outcome {
  switch (facts.status) {
    case 401:
      return limitOf('unauthorized', facts);
    case 402:
    case 403:
      return moneyOutcome(facts);
    case 429:
      return tooManyOutcome(facts);
    case 500:
      return internalOutcome(facts);
    default:
      return otherOutcome(facts);
  }
}

/** The link in a 402 tells whose money is short: a key's page the key's, else the account's. A time means running requests. */
function moneyOutcome(facts: Facts): Outcome {
  const { words } = facts.evidence;
  if (/key limit exceeded/i.test(words) || keysPage.test(words)) return keyCap(facts);
  if (facts.status !== 402) return requestFault(facts);
  if (facts.untilMs !== null) return limitOf('inFlightBudget', facts);
  return limitOf(facts.isFreeModel ? 'belowZero' : 'noCredits', facts);
}

/** `Key limit exceeded (weekly limit)` ends with the week; the end of a total cap is not known. */
function keyCap(facts: Facts): Outcome {
  const period = /\((\w+) limit\)/.exec(facts.evidence.words)?.[1] ?? '';
  return limitOf('keyCap', { ...facts, untilMs: facts.untilMs ?? periodEndMs(period, facts.nowMs) });
}

/** No minute limit lasts longer, even between clocks that differ by minutes. */
const longestMinuteMs = 600_000;

function tooManyOutcome(facts: Facts): Outcome {
  const { words, providerName, providerStatus } = facts.evidence;
  const named = freeLimitOutcome(words, facts) ?? modelLimitOutcome(words, facts);
  if (named !== null) return named;
  const isProviders =
    providerName !== null ||
    providerStatus === 'RESOURCE_EXHAUSTED' ||
    /provider returned error|temporarily rate-limited upstream/i.test(words);
  return isProviders ? busy(facts) : limitOf('unknownLimit', facts);
}

/**
 * The account's minute and day limits where only the text names them. The recovery time decides: a day that ends within a
 * minute is a minute, a minute that ends in hours is a day; a day without a time is not believed. The text of a minute
 * limit may name the day, too: the minute is checked first.
 */
function freeLimitOutcome(words: string, facts: Facts): Outcome | null {
  const { untilMs, passedResetMs, nowMs } = facts;
  const leftMs = untilMs === null ? 0 : untilMs - nowMs;
  if (/free-models-per-day-stealth/i.test(words)) return limitOf('modelDailyLimit', facts);
  if (/free-models-per-min/i.test(words)) {
    return leftMs > longestMinuteMs
      ? { kind: 'dailyLimit', untilMs, limit: null }
      : limitOf('minuteLimit', facts);
  }
  if (/free-models-per-day/i.test(words)) {
    const isTimed = untilMs !== null || passedResetMs !== null;
    return isTimed ? dailyLimit(facts) : { kind: 'minuteLimit', untilMs, limit: null };
  }
  return null;
}

function modelLimitOutcome(words: string, facts: Facts): Outcome | null {
  const { limit } = facts;
  if (/new-account-rpm\//i.test(words)) return limitOf('modelLimit', facts);
  // A limit of one account for one model names a number of requests and repeats it in `X-RateLimit-Limit`.
  if (/limit_rpm\//i.test(words) && /limited to \d+ requests/i.test(words) && limit !== null)
    return limitOf('modelLimit', facts);
  const isShared = /limit_(?:rpm|rpd|tpm)\/|high demand for|daily limit reached for .+ via /i.test(words);
  return isShared ? sharedCapacity(facts) : null;
}

function busy({ evidence, untilMs }: Facts): Outcome {
  return { kind: 'busy', untilMs, isByok: evidence.isByok, allProviders: false };
}

function internalOutcome(facts: Facts): Outcome {
  const isProviders = facts.evidence.names.some((name) => name.startsWith('provider_'));
  return isProviders || facts.evidence.retryable === true ? overloaded(facts) : { kind: 'internal' };
}

/** 520 to 530 are Cloudflare's own for a server that it cannot reach; 529 is Anthropic's for overloaded. */
function isPassing(status: number): boolean {
  return status === 408 || (status >= 502 && status <= 504) || (status >= 520 && status <= 530);
}

function otherOutcome(facts: Facts): Outcome {
  const { status, evidence, model } = facts;
  if (evidence.retryable ?? isPassing(status)) return overloaded(facts);
  // Recorded for requests that named a model, and that were answered when sent again.
  if (model !== null && /no models provided/i.test(evidence.words)) return { kind: 'internal' };
  // A temporary status whose error is marked as lasting is the request's fault: it allows no provider that is left.
  if (status >= 500 && !isPassing(status)) return { kind: 'internal' };
  const fault = requestFault(facts);
  return status === 400 && fault.model === 'fit' && isOfStandIn(evidence) ? { kind: 'internal' } : fault;
}

/** Whether the provider replaced a busy one, which may accept the request later: signed thoughts are bound to a provider. */
function isOfStandIn({ previousStatuses }: ErrorEvidence): boolean {
  return previousStatuses.some((status) => status === 429 || status >= 500);
}

function overloaded({ status, untilMs }: Facts): Outcome {
  return { kind: 'overloaded', untilMs, timedOut: isTimeout(status) };
}

function isTimeout(status: number): boolean {
  return status === 408 || status === 504 || status === 524;
}

const goneCodes = ['free_variant_ended', 'model_deprecated', 'model_not_found', 'no_endpoints'];

/** Words by which a model refuses this request alone: it is too long, or not allowed for its content, region or client. */
const unfit =
  /(?:context|content)[ _](?:length|limit|window|size)|max(?:imum)? (?:context|prompt length|number of (?:tokens|images)|tokens allowed)|(?:prompt|input) is too long|input length|reduce the length|no endpoints found that |not available in your (?:region|country)|violation of provider terms/i;

/** An excluded model is gone only for this request if the request itself chooses its providers. */
function requestFault(facts: Facts): Outcome & { readonly kind: 'requestFault' } {
  const { evidence, choosesProviders } = facts;
  const isGone =
    goneCodes.includes(evidence.availabilityCode ?? '') ||
    /no endpoints found for |is not a valid model id|is unavailable for free|was a stealth model/i.test(
      evidence.words,
    );
  if (isGone && !choosesProviders && evidence.excludedBy.length === 0)
    return { kind: 'requestFault', model: 'gone' };
  return { kind: 'requestFault', model: isGone || isUnfit(facts) ? 'unfit' : 'fit' };
}

/** Whether OpenRouter's routing, the model or its provider refuses: another model may take the request. */
function isUnfit({ status, evidence }: Facts): boolean {
  const { words, names, excludedBy, routingStep, providerName } = evidence;
  const isProviders = providerName !== null && (status === 403 || status === 404);
  const isRoutings = routingStep !== null || excludedBy.length > 0;
  return isProviders || isRoutings || names.includes('context_length_exceeded') || unfit.test(words);
}
