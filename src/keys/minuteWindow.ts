// The account's minute: a sliding window whose slots free as early as upstream's clock surely allows.
import * as v from 'valibot';
import { dayMs } from './calendar';

/** OpenRouter's limit of free-model requests a minute (OpenRouter, "Limits"). */
export const usualMinuteLimit = 20;
/** Upstream counted the attempt before its answer's head came: from the head on a plain minute is enough. */
const afterHeadMs = 60_000;
/** The time from our write to upstream's count is unknown; with half a second more there was no 429 in 20,000 bursts. */
const afterSendMs = 60_500;
/** An instant later than any other: the attempt is not on a socket yet. */
const unsent = Number.MAX_SAFE_INTEGER;

/** One attempt's place in the window. */
export interface Slot {
  freeAtMs: number;
}

export const minuteWindowSchema = v.object({
  freeAtMs: v.array(v.number()),
  limit: v.number(),
  limitUntilMs: v.number(),
});
type MinuteWindowState = v.InferOutput<typeof minuteWindowSchema>;

export class MinuteWindow {
  /** Sorted by the time at which they free; slots of attempts that are not sent yet come last. */
  private slots: Slot[] = [];
  private learnedLimit = usualMinuteLimit;
  private learnedUntilMs = 0;

  limit(nowMs: number): number {
    return nowMs < this.learnedUntilMs ? this.learnedLimit : usualMinuteLimit;
  }

  used(nowMs: number): number {
    return this.times(nowMs).length;
  }

  take(): Slot {
    const slot = { freeAtMs: unsent };
    this.slots.push(slot);
    return slot;
  }

  sent(slot: Slot, nowMs: number): void {
    slot.freeAtMs = nowMs + afterSendMs;
    this.slots = this.slots.filter(({ freeAtMs }) => freeAtMs > nowMs).sort(bySoonest);
  }

  /** The head of the attempt's answer has come. */
  answered(slot: Slot, nowMs: number): void {
    slot.freeAtMs = Math.min(slot.freeAtMs, nowMs + afterHeadMs);
    this.slots.sort(bySoonest);
  }

  /** Frees the slot of an attempt that never reached a socket. */
  release(slot: Slot): void {
    this.slots = this.slots.filter((other) => other !== slot);
  }

  /** The limit that the answer to a minute limit named; it holds for a day. */
  learnLimit(limit: number, nowMs: number): void {
    this.learnedLimit = Math.max(1, limit);
    this.learnedUntilMs = nowMs + dayMs;
  }

  /** When the next slot is free: 0 if one is now. An attempt that is not sent yet frees its slot in 60.5 s at the earliest. */
  nextSlotAtMs(nowMs: number): number {
    const next = this.slots.at(-this.limit(nowMs));
    return next === undefined || next.freeAtMs <= nowMs ? 0 : freeAtMs(next, nowMs);
  }

  /** The times of the next slots, soonest first, at most `most`: `nowMs` for each that is free now. */
  slotTimes(nowMs: number, most: number): number[] {
    const limit = this.limit(nowMs);
    const times = this.times(nowMs).slice(-limit);
    const free = Array.from({ length: Math.min(most, limit - times.length) }, () => nowMs);
    return [...free, ...times].slice(0, most);
  }

  /** Takes over another window's slots: both accounts turned out to be the same. */
  absorb(other: MinuteWindow): void {
    this.add(other.slots, other.learnedLimit, other.learnedUntilMs);
  }

  save(nowMs: number): MinuteWindowState {
    return { freeAtMs: this.times(nowMs), limit: this.learnedLimit, limitUntilMs: this.learnedUntilMs };
  }

  /** Takes over a saved state; a slot frees no later than that of an attempt that is sent now. */
  restore(saved: MinuteWindowState, nowMs: number): void {
    const slots = saved.freeAtMs.map((atMs) => ({ freeAtMs: Math.min(atMs, nowMs + afterSendMs) }));
    this.add(slots, saved.limit, saved.limitUntilMs);
  }

  private add(slots: readonly Slot[], limit: number, untilMs: number): void {
    this.slots = [...this.slots, ...slots].sort(bySoonest);
    if (untilMs <= this.learnedUntilMs) return;
    this.learnedLimit = limit;
    this.learnedUntilMs = untilMs;
  }

  /** The times at which the slots in use free, soonest first. */
  private times(nowMs: number): number[] {
    return this.slots.filter((slot) => slot.freeAtMs > nowMs).map((slot) => freeAtMs(slot, nowMs));
  }
}

function freeAtMs(slot: Slot, nowMs: number): number {
  return Math.min(slot.freeAtMs, nowMs + afterSendMs);
}

function bySoonest(one: Slot, other: Slot): number {
  return one.freeAtMs - other.freeAtMs;
}
