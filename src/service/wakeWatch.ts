// Tells that the machine has slept: a gap in the clock that no timer explains.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';

const lookEveryMs = 2_000;
/** Longer than a thread of ours is ever held up. */
const gapMs = 10_000;

export class WakeWatch implements Disposable {
  private lookedAtMs: number;
  private timer: Disposable;

  constructor(
    private readonly clock: Clock,
    private readonly onWake: (sleptMs: number) => void,
  ) {
    this.lookedAtMs = clock.nowMs();
    this.timer = this.next();
  }

  dispose(): void {
    this.timer.dispose();
  }

  private next(): Disposable {
    return this.clock.after(lookEveryMs, () => {
      const nowMs = this.clock.nowMs();
      const sleptMs = nowMs - this.lookedAtMs - lookEveryMs;
      this.lookedAtMs = nowMs;
      this.timer = this.next();
      if (sleptMs > gapMs) this.onWake(sleptMs);
    });
  }
}
