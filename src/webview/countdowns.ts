// Countdowns and upward counters with one timer, which sleeps until the next text changes.
import { element, setText } from './dom';
import { durationText, nextTickMs, nextTickUpMs, passedText } from '../words/formats';
import type { Translate } from '../words/translate';

/** Bounded, because long timers overflow in browsers. */
const longestMs = 60_000;

interface Time {
  readonly atMs: number;
  readonly isUp: boolean;
}

export class Countdowns {
  private readonly running = new Map<HTMLElement, Time>();
  private timer: number | undefined;
  private offsetMs = 0;

  constructor(private readonly t: Translate) {}

  /** Sets the proxy's time, which may differ from the page's clock. */
  setNow(atMs: number): void {
    this.offsetMs = atMs - Date.now();
    this.tick();
  }

  /** A new element for a countdown, hidden from screen readers because the text beside it has the time. */
  place(): HTMLElement {
    const made = element('span', 'countdown');
    made.setAttribute('aria-hidden', 'true');
    return made;
  }

  /** Counts down to `atMs`, or up from it with `isUp`; undefined clears the element. */
  set(place: HTMLElement, atMs: number | undefined, isUp = false): void {
    if (atMs === undefined) {
      if (this.running.delete(place)) setText(place, '');
      return;
    }
    const known = this.running.get(place);
    if (known?.atMs === atMs && known.isUp === isUp) return;
    const time = { atMs, isUp };
    this.running.set(place, time);
    setText(place, this.text(time));
    this.plan();
  }

  private tick(): void {
    for (const [place, time] of this.running) {
      if (place.isConnected) setText(place, this.text(time));
      else this.running.delete(place);
    }
    this.plan();
  }

  private plan(): void {
    window.clearTimeout(this.timer);
    const nowMs = this.nowMs();
    const next = Math.min(
      ...[...this.running.values()].map(({ atMs, isUp }) =>
        isUp ? nextTickUpMs(atMs, nowMs) : nextTickMs(atMs, nowMs),
      ),
    );
    if (Number.isFinite(next)) this.timer = window.setTimeout(() => this.tick(), Math.min(next, longestMs));
  }

  private text({ atMs, isUp }: Time): string {
    return isUp ? passedText(this.nowMs() - atMs, this.t) : durationText(atMs - this.nowMs(), this.t);
  }

  private nowMs(): number {
    return Date.now() + this.offsetMs;
  }
}
