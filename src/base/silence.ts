// Notices that something that should move has stood still.
import type { Clock } from './clock';
import type { Disposable } from './disposable';

/** A timer that fires later than this was delayed: the process was stopped, or the machine slept. */
const lateMs = 1_000;
/** After a sleep the data that waits in the sockets is read within this time. */
const graceMs = 250;

/**
 * Watches one thing at a time: calls back once, after `limitMs` without `noteProgress`. Its one timer is set anew only when it
 * fires or a shorter limit is watched: a move costs no timer. Time in which the process did not run is no silence.
 */
export class SilenceWatch implements Disposable {
  private lastMoveAtMs = 0;
  private limitMs = 0;
  /** The callback; null while nothing is watched. */
  private onSilent: (() => void) | null = null;
  /** The instant at which the timer fires; Infinity without a timer. */
  private dueAtMs = Number.POSITIVE_INFINITY;
  private timer: Disposable | null = null;

  constructor(private readonly clock: Clock) {}

  /** From now on `onSilent` is called after `limitMs` of silence; an earlier watch is replaced. */
  watch(limitMs: number, onSilent: () => void): void {
    this.limitMs = limitMs;
    this.onSilent = onSilent;
    const nowMs = this.clock.elapsedMs();
    this.lastMoveAtMs = nowMs;
    if (nowMs + limitMs >= this.dueAtMs) return;
    this.timer?.dispose();
    this.lookIn(limitMs, nowMs);
  }

  noteProgress(): void {
    this.lastMoveAtMs = this.clock.elapsedMs();
  }

  /** Nothing is watched until the next `watch`. */
  stop(): void {
    this.onSilent = null;
  }

  dispose(): void {
    this.stop();
    this.timer?.dispose();
    this.timer = null;
    this.dueAtMs = Number.POSITIVE_INFINITY;
  }

  private readonly look = (): void => {
    const { dueAtMs, onSilent } = this;
    this.timer = null;
    this.dueAtMs = Number.POSITIVE_INFINITY;
    if (onSilent === null) return;
    const nowMs = this.clock.elapsedMs();
    const lateByMs = nowMs - dueAtMs;
    const wasHeldUp = lateByMs > lateMs;
    if (wasHeldUp) this.lastMoveAtMs = Math.min(nowMs, this.lastMoveAtMs + lateByMs);
    const leftMs = this.lastMoveAtMs + this.limitMs - nowMs;
    if (leftMs > 0 || wasHeldUp) {
      this.lookIn(Math.max(leftMs, wasHeldUp ? graceMs : 0), nowMs);
      return;
    }
    this.stop();
    onSilent();
  };

  private lookIn(delayMs: number, nowMs: number): void {
    this.dueAtMs = nowMs + delayMs;
    this.timer = this.clock.after(delayMs, this.look);
  }
}
