// How long today's free requests last at the pace of the last hour; pure.
import type { ForecastView, WheelView } from './snapshot';

/** The span over which the pace is taken. */
export const paceSpanMs = 60 * 60_000;

/** Fewer requests than these in the span tell no pace. */
const leastRequests = 3;

/** `freeAttempts`: what was sent in the last `paceSpanMs`. */
export function forecast(
  { freeLeft, freeLimit, resetAtMs }: Pick<WheelView, 'freeLeft' | 'freeLimit' | 'resetAtMs'>,
  freeAttempts: number,
  nowMs: number,
): ForecastView {
  if (resetAtMs === null || freeLimit === 0) return { kind: 'none' };
  if (freeLeft <= 0) return { kind: 'usedUp' };
  if (freeAttempts < leastRequests) return { kind: 'quiet' };
  const untilMs = nowMs + (freeLeft / freeAttempts) * paceSpanMs;
  return untilMs >= resetAtMs
    ? { kind: 'lasts', perHour: freeAttempts }
    : { kind: 'until', perHour: freeAttempts, untilMs };
}
