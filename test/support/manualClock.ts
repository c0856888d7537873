// A clock that stands still until a test moves it.
import { ServerOffset, type Clock } from '../../src/base/clock';
import type { Disposable } from '../../src/base/disposable';

interface Timer {
  /** On the scale of `passedMs`, because timers ignore sleep and wall time. */
  readonly dueMs: number;
  readonly run: () => void;
}

/** Noon of a Thursday, UTC. */
export const someNoonMs = Date.UTC(2026, 0, 15, 12);

export class ManualClock implements Clock {
  /** Milliseconds while the machine was awake. */
  private passedMs = 0;
  private readonly timers = new Set<Timer>();
  private readonly offset = new ServerOffset();
  /** Elapsed time less `passedMs`. */
  private elapsedAheadMs: number;
  private setByMs = 0;

  /** `startMs`: elapsed time, and the machine's date. */
  constructor(startMs = someNoonMs) {
    this.elapsedAheadMs = startMs;
  }

  elapsedMs(): number {
    return this.elapsedAheadMs + this.passedMs;
  }

  wallMs(): number {
    return this.elapsedMs() + this.setByMs + this.offset.ms;
  }

  noteServerDate(dateMs: number): void {
    this.offset.add(dateMs - this.elapsedMs() - this.setByMs);
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer: Timer = { dueMs: this.passedMs + Math.max(0, delayMs), run };
    this.timers.add(timer);
    return { dispose: () => this.timers.delete(timer) };
  }

  /** How many timers are running. */
  get pending(): number {
    return this.timers.size;
  }

  /** When the next timer is due, in elapsed time; Infinity without one. */
  get nextDueAtMs(): number {
    const next = this.nextTimer(Number.POSITIVE_INFINITY);
    return next === null ? Number.POSITIVE_INFINITY : this.elapsedAheadMs + next.dueMs;
  }

  /** Moves the time and runs the timers that fall due, each at its own time, in their order. */
  advance(ms: number): void {
    const endMs = this.passedMs + ms;
    for (let timer = this.nextTimer(endMs); timer !== null; timer = this.nextTimer(endMs)) this.fire(timer);
    this.passedMs = endMs;
  }

  advanceTo(atMs: number): void {
    this.advance(atMs - this.elapsedMs());
  }

  /** Moves the time as `advance` does; promises settle before, between and after the timers. */
  async run(ms: number): Promise<void> {
    const endMs = this.passedMs + ms;
    await settled();
    for (let timer = this.nextTimer(endMs); timer !== null; timer = this.nextTimer(endMs)) {
      this.fire(timer);
      await settled();
    }
    this.passedMs = endMs;
    await settled();
  }

  async runTo(atMs: number): Promise<void> {
    await this.run(atMs - this.elapsedMs());
  }

  /** The machine slept: elapsed time and date move on, timers do not. */
  sleep(ms: number): void {
    this.elapsedAheadMs += ms;
  }

  /** The machine's clock is set: wall time jumps, nothing else does. */
  set(byMs: number): void {
    this.setByMs += byMs;
    this.offset.clear();
  }

  private fire(timer: Timer): void {
    this.timers.delete(timer);
    this.passedMs = Math.max(timer.dueMs, this.passedMs);
    timer.run();
  }

  private nextTimer(endMs: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.timers) {
      if (timer.dueMs <= endMs && (next === null || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** Resolves when all promises that could settle without time passing have. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
