// A clock that stands still until a test moves it.
import type { Clock } from '../../src/base/clock';
import type { Disposable } from '../../src/base/disposable';

interface Timer {
  /** On the scale of `elapsedMs`: timers know nothing of wall time. */
  readonly dueMs: number;
  readonly run: () => void;
}

/** Noon of a Thursday, UTC. */
export const someNoonMs = Date.UTC(2026, 0, 15, 12);

export class ManualClock implements Clock {
  private elapsedMs = 0;
  private readonly timers = new Set<Timer>();

  constructor(private wallMs = someNoonMs) {}

  nowMs(): number {
    return this.wallMs;
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer: Timer = { dueMs: this.elapsedMs + Math.max(0, delayMs), run };
    this.timers.add(timer);
    return { dispose: () => this.timers.delete(timer) };
  }

  /** How many timers are running. */
  get pending(): number {
    return this.timers.size;
  }

  /** When the next timer is due, in wall time; Infinity without one. */
  get nextDueAtMs(): number {
    const next = this.nextTimer(Number.POSITIVE_INFINITY);
    return next === null ? Number.POSITIVE_INFINITY : this.wallMs + next.dueMs - this.elapsedMs;
  }

  /** Moves the time and runs the timers that fall due, each at its own time, in their order. */
  advance(ms: number): void {
    const endMs = this.elapsedMs + ms;
    for (let timer = this.nextTimer(endMs); timer !== null; timer = this.nextTimer(endMs)) this.fire(timer);
    this.moveTo(endMs);
  }

  advanceTo(atMs: number): void {
    this.advance(atMs - this.wallMs);
  }

  /** The same; before, between and after the timers, promises settle. */
  async run(ms: number): Promise<void> {
    const endMs = this.elapsedMs + ms;
    await settled();
    for (let timer = this.nextTimer(endMs); timer !== null; timer = this.nextTimer(endMs)) {
      this.fire(timer);
      await settled();
    }
    this.moveTo(endMs);
    await settled();
  }

  async runTo(atMs: number): Promise<void> {
    await this.run(atMs - this.wallMs);
  }

  /** Somebody sets the clock, or the laptop slept: wall time jumps, no timer notices. */
  jump(byMs: number): void {
    this.wallMs += byMs;
  }

  private fire(timer: Timer): void {
    this.timers.delete(timer);
    this.moveTo(Math.max(timer.dueMs, this.elapsedMs));
    timer.run();
  }

  private moveTo(elapsedMs: number): void {
    this.wallMs += elapsedMs - this.elapsedMs;
    this.elapsedMs = elapsedMs;
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
