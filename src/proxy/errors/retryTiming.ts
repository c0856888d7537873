// Reads every hint about when to come again into one instant.
import { dayMs } from '../../keys/calendar';
import type { BodyHints } from './errorBody';
import { headerValues } from '../../base/http';

/** Further away than this is no hint; the longest real one is a key's cap of a month. */
const longestMs = 400 * dayMs;
/** An instant may have passed while the answer travelled; what is older says nothing. */
const justPassedMs = 2_000;
/** So far ahead a clock may be here: a reset that has passed more recently may be to come upstream. */
const aheadMs = 15 * 60_000;
/** Epochs in seconds stay below this until the year 5138, epochs in milliseconds have been above it since 1973. */
const smallestEpochMs = 1e11;

/**
 * The instant that upstream says to come again at, never before `nowMs`; null when it does not say, or nothing
 * believable: a duration below zero, an instant long past or more than 400 days away.
 */
export function readUntil(headers: readonly string[], hints: BodyHints, nowMs: number): number | null {
  const everyHeader = [...headers, ...hints.headers];
  const read = (name: string, convert: (value: string, nowMs: number) => number | null): number | null =>
    firstBelievable(headerValues(everyHeader, name), convert, nowMs);
  return (
    // Retry-After is what OpenRouter's documentation promises: it is authoritative when present.
    read('retry-after', fromRetryAfter) ??
    // Some gateways in front of models send a finer one as well.
    read('retry-after-ms', fromMilliseconds) ??
    // Models at capacity say it in the body.
    (hints.retryAfterSeconds === null ? null : inDuration(hints.retryAfterSeconds * 1000, nowMs)) ??
    // The limits of free models come with their reset, in headers or repeated in the body.
    read('x-ratelimit-reset', fromEpoch) ??
    // Google says a delay inside its own error.
    firstBelievable(hints.retryDelay === null ? [] : [hints.retryDelay], fromDelay, nowMs) ??
    // Caps and budgets are refilled at a date.
    firstBelievable(hints.resetsAt === null ? [] : [hints.resetsAt], fromDateOrEpoch, nowMs)
  );
}

/** The reset that upstream names, where it has passed here already, a quarter of an hour ago at most; else null. */
export function readPassedReset(headers: readonly string[], hints: BodyHints, nowMs: number): number | null {
  const values = headerValues([...headers, ...hints.headers], 'x-ratelimit-reset');
  const resets = values.map(epochMsOf);
  return resets.find((atMs) => atMs !== null && atMs < nowMs && atMs >= nowMs - aheadMs) ?? null;
}

/** The limit that was hit, in requests, from `X-RateLimit-Limit`; null when it is not said. */
export function readLimit(headers: readonly string[], hints: BodyHints): number | null {
  const limits = headerValues([...headers, ...hints.headers], 'x-ratelimit-limit').map(plainNumber);
  return limits.find((limit) => limit !== null && limit > 0) ?? null;
}

/** RFC 9110 10.2.3: seconds, or an HTTP date. */
function fromRetryAfter(value: string, nowMs: number): number | null {
  const seconds = plainNumber(value);
  if (seconds !== null) return inDuration(seconds * 1000, nowMs);
  return /GMT$/i.test(value.trim()) ? atInstant(Date.parse(value), nowMs) : null;
}

function fromMilliseconds(value: string, nowMs: number): number | null {
  const delayMs = plainNumber(value);
  return delayMs === null ? null : inDuration(delayMs, nowMs);
}

function fromEpoch(value: string, nowMs: number): number | null {
  const atMs = epochMsOf(value);
  return atMs === null ? null : atInstant(atMs, nowMs);
}

/** Documented in milliseconds; seconds are accepted, told apart by their size. */
function epochMsOf(value: string): number | null {
  const epoch = plainNumber(value);
  return epoch !== null && epoch < smallestEpochMs ? epoch * 1000 : epoch;
}

/** A protobuf Duration as JSON: `5s`, `1.5s`. */
function fromDelay(value: string, nowMs: number): number | null {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(value.trim()) ?? [];
  if (amount === undefined) return null;
  return inDuration(unit === 'ms' ? Number(amount) : Number(amount) * 1000, nowMs);
}

function fromDateOrEpoch(value: string, nowMs: number): number | null {
  return plainNumber(value) === null ? atInstant(Date.parse(value), nowMs) : fromEpoch(value, nowMs);
}

function plainNumber(value: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : null;
}

function inDuration(delayMs: number, nowMs: number): number | null {
  return delayMs >= 0 && delayMs <= longestMs ? nowMs + Math.ceil(delayMs) : null;
}

function atInstant(atMs: number, nowMs: number): number | null {
  if (!(atMs >= nowMs - justPassedMs && atMs <= nowMs + longestMs)) return null;
  return Math.max(Math.ceil(atMs), nowMs);
}

/** The first value that a believable instant can be made of: a header may come twice, or damaged. */
function firstBelievable(
  values: readonly string[],
  convert: (value: string, nowMs: number) => number | null,
  nowMs: number,
): number | null {
  for (const value of values) {
    const untilMs = convert(value, nowMs);
    if (untilMs !== null) return untilMs;
  }
  return null;
}
