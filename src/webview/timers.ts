// Countdowns, and values that are shown for a while; the page is drawn again when one of them changes.
import { html, type TemplateResult } from 'lit-html';
import { durationText, nextTickMs, nextTickUpMs, passedText } from '../words/formats';
import type { Translate } from '../words/translate';

/** Bounded, because long timers overflow in browsers. */
const longestMs = 60_000;

/** Countdowns and upward counters. */
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

  /** The proxy's present time. */
  get nowMs(): number {
    return Date.now() + this.offsetMs;
  }

  /**
   * Such as `in 45 s` until `atMs`, or with `isUp` `for 45 s` since `atMs`; empty without `atMs`. Hidden from screen readers,
   * because the text beside it has the time.
   */
  template(atMs: number | undefined, isUp = false): TemplateResult {
    return html`<span class="countdown" aria-hidden="true">${this.text(atMs, isUp)}</span>`;
  }

  private text(atMs: number | undefined, isUp: boolean): string {
    if (atMs === undefined) return '';
    const { nowMs } = this;
    this.plan((isUp ? nextTickUpMs : nextTickMs)(atMs, nowMs));
    return isUp
      ? this.t('for {0}', passedText(nowMs - atMs, this.t))
      : this.t('in {0}', durationText(atMs - nowMs, this.t));
  }

  /** Draws again in `inMs` or after `longestMs`, unless an earlier drawing is due. */
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

/** Values that are shown for a while, each under a name of its own. */
export class TemporaryValues<T> {
  private readonly shown = new Map<string, { readonly value: T }>();

  constructor(
    private readonly shownMs: number,
    private readonly redraw: () => void,
  ) {}

  get(name: string): T | undefined {
    return this.shown.get(name)?.value;
  }

  /** Replaces the value of that name, and its time begins anew. */
  set(name: string, value: T): void {
    const own = { value };
    this.shown.set(name, own);
    this.redraw();
    window.setTimeout(() => {
      if (this.shown.get(name) !== own) return;
      this.shown.delete(name);
      this.redraw();
    }, this.shownMs);
  }
}
