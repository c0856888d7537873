// How long today's free requests last at the pace of the last hour; pure.
import type { DashboardState } from '../messages';
import type { ForecastView, Snapshot, WheelView } from '../snapshot';
import type { Series } from './series';

const dayMs = 24 * 60 * 60_000;
/** The span over which the pace is taken. */
const paceSpanMs = 60 * 60_000;

/** Fewer requests in the span give no pace. */
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

/** The forecast and the use of today, from the last 24 hours. */
export function outlookOf(
  { wheel, atMs }: Snapshot,
  series: Pick<Series, 'recent' | 'spentToday'>,
): Pick<DashboardState, 'forecast' | 'paidOnly' | 'spent'> {
  const day = series.recent(dayMs);
  return {
    forecast: forecast(wheel, series.recent(paceSpanMs).freeAttempts, atMs),
    paidOnly: day.paid > 0 && day.freeAttempts === 0,
    spent: series.spentToday(atMs),
  };
}
