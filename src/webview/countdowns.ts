// Times that run down on the page: one timer for all, which sleeps until the next text changes.
import { element, setText } from './dom';
import { durationText, nextTickMs } from './durations';
import type { Translate } from './translate';

/** A browser's timers overflow beyond that. */
const longestMs = 60_000;

export class Countdowns {
  private readonly running = new Map<HTMLElement, number>();
  private timer: number | undefined;
  private offsetMs = 0;

  constructor(private readonly t: Translate) {}

  /** The page's clock and that of the proxy may differ: what counts is the proxy's. */
  setNow(atMs: number): void {
    this.offsetMs = atMs - Date.now();
    this.tick();
  }

  /** A new place for a countdown; not read out, as the text beside it says until when. */
  place(): HTMLElement {
    const made = element('span', 'countdown');
    made.setAttribute('aria-hidden', 'true');
    return made;
  }

  /** The place counts down to `untilMs`, or shows nothing. */
  set(place: HTMLElement, untilMs: number | undefined): void {
    if (untilMs === undefined) {
      if (this.running.delete(place)) setText(place, '');
      return;
    }
    if (this.running.get(place) === untilMs) return;
    this.running.set(place, untilMs);
    setText(place, durationText(untilMs - this.nowMs(), this.t));
    this.plan();
  }

  private tick(): void {
    const nowMs = this.nowMs();
    for (const [place, untilMs] of this.running) {
      if (place.isConnected) setText(place, durationText(untilMs - nowMs, this.t));
      else this.running.delete(place);
    }
    this.plan();
  }

  private plan(): void {
    window.clearTimeout(this.timer);
    const nowMs = this.nowMs();
    const next = Math.min(...[...this.running.values()].map((untilMs) => nextTickMs(untilMs, nowMs)));
    if (Number.isFinite(next)) this.timer = window.setTimeout(() => this.tick(), Math.min(next, longestMs));
  }

  private nowMs(): number {
    return Date.now() + this.offsetMs;
  }
}
