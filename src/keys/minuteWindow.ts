// The account's minute: a sliding window whose slots free as early as upstream's clock surely allows.
import * as v from 'valibot';
import { dayMs } from './calendar';

/** OpenRouter's limit of free-model requests a minute (OpenRouter, "Limits"). */
const defaultMinuteLimit = 20;
/** Upstream counted the attempt before its answer's head came: then the plain minute is enough. */
const afterHeadMs = 60_000;
/** Between our write and upstream's count lies a journey of unknown length; half a second more drew no 429 in 20,000 bursts. */
const afterSendMs = 60_500;

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
  private slots: Slot[] = [];
  private learnedLimit = defaultMinuteLimit;
  private learnedUntilMs = 0;

  limit(nowMs: number): number {
    return nowMs < this.learnedUntilMs ? this.learnedLimit : defaultMinuteLimit;
  }

  used(nowMs: number): number {
    this.prune(nowMs);
    return this.slots.length;
  }

  /** Takes a slot for an attempt that is about to be sent. */
  take(): Slot {
    const slot: Slot = { freeAtMs: Number.POSITIVE_INFINITY };
    this.slots.push(slot);
    return slot;
  }

  /** The attempt's head is on a socket. */
  sent(slot: Slot, nowMs: number): void {
    slot.freeAtMs = nowMs + afterSendMs;
  }

  /** The head of the attempt's answer has come. */
  answered(slot: Slot, nowMs: number): void {
    slot.freeAtMs = Math.min(slot.freeAtMs, nowMs + afterHeadMs);
  }

  /** The attempt never reached a socket: its slot is free again. */
  release(slot: Slot): void {
    const index = this.slots.indexOf(slot);
    if (index >= 0) this.slots.splice(index, 1);
  }

  /** The limit that a minute-limit answer told; it holds for a day. */
  learnLimit(limit: number, nowMs: number): void {
    this.learnedLimit = Math.max(1, limit);
    this.learnedUntilMs = nowMs + dayMs;
  }

  /** When a slot is free: 0 if one is now. An attempt that is not sent yet frees its slot in 60.5 s at the earliest. */
  readyAtMs(nowMs: number): number {
    this.prune(nowMs);
    const over = this.slots.length - this.limit(nowMs);
    if (over < 0) return 0;
    return this.freeTimes(nowMs)[over] ?? 0;
  }

  /** When each slot frees, soonest first; the free ones are free now. As long as the limit. */
  slotTimes(nowMs: number): number[] {
    this.prune(nowMs);
    const limit = this.limit(nowMs);
    const times = this.freeTimes(nowMs);
    const free = Math.max(0, limit - times.length);
    return [...Array.from({ length: free }, () => nowMs), ...times.slice(Math.max(0, times.length - limit))];
  }

  /** Takes over another window's slots: its account and this one's are the same. */
  absorb(other: MinuteWindow): void {
    this.slots.push(...other.slots);
    if (other.learnedUntilMs <= this.learnedUntilMs) return;
    this.learnedLimit = other.learnedLimit;
    this.learnedUntilMs = other.learnedUntilMs;
  }

  save(nowMs: number): MinuteWindowState {
    this.prune(nowMs);
    return {
      freeAtMs: this.freeTimes(nowMs),
      limit: this.learnedLimit,
      limitUntilMs: this.learnedUntilMs,
    };
  }

  /** Takes over what was saved; a slot that is known already is not taken twice. */
  restore(saved: MinuteWindowState): void {
    const known = new Set(this.slots.map(({ freeAtMs }) => freeAtMs));
    const missing = saved.freeAtMs.filter((freeAtMs) => !known.has(freeAtMs));
    this.slots.push(...missing.map((freeAtMs) => ({ freeAtMs })));
    if (saved.limitUntilMs <= this.learnedUntilMs) return;
    this.learnedLimit = saved.limit;
    this.learnedUntilMs = saved.limitUntilMs;
  }

  private freeTimes(nowMs: number): number[] {
    return this.slots.map((slot) => Math.min(slot.freeAtMs, nowMs + afterSendMs)).sort((a, b) => a - b);
  }

  private prune(nowMs: number): void {
    let stale = false;
    for (const slot of this.slots) {
      // A clock that was set back must not hold a slot for longer than a slot can be held.
      if (slot.freeAtMs !== Number.POSITIVE_INFINITY)
        slot.freeAtMs = Math.min(slot.freeAtMs, nowMs + afterSendMs);
      if (slot.freeAtMs <= nowMs) stale = true;
    }
    if (stale) this.slots = this.slots.filter((slot) => slot.freeAtMs > nowMs);
  }
}
