// Reads every hint about when to come again into one instant. Hints come as headers do: those of the answer, then the body's.
import { dayMs } from '../../keys/calendar';
import { headerValues } from '../../base/http';

/** Further away than this is no hint; the longest real one is a key's cap of a month. */
const longestMs = 400 * dayMs;
/** An instant may have passed while the answer travelled, or by a clock that is ahead by too little to be put right (5 s); what is older says nothing. */
const justPassedMs = 6_000;
/** So far ahead a clock may be here: a reset that has passed more recently may be to come upstream. */
const aheadMs = 15 * 60_000;
/** Epochs in seconds stay below this until the year 5138, epochs in milliseconds have been above it since 1973. */
const smallestEpochMs = 1e11;

type HintReader = (value: string, nowMs: number) => number | null;

/** The hints that are believed before others come first. */
const hintReaders: readonly (readonly [name: string, HintReader])[] = [
  // What OpenRouter's documentation promises: it is authoritative when present.
  ['retry-after', fromRetryAfter],
  // Some gateways in front of models send a finer one as well.
  ['retry-after-ms', (value, nowMs) => inDuration(plainNumber(value), nowMs)],
  // Models at capacity say it in the body.
  ['error:retry_after', fromRetryAfter],
  // The limits of free models come with their reset, in headers or repeated in the body.
  ['x-ratelimit-reset', (value, nowMs) => atInstant(resetMsOf(value), nowMs)],
  // Google says a delay inside its own error.
  ['error:retrydelay', fromDelay],
  // Caps and budgets are refilled at a date.
  ['error:resets_at', (value, nowMs) => atInstant(resetMsOf(value), nowMs)],
];

/**
 * The instant that upstream says to come again at, never before `nowMs`; null when it does not say, or nothing
 * believable: a duration below zero, an instant long past or more than 400 days away. `Retry-After: 0` says nothing where
 * another hint leaves time.
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

/** The reset that upstream names, where it has passed here already, a quarter of an hour ago at most; else null. */
export function readPassedReset(hints: readonly string[], nowMs: number): number | null {
  const resets = headerValues(hints, 'x-ratelimit-reset').map(resetMsOf);
  return resets.find((atMs) => atMs < nowMs && atMs >= nowMs - aheadMs) ?? null;
}

/** The limit that was hit, in requests, from `X-RateLimit-Limit`; null when it is not said. */
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

/** Documented in milliseconds; seconds are accepted, told apart by their size, and ISO 8601. NaN for anything else. */
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
