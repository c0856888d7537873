// Reads all hints about when to come again into one instant. Hints have the form of headers: the answer's, then the body's.
import { dayMs } from '../../keys/calendar';
import { headerValues } from '../../base/http';

/** A hint that is further away is ignored; the longest real one is a key's cap of a month. */
const longestMs = 400 * dayMs;
/** An instant that passed this recently counts as now: answers travel, and our clock may be ahead by 5 s. Older ones are no hint. */
const justPassedMs = 6_000;
/** Our clock may be this far ahead: a reset that passed more recently here may still be to come upstream. */
const aheadMs = 15 * 60_000;
/** Epochs in seconds stay below this until the year 5138, epochs in milliseconds have been above it since 1973. */
const smallestEpochMs = 1e11;

type HintReader = (value: string, nowMs: number) => number | null;

/** In the order in which hints are believed. */
const hintReaders: readonly (readonly [name: string, HintReader])[] = [
  // OpenRouter's documentation promises this one: it is authoritative when present.
  ['retry-after', fromRetryAfter],
  // Some gateways in front of models also send a finer one.
  ['retry-after-ms', (value, nowMs) => inDuration(plainNumber(value), nowMs)],
  // Models at capacity have it in the body.
  ['error:retry_after', fromRetryAfter],
  // The limits of free models come with their reset, in headers or repeated in the body.
  ['x-ratelimit-reset', (value, nowMs) => atInstant(resetMsOf(value), nowMs)],
  // Google puts a delay into its own error.
  ['error:retrydelay', fromDelay],
  // Caps and budgets are refilled at a date.
  ['error:resets_at', (value, nowMs) => atInstant(resetMsOf(value), nowMs)],
];

/**
 * The instant at which upstream says to come again, never before `nowMs`; null without a believable hint: a duration
 * below zero, an instant long past or more than 400 days away is none. `Retry-After: 0` is used only where no other hint
 * leaves time.
 */
export function readUntil(hints: readonly string[], nowMs: number): number | null {
  let atOnceMs: number | null = null;
  for (const [name, read] of hintReaders) {
    // A header may come twice, or damaged.
    for (const value of headerValues(hints, name)) {
      const untilMs = read(value, nowMs);
      if (untilMs !== null && untilMs > nowMs) return untilMs;
      atOnceMs ??= untilMs;
    }
  }
  return atOnceMs;
}

/** The reset that upstream names, if it passed here within the last quarter of an hour; else null. */
export function readPassedReset(hints: readonly string[], nowMs: number): number | null {
  const resets = headerValues(hints, 'x-ratelimit-reset').map(resetMsOf);
  return resets.find((atMs) => atMs < nowMs && atMs >= nowMs - aheadMs) ?? null;
}

/** The limit that was hit, in requests, from `X-RateLimit-Limit`; null without one. */
export function readLimit(hints: readonly string[]): number | null {
  const limits = headerValues(hints, 'x-ratelimit-limit').map(plainNumber);
  return limits.find((limit) => limit !== null && limit > 0) ?? null;
}

/** RFC 9110 10.2.3: seconds, or an HTTP date. */
function fromRetryAfter(value: string, nowMs: number): number | null {
  const seconds = plainNumber(value);
  if (seconds !== null) return inDuration(seconds * 1000, nowMs);
  return /GMT$/i.test(value.trim()) ? atInstant(Date.parse(value), nowMs) : null;
}

/** Milliseconds since 1970, as documented; seconds (by their size) and ISO 8601 are accepted. NaN for anything else. */
function resetMsOf(value: string): number {
  const epoch = plainNumber(value);
  if (epoch === null) return Date.parse(value);
  return epoch < smallestEpochMs ? epoch * 1000 : epoch;
}

/** A protobuf Duration as JSON: `5s`, `1.5s`. */
function fromDelay(value: string, nowMs: number): number | null {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(value.trim()) ?? [];
  if (amount === undefined) return null;
  return inDuration(unit === 'ms' ? Number(amount) : Number(amount) * 1000, nowMs);
}

function plainNumber(value: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : null;
}

function inDuration(delayMs: number | null, nowMs: number): number | null {
  return delayMs !== null && delayMs >= 0 && delayMs <= longestMs ? nowMs + Math.ceil(delayMs) : null;
}

function atInstant(atMs: number, nowMs: number): number | null {
  if (!(atMs >= nowMs - justPassedMs && atMs <= nowMs + longestMs)) return null;
  return Math.max(Math.ceil(atMs), nowMs);
}
