// Writes down the next exchange when somebody asks for it, once; otherwise nothing is kept of any.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Plan } from '../proxy/plan';
import { Recording } from '../proxy/recording';

/** Who forgets that they asked must not find a later conversation in the log. */
export const recordWithinMs = 10 * 60_000;

export class Recorder {
  private give: ((text: string | null) => void) | null = null;
  private timer: Disposable | null = null;

  constructor(private readonly clock: Clock) {}

  /** Resolves with the next exchange in text once it is over; null if none begins within ten minutes, or it is asked for anew. */
  async next(): Promise<string | null> {
    this.finish(null);
    return await new Promise((resolve) => {
      this.give = resolve;
      this.timer = this.clock.after(recordWithinMs, () => this.finish(null));
    });
  }

  /** The recording of an exchange that begins, if one is wanted; no further one is then. */
  take(plan: Plan): Recording | null {
    const { give } = this;
    if (give === null) return null;
    this.give = null;
    this.timer?.dispose();
    return new Recording(plan, give);
  }

  private finish(text: string | null): void {
    this.timer?.dispose();
    this.give?.(text);
    this.give = null;
  }
}
