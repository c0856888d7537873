// A small OpenRouter in memory, with the true counts of the account's limits.
import { dayMs } from '../../../src/keys/calendar';

/** Counts attempts at their arrival: refused ones too, which is the stricter of the known behaviors of OpenRouter. */
export class TruthAccount {
  private readonly arrivals: number[] = [];
  /** The day's count after each change, oldest first. */
  private steps: { readonly atMs: number; readonly used: number }[] = [];

  constructor(
    readonly name: string,
    readonly dailyLimit: number,
    readonly minuteLimit = 20,
  ) {}

  /** Counts one attempt; returns the limit that it exceeds, if any. */
  arrive(atMs: number, counts = true): 'ok' | 'minute' | 'daily' {
    const isOver = this.usedAt(atMs) >= this.dailyLimit;
    if (counts) this.count(atMs, 1);
    while ((this.arrivals[0] ?? atMs) <= atMs - 60_000) this.arrivals.shift();
    this.arrivals.push(atMs);
    if (isOver) return 'daily';
    return this.arrivals.length > this.minuteLimit ? 'minute' : 'ok';
  }

  count(atMs: number, count: number): void {
    this.steps.push({ atMs, used: this.usedAt(atMs) + count });
    if (this.steps.length > 4_000) this.steps = this.steps.slice(-2_000);
  }

  /** The count of the UTC day of `atMs`, as it was then. */
  usedAt(atMs: number): number {
    const dayStartMs = Math.floor(atMs / dayMs) * dayMs;
    for (let index = this.steps.length - 1; index >= 0; index--) {
      const step = this.steps[index];
      if (step === undefined || step.atMs < dayStartMs) return 0;
      if (step.atMs <= atMs) return step.used;
    }
    return 0;
  }

  /** The counts in `GET /key`, `lagMs` late. */
  told(atMs: number, lagMs: number): { used: number; limit: number } {
    return { used: this.usedAt(atMs - lagMs), limit: this.dailyLimit };
  }
}
