// The two limits of free models, told apart by the recovery time.

export type FreeLimit =
  /** The account's free requests of the day are used up; `untilMs` null: the next midnight. It has passed where clocks differ. */
  | { readonly kind: 'dailyLimit'; readonly untilMs: number | null; readonly limit: number | null }
  /** The account's free requests of the minute are used up; `untilMs` null: 60 s. */
  | { readonly kind: 'minuteLimit'; readonly untilMs: number | null; readonly limit: number | null };

/** How upstream named the limit: by `limit_source`, or only in its text. */
export type NamedLimit = 'dailySource' | 'minuteSource' | 'dailyText' | 'minuteText';

/** What upstream says of the limit's end, and of its size. */
export interface Recovery {
  readonly untilMs: number | null;
  /** The reset that it names, where that has passed by our clock. */
  readonly passedResetMs: number | null;
  readonly limit: number | null;
  readonly nowMs: number;
}

/** Up to here a wait is short, whatever the words are. */
const shortWaitMs = 60_000;
/** No minute limit lasts longer, even between clocks that differ by minutes. */
const longestMinuteMs = 600_000;

/**
 * The recovery time decides, the wording does not: a day that ends within a minute is a minute, a minute that ends
 * in hours is a day. Without a time only `limit_source` can name a day. The limit is kept only where words and time
 * agree: what a minute allows must never be taken for what a day allows.
 */
export function freeLimit(named: NamedLimit, recovery: Recovery): FreeLimit {
  const { untilMs, passedResetMs, limit, nowMs } = recovery;
  const namesDay = named === 'dailySource' || named === 'dailyText';
  // A day that has ended by our clock alone: upstream is not in the next one yet, and names no end of that.
  if (namesDay && untilMs === null && passedResetMs !== null)
    return { kind: 'dailyLimit', untilMs: passedResetMs, limit };
  const isDay =
    untilMs === null ? named === 'dailySource' : untilMs - nowMs > (namesDay ? shortWaitMs : longestMinuteMs);
  return { kind: isDay ? 'dailyLimit' : 'minuteLimit', untilMs, limit: isDay === namesDay ? limit : null };
}
