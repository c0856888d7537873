// The turns of a window's looking about: whatever one waits for ends when something else happens.
import { wait, type Clock } from '../base/clock';

/** So that windows that lost their host at once do not all try at once. */
const soonestMs = 20;
const latestMs = 200;

export class Turns {
  private current = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** Begins a turn; its signal is aborted when it is nudged. */
  begin(): AbortSignal {
    this.current = new AbortController();
    return this.current.signal;
  }

  /** Ends the pause of now, and all that this turn would still have waited for. */
  nudge(): void {
    this.current.abort(new Error('Something has changed.'));
  }

  async pauseShortly(): Promise<void> {
    await this.pause(soonestMs + this.random() * (latestMs - soonestMs));
  }

  /** Until the time is over or the turn is nudged; null: until it is nudged. */
  async pause(pauseMs: number | null): Promise<void> {
    try {
      await wait(this.clock, pauseMs ?? Number.POSITIVE_INFINITY, this.current.signal);
    } catch {
      // Nudged.
    }
  }
}
