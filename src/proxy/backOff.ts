// How long to wait before the next attempt.

/** No wait in a loop is shorter: a hint of zero must not become a tight loop. */
export const shortestWaitMs = 500;
const longestBackOffMs = 30_000;

/** Exponential with full jitter: between 0.5 s and 1, 2, 4 … 30 s. `attempt` is 1-based, `random` in [0, 1). */
export function backOffMs(attempt: number, random: () => number): number {
  const ceilingMs = Math.min(longestBackOffMs, 1000 * 2 ** Math.max(0, attempt - 1));
  return shortestWaitMs + Math.floor(random() * (ceilingMs - shortestWaitMs));
}
