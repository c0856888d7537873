// What an attempt turned out to be: a closed union, and the pure reading of an error into it.
import { readErrorBody } from './errorBody';
import type { ErrorEvidence } from './errorBody';
import type { Fault } from './fault';
import { freeLimit } from './freeLimit';
import type { FreeLimit, NamedLimit, Recovery } from './freeLimit';
import { isFreeModel } from './freeModel';
import { readLimit, readPassedReset, readUntil } from './retryTiming';

/** `untilMs` null: upstream did not say when. */
export type Outcome =
  /** An answer to pass on. */
  | { readonly kind: 'answer' }
  | FreeLimit
  /** A provider is busy: with the account's own provider key, or for everybody; `allProviders`: no other one is left. */
  | {
      readonly kind: 'busy';
      readonly untilMs: number | null;
      readonly isByok: boolean;
      readonly allProviders: boolean;
    }
  | { readonly kind: 'noCredits' }
  /** This one request costs more than the account may spend; cheaper ones pass. */
  | { readonly kind: 'requestTooDear' }
  /** 402 for a free model: the balance is negative. */
  | { readonly kind: 'belowZero' }
  | { readonly kind: 'inFlightBudget'; readonly untilMs: number | null }
  | { readonly kind: 'keyCap'; readonly untilMs: number | null }
  | { readonly kind: 'budget'; readonly untilMs: number | null }
  | { readonly kind: 'unauthorized' }
  /** Cloudflare in front of upstream answered: about this address, not about a key. */
  | { readonly kind: 'edgeBlocked'; readonly untilMs: number | null }
  /** Provider down, none available, overloaded; `timedOut`: it may have worked on the request, and been paid for it. */
  | { readonly kind: 'overloaded'; readonly untilMs: number | null; readonly timedOut: boolean }
  | { readonly kind: 'internal' }
  /** The request's own: bad, too large, unknown model, moderation, guardrail, region. */
  | { readonly kind: 'requestFault'; readonly contextLength: boolean }
  /** A 429 that says nothing of its kind: a short wait, never a day. */
  | { readonly kind: 'unknownLimit'; readonly untilMs: number | null }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** An error as upstream sent it. */
export interface ErrorReply {
  /** 400 and above, or 200 when the error was found inside. */
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  /** Decoded. Of an event stream, the event; its bare data will do. */
  readonly body: Buffer;
}

export interface ErrorContext {
  readonly nowMs: number;
  /** As the request named it. */
  readonly model: string | null;
}

interface Facts extends Recovery {
  readonly status: number;
  readonly evidence: ErrorEvidence;
  readonly isFreeModel: boolean;
}

/** What the error is. The strongest evidence is asked first; what nothing tells apart falls to its status. */
export function classifyError(reply: ErrorReply, context: ErrorContext): Outcome {
  const evidence = readErrorBody(reply.headers, reply.body);
  const facts: Facts = {
    status: effectiveStatus(reply.status, evidence),
    evidence,
    untilMs: readUntil(reply.headers, evidence.hints, context.nowMs),
    passedResetMs: readPassedReset(reply.headers, evidence.hints, context.nowMs),
    limit: readLimit(reply.headers, evidence.hints),
    nowMs: context.nowMs,
    isFreeModel: context.model !== null && isFreeModel(context.model),
  };
  return ofEdge(facts) ?? ofReason(facts) ?? ofLimitSource(facts) ?? ofContent(facts) ?? ofStatus(facts);
}

export function outcomeOfFault(fault: Fault): Outcome {
  return { kind: 'fault', fault };
}

/** The status that an error has for a client: its own, or inside a 200 the one that it names, else 502. */
export function statusOfError(reply: ErrorReply): number {
  return effectiveStatus(reply.status, readErrorBody(reply.headers, reply.body));
}

/** For the trail: the outcome in one word. */
export type OutcomeReason = Exclude<Outcome['kind'], 'fault'> | Fault['code'];

export function reasonOf(outcome: Outcome): OutcomeReason {
  return outcome.kind === 'fault' ? outcome.fault.code : outcome.kind;
}

function effectiveStatus(status: number, evidence: ErrorEvidence): number {
  return status >= 400 ? status : (evidence.status ?? 502);
}

/**
 * `cf-ray` is on every answer and no sign; a page where JSON belongs, or Cloudflare's own code, is. Its page about a
 * timeout refuses nobody: it speaks of this one request, which upstream may have worked on.
 */
function ofEdge({ status, evidence, untilMs }: Facts): Outcome | null {
  const mayRefuse = status === 403 || status === 429 || (status >= 500 && !isTimeout(status));
  const isPage = evidence.shape === 'html' && mayRefuse;
  const isRefusal = evidence.edgeCode === 1015 || evidence.edgeCode === 1020;
  return isPage || isRefusal ? { kind: 'edgeBlocked', untilMs } : null;
}

function ofContent({ evidence }: Facts): Outcome | null {
  return evidence.refusedContent ? { kind: 'requestFault', contextLength: false } : null;
}

function ofReason({ evidence, untilMs }: Facts): Outcome | null {
  if (evidence.reason === 'weight_exceeds_budget') return { kind: 'requestTooDear' };
  if (evidence.reason === 'in_flight_budget_exhausted') return { kind: 'inFlightBudget', untilMs };
  if (evidence.availabilityCode === 'capacity_exhausted') {
    return { kind: 'busy', untilMs, isByok: evidence.isByok, allProviders: true };
  }
  return null;
}

const byLimitSource: ReadonlyMap<string, (facts: Facts) => Outcome> = new Map([
  ['openrouter_free_tier_daily', (facts) => freeLimit('dailySource', facts)],
  ['openrouter_free_tier_per_minute', (facts) => freeLimit('minuteSource', facts)],
  ['upstream_provider_shared_pool', busy],
  ['openrouter_credits', credits],
  ['openrouter_key_limit', ({ untilMs }) => ({ kind: 'keyCap', untilMs })],
  ['openrouter_guardrail_budget', ({ untilMs }) => ({ kind: 'budget', untilMs })],
  ['openrouter_workspace_budget', ({ untilMs }) => ({ kind: 'budget', untilMs })],
  ['openrouter_in_flight_budget', ({ untilMs }) => ({ kind: 'inFlightBudget', untilMs })],
]);

function ofLimitSource(facts: Facts): Outcome | null {
  return byLimitSource.get(facts.evidence.limitSource ?? '')?.(facts) ?? null;
}

function ofStatus(facts: Facts): Outcome {
  switch (facts.status) {
    case 401:
      return { kind: 'unauthorized' };
    case 402:
    case 403:
      return ofMoney(facts);
    case 429:
      return ofTooMany(facts);
    case 500:
      return ofInternal(facts);
    default:
      return ofOthers(facts);
  }
}

function ofMoney(facts: Facts): Outcome {
  if (/key limit exceeded/i.test(facts.evidence.words)) return { kind: 'keyCap', untilMs: facts.untilMs };
  return facts.status === 402 ? credits(facts) : requestFault(facts);
}

function credits({ isFreeModel }: Facts): Outcome {
  return { kind: isFreeModel ? 'belowZero' : 'noCredits' };
}

function ofTooMany(facts: Facts): Outcome {
  const { words, providerName, providerStatus } = facts.evidence;
  const named = limitInWords(words);
  if (named !== null) return freeLimit(named, facts);
  const isProviders =
    providerName !== null ||
    providerStatus === 'RESOURCE_EXHAUSTED' ||
    /provider returned error|temporarily rate-limited upstream/i.test(words);
  return isProviders ? busy(facts) : { kind: 'unknownLimit', untilMs: facts.untilMs };
}

/** The text of the minute limit may still mention the day: the minute is asked first. */
function limitInWords(words: string): NamedLimit | null {
  if (/free-models-per-min/i.test(words)) return 'minuteText';
  return /free-models-per-day/i.test(words) ? 'dailyText' : null;
}

function busy({ evidence, untilMs }: Facts): Outcome {
  return { kind: 'busy', untilMs, isByok: evidence.isByok, allProviders: false };
}

function ofInternal(facts: Facts): Outcome {
  const isProviders = facts.evidence.names.some((name) => name.startsWith('provider_'));
  return isProviders || facts.evidence.retryable === true ? overloaded(facts) : { kind: 'internal' };
}

/** 520 to 530 are Cloudflare's own for a server that it cannot reach; 529 is Anthropic's word for overloaded. */
function ofOthers(facts: Facts): Outcome {
  const { status, evidence } = facts;
  const isPassing = status === 408 || (status >= 502 && status <= 504) || (status >= 520 && status <= 530);
  const mayPass = evidence.retryable ?? isPassing;
  if (mayPass) return overloaded(facts);
  // What would pass but is said not to is the request's: no provider is left that it allows.
  return status < 500 || isPassing ? requestFault(facts) : { kind: 'internal' };
}

function overloaded({ status, untilMs }: Facts): Outcome {
  return { kind: 'overloaded', untilMs, timedOut: isTimeout(status) };
}

function isTimeout(status: number): boolean {
  return status === 408 || status === 504 || status === 524;
}

function requestFault({ evidence }: Facts): Outcome {
  const contextLength =
    evidence.names.includes('context_length_exceeded') ||
    /context[ _]length|context window|maximum context|prompt is too long/i.test(evidence.words);
  return { kind: 'requestFault', contextLength };
}
