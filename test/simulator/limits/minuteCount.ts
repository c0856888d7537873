/** The free-model requests that an account may make a minute. */

const MINUTE_MS = 60_000;

/** `clock`: minutes of the clock, as OpenRouter counts. `sliding`: any 60 s, stricter. */
export type MinuteWindow = 'clock' | 'sliding';

export class MinuteCount {
  /** Ascending arrival times of the requests that were let in. */
  private arrivalsAtMs: number[] = [];

  /** Lets one request in and returns undefined, or returns when the next one may come (epoch milliseconds). */
  take(nowMs: number, limit: number, window: MinuteWindow): number | undefined {
    const ofMs = (atMs: number): number =>
      window === 'clock' ? Math.floor(atMs / MINUTE_MS) * MINUTE_MS : atMs;
    this.arrivalsAtMs = this.arrivalsAtMs.filter((atMs) => ofMs(atMs) + MINUTE_MS > nowMs && atMs <= nowMs);
    const oldestAtMs = this.arrivalsAtMs[0] ?? nowMs;
    if (this.arrivalsAtMs.length >= limit) return ofMs(oldestAtMs) + MINUTE_MS;
    this.arrivalsAtMs.push(nowMs);
    return undefined;
  }
}
