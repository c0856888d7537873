// The account's minute: a sliding window whose slots free as early as upstream's clock surely allows.
import * as v from 'valibot';
import { dayMs } from './calendar';

/** OpenRouter's limit of free-model requests a minute (OpenRouter, "Limits"). */
export const usualMinuteLimit = 20;
/** Upstream counted the attempt before its answer's head came: then the plain minute is enough. */
const afterHeadMs = 60_000;
/** Between our write and upstream's count lies a journey of unknown length; half a second more drew no 429 in 20,000 bursts. */
const afterSendMs = 60_500;
/** Freed slots are dropped together once there are at least so many, and more than half of all. */
const droppedAtOnce = 32;

/** One attempt's place in the window. */
export interface Slot {
  /** Infinity while the attempt is not on a socket yet. */
  freeAtMs: number;
}

export const minuteWindowSchema = v.object({
  freeAtMs: v.array(v.number()),
  limit: v.number(),
  limitUntilMs: v.number(),
});
type MinuteWindowState = v.InferOutput<typeof minuteWindowSchema>;

export class MinuteWindow {
  /** When the slots of sent attempts free, soonest first; new ones come last, so that a change costs the same in a busy minute. */
  private freeTimes: number[] = [];
  private unsent = 0;
  private learnedLimit = usualMinuteLimit;
  private learnedUntilMs = 0;

  limit(nowMs: number): number {
    return nowMs < this.learnedUntilMs ? this.learnedLimit : usualMinuteLimit;
  }

  used(nowMs: number): number {
    return this.unsent + this.freeTimes.length - this.freed(nowMs);
  }

  take(): Slot {
    this.unsent++;
    return { freeAtMs: Number.POSITIVE_INFINITY };
  }

  sent(slot: Slot, nowMs: number): void {
    const freed = this.freed(nowMs);
    if (freed >= droppedAtOnce && freed * 2 > this.freeTimes.length) this.freeTimes.splice(0, freed);
    this.unsent--;
    this.place(slot, nowMs + afterSendMs, this.freeTimes.length);
  }

  /** The head of the attempt's answer has come. */
  answered(slot: Slot, nowMs: number): void {
    const freeAtMs = nowMs + afterHeadMs;
    if (freeAtMs < slot.freeAtMs) this.place(slot, freeAtMs, this.freed(slot.freeAtMs) - 1);
  }

  /** An attempt that had a slot never reached a socket: it is free again. */
  release(): void {
    this.unsent--;
  }

  /** The limit that a minute-limit answer told; it holds for a day. */
  learnLimit(limit: number, nowMs: number): void {
    this.learnedLimit = Math.max(1, limit);
    this.learnedUntilMs = nowMs + dayMs;
  }

  /** When a slot is free: 0 if one is now. An attempt that is not sent yet frees its slot in 60.5 s at the earliest. */
  nextSlotAtMs(nowMs: number): number {
    const limit = this.limit(nowMs);
    if (this.unsent + this.freeTimes.length < limit) return 0;
    const over = this.used(nowMs) - limit;
    return over < 0 ? 0 : (this.freeTimes[this.freed(nowMs) + over] ?? nowMs + afterSendMs);
  }

  /** When slots free, soonest first, at most `most`: those that are free now at `nowMs`. */
  slotTimes(nowMs: number, most: number): number[] {
    const limit = this.limit(nowMs);
    const times = this.times(nowMs);
    const free = Array.from({ length: Math.min(most, Math.max(0, limit - times.length)) }, () => nowMs);
    return [...free, ...times.slice(Math.max(0, times.length - limit))].slice(0, most);
  }

  /** Takes over another window's slots: its account and this one's are the same. */
  absorb(other: MinuteWindow): void {
    this.unsent += other.unsent;
    this.add(other.freeTimes, other.learnedLimit, other.learnedUntilMs);
  }

  save(nowMs: number): MinuteWindowState {
    return { freeAtMs: this.times(nowMs), limit: this.learnedLimit, limitUntilMs: this.learnedUntilMs };
  }

  /** Takes over a saved state; none of its slots frees later than that of an attempt that is sent now. */
  restore(saved: MinuteWindowState, nowMs: number): void {
    const told = saved.freeAtMs.map((atMs) => Math.min(atMs, nowMs + afterSendMs));
    this.add(told, saved.limit, saved.limitUntilMs);
  }

  private add(freeTimes: readonly number[], limit: number, untilMs: number): void {
    this.freeTimes = [...this.freeTimes, ...freeTimes].sort((a, b) => a - b);
    if (untilMs <= this.learnedUntilMs) return;
    this.learnedLimit = limit;
    this.learnedUntilMs = untilMs;
  }

  /** When the slots in use free, soonest first; those of attempts that are not sent yet come last. */
  private times(nowMs: number): number[] {
    const unsent = Array.from({ length: this.unsent }, () => nowMs + afterSendMs);
    return [...this.freeTimes.slice(this.freed(nowMs)), ...unsent];
  }

  private freed(atMs: number): number {
    let [from, to] = [0, this.freeTimes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.timeAt(middle) <= atMs) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private timeAt(index: number): number {
    return this.freeTimes[index] ?? Number.POSITIVE_INFINITY;
  }

  /** Puts the time at `index` (the length: at the end), moved before later ones: those of half a second at the most. */
  private place(slot: Slot, atMs: number, index: number): void {
    slot.freeAtMs = atMs;
    let at = index;
    for (; at > 0 && this.timeAt(at - 1) > atMs; at--) this.freeTimes[at] = this.timeAt(at - 1);
    this.freeTimes[at] = atMs;
  }
}
