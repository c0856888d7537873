// How long something lasts, in words.
import type { Translate } from './translate';

const secondMs = 1000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const preciseBelowMs = 5 * minuteMs;

/** Such as `7 h 20 min`, `12 min`, `4 min 05 s`, `45 s`; never less than `0 s`. */
export function durationText(ms: number, t: Translate): string {
  const left = Math.max(ms, 0);
  if (left >= hourMs) {
    const minutes = Math.floor(left / minuteMs);
    return t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
  }
  if (left >= preciseBelowMs) return t('{0} min', Math.floor(left / minuteMs));
  const seconds = Math.ceil(left / secondMs);
  if (seconds < 60) return t('{0} s', seconds);
  return t('{0} min {1} s', Math.floor(seconds / 60), String(seconds % 60).padStart(2, '0'));
}

/** The same to the minute, for what does not tick. */
export function roughDurationText(ms: number, t: Translate): string {
  const minutes = Math.max(Math.round(ms / minuteMs), 1);
  return minutes < 60 ? t('{0} min', minutes) : durationText(minutes * minuteMs, t);
}

/** When the text of what ends at `untilMs` changes next, in milliseconds from now. */
export function nextTickMs(untilMs: number, nowMs: number): number {
  const left = untilMs - nowMs;
  if (left <= 0) return Number.POSITIVE_INFINITY;
  const step = left > preciseBelowMs ? minuteMs : secondMs;
  return (left % step) + 1;
}
