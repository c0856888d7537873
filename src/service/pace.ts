// Runs a thing soon after it was asked for, and no more often than its pace.
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

  /** The thing runs within `everyMs`, once for however many calls until then. */
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
