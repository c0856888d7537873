// Bounds the attempts that run upstream at once, and those among them that repeat on a guess.
import type { Clock } from '../base/clock';
import { ended, type Signal } from '../base/signal';
import { Refusal } from './errors/refusal';

/** Further requests are refused at once. */
const mostWaiting = 10_000;
const retryAfterMs = 5_000;

/** Attempts beyond the limit wait for a permit, oldest first. */
export class AttemptLimit {
  private running = 0;
  private readonly queue = new Set<(permit: Disposable | null) => void>();

  /** `most`: the present limit. */
  constructor(
    private readonly clock: Clock,
    private readonly most: () => number,
  ) {}

  /** A permit for one attempt, to be disposed at its end (twice does no harm); null where none is free now. */
  enterNow(): Disposable | null {
    this.fill();
    return this.running < this.most() ? this.permit() : null;
  }

  /** A permit as soon as one is free. Rejects with a refusal at `untilMs` of `elapsedMs`, or with an aborted signal's reason. */
  async enter(untilMs: number, signal: Signal): Promise<Disposable> {
    signal.throwIfAborted();
    const permit = this.queue.size >= mostWaiting ? null : await this.wait(untilMs, signal);
    if (permit !== null) return permit;
    throw new Refusal(
      'upstream_full',
      `${this.most()} requests are already running at OpenRouter, and none ended in time. Send fewer at once, or raise the setting "keywheel.maxUpstreamAttempts" (MAX_UPSTREAM_ATTEMPTS).`,
      { retryAtMs: this.clock.wallMs() + retryAfterMs },
    );
  }

  private async wait(untilMs: number, signal: Signal): Promise<Disposable | null> {
    return await ended<Disposable | null>(signal, (end) => {
      const late = this.clock.after(Math.max(0, untilMs - this.clock.elapsedMs()), () => end(null));
      this.queue.add(end);
      return {
        dispose: () => {
          this.queue.delete(end);
          late.dispose();
        },
      };
    });
  }

  private permit(): Disposable {
    this.running++;
    let isLeft = false;
    return {
      [Symbol.dispose]: () => {
        if (isLeft) return;
        isLeft = true;
        this.running--;
        this.fill();
      },
    };
  }

  private fill(): void {
    for (const end of this.queue) {
      if (this.running >= this.most()) return;
      end(this.permit());
    }
  }
}

/** One of five running exchanges may repeat, and three in any case (the field's rule for retry budgets, such as Envoy's). */
const shareDivisor = 5;
const fewest = 3;

/** How many of the running exchanges may repeat on a guess at once: an upstream in trouble must not get ever more requests. */
export function mostRepeats(exchanges: number): number {
  return Math.max(fewest, Math.floor(exchanges / shareDivisor));
}
