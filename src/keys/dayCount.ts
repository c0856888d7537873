// What is counted of an account's day, and the sum that is made of it.
import * as v from 'valibot';
import { lateCountMs } from './ownAttempts';

/** Readings asked for this soon after midnight may still be yesterday's. */
export const staleAfterMidnightMs = 120_000;

/** What the server told, and how many own attempts it held then. */
const mark = v.object({ used: v.number(), limit: v.number(), ownThen: v.number(), atMs: v.number() });
export type Mark = v.InferOutput<typeof mark>;

export const dayCountSchema = v.object({
  resetAtMs: v.number(),
  own: v.number(),
  /** The latest reading. */
  latest: v.nullable(mark),
  /** The last quiet reading: it misses no own attempt but those that are added to it. */
  quiet: v.nullable(mark),
  lastSentAtMs: v.number(),
  /** A day's requests as the server told them last, or null. */
  learnedLimit: v.nullable(v.number()),
  everRead: v.boolean(),
});
export type DayCount = v.InferOutput<typeof dayCountSchema>;

/** The count of an account of which nothing is known. */
export function firstDay(resetAtMs: number): DayCount {
  return { ...newDay(resetAtMs, 0), lastSentAtMs: 0, learnedLimit: null, everRead: false };
}

/** What a day begins with. */
export function newDay(
  resetAtMs: number,
  own: number,
): Pick<DayCount, 'resetAtMs' | 'own' | 'latest' | 'quiet'> {
  return { resetAtMs, own, latest: null, quiet: null };
}

/** The larger of what the latest reading and what the last quiet one say, each with our own attempts since. */
export function usedOf({ own, latest, quiet }: DayCount): number {
  return Math.max(latest === null ? 0 : sinceMark(latest, own), sinceMark(quiet, own));
}

/** Without a mark the own count of the day is all that is known. */
export function sinceMark(told: Mark | null, own: number): number {
  return told === null ? own : told.used + own - told.ownThen;
}

/** A count that the day which ended at `resetAtMs` had passed before its last minutes, for certain; 0 if none is known. */
export function sureCountBefore(resetAtMs: number, latest: Mark | null): number {
  return latest !== null && resetAtMs - latest.atMs >= lateCountMs ? latest.used : 0;
}

/** Whether a count that was asked for so long after midnight is the new day's: one that is lower than yesterday's surely was is. */
export function isOfNewDay(used: number, sinceMidnightMs: number, yesterdaysUsed: number): boolean {
  if (sinceMidnightMs < 0) return false;
  return sinceMidnightMs >= staleAfterMidnightMs || used < yesterdaysUsed;
}

/** The counts of two accounts that are one. A mark is kept, and holds the other's attempts if they were over long before. */
export function joinedCounts(one: DayCount, other: DayCount): DayCount {
  return {
    resetAtMs: one.everRead || !other.everRead ? one.resetAtMs : other.resetAtMs,
    own: one.own + other.own,
    latest: joinedMark(one.latest, other) ?? joinedMark(other.latest, one),
    quiet: joinedMark(one.quiet, other) ?? joinedMark(other.quiet, one),
    lastSentAtMs: Math.max(one.lastSentAtMs, other.lastSentAtMs),
    learnedLimit: one.learnedLimit ?? other.learnedLimit,
    everRead: one.everRead || other.everRead,
  };
}

function joinedMark(told: Mark | null, other: DayCount): Mark | null {
  if (told === null || told.atMs - other.lastSentAtMs < lateCountMs) return told;
  return { ...told, ownThen: told.ownThen + other.own };
}
