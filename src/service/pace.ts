// Runs a callback soon after it was requested, at most once an interval.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';

export class Pace implements Disposable {
  private timer: Disposable | null = null;
  private isDisposed = false;

  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly run: () => void,
  ) {}

  /** Runs the callback after `everyMs`; further calls until then change nothing. */
  touch(): void {
    if (this.timer !== null || this.isDisposed) return;
    this.timer = this.clock.after(this.everyMs, () => {
      this.timer = null;
      this.run();
    });
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer?.dispose();
  }
}
