// Countdowns and upward counters as texts; the page is drawn again when the next of them changes.
import { durationText, nextTickMs, nextTickUpMs, passedText } from '../words/formats';
import type { Translate } from '../words/translate';

/** Bounded, because long timers overflow in browsers. */
const longestMs = 60_000;

export class Countdowns {
  private timer: number | undefined;
  private dueAtMs = Number.POSITIVE_INFINITY;
  private offsetMs = 0;

  constructor(
    private readonly t: Translate,
    private readonly redraw: () => void,
  ) {}

  /** Sets the proxy's time, which may differ from the page's clock. */
  setNow(atMs: number): void {
    this.offsetMs = atMs - Date.now();
  }

  /** What is left until `atMs`, or has passed since then with `isUp`; empty without it. */
  text(atMs: number | undefined, isUp = false): string {
    if (atMs === undefined) return '';
    const nowMs = Date.now() + this.offsetMs;
    this.plan((isUp ? nextTickUpMs : nextTickMs)(atMs, nowMs));
    return isUp ? passedText(nowMs - atMs, this.t) : durationText(atMs - nowMs, this.t);
  }

  /** Draws again in so many milliseconds, unless it will do so before. */
  private plan(inMs: number): void {
    const dueAtMs = performance.now() + Math.min(inMs, longestMs);
    if (!Number.isFinite(inMs) || dueAtMs >= this.dueAtMs) return;
    window.clearTimeout(this.timer);
    this.dueAtMs = dueAtMs;
    this.timer = window.setTimeout(() => {
      this.dueAtMs = Number.POSITIVE_INFINITY;
      this.redraw();
    }, dueAtMs - performance.now());
  }
}
