// One timer at a time, set to an instant.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';

export class Alarm implements Disposable {
  private timer: Disposable | null = null;
  private setToMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** When it rings; Infinity while it is off. */
  get atMs(): number {
    return this.setToMs;
  }

  /** Rings once at the instant, instead of what was set before; Infinity sets it off. Never at once, so that nothing spins. */
  set(atMs: number): void {
    this.dispose();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.setToMs = atMs;
    this.timer = this.clock.after(Math.max(1, atMs - this.clock.nowMs()), () => {
      this.dispose();
      this.ring();
    });
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = null;
    this.setToMs = Number.POSITIVE_INFINITY;
  }
}
