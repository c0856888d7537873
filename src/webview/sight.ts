// What is in sight is drawn at once, and the rest a little later: a change that nobody sees is not worth a layout.

export interface Drawable {
  readonly element: Element;
  /** Brings the element up to date; costs nothing where it is so already. */
  draw(): void;
}

/** Find in Page and screen readers look beyond what is in sight: so late at most is what they find there. */
const lateMs = 10_000;
/** Drawn ahead of the scrolling. */
const margin = '50px 0px';

/** Draws what is given to it when it is worth it; lives as long as the page. */
export class Sight {
  private readonly known = new Map<Element, Drawable>();
  private readonly seen = new Set<Element>();
  private readonly late = new Set<Drawable>();
  private timer: number | undefined;
  // The document as root: in a frame the margin would count for nothing without it.
  private readonly observer = new IntersectionObserver((entries) => this.look(entries), {
    root: document,
    rootMargin: margin,
  });

  /** Drawn now, and from now on when it has changed. */
  add(drawable: Drawable): void {
    this.known.set(drawable.element, drawable);
    this.observer.observe(drawable.element);
    drawable.draw();
  }

  remove(drawable: Drawable): void {
    this.known.delete(drawable.element);
    this.seen.delete(drawable.element);
    this.late.delete(drawable);
    this.observer.unobserve(drawable.element);
  }

  /** Drawn at once if it is in sight or nothing is, as in a tab that is only just shown; else when it is, or late. */
  changed(drawable: Drawable): void {
    if (this.seen.size === 0 || this.seen.has(drawable.element)) {
      this.late.delete(drawable);
      drawable.draw();
      return;
    }
    this.late.add(drawable);
    this.timer ??= window.setTimeout(() => this.drawLate(), lateMs);
  }

  private look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const drawable = this.known.get(target);
      if (drawable === undefined) continue;
      if (isIntersecting) {
        this.seen.add(target);
        if (this.late.delete(drawable)) drawable.draw();
      } else this.seen.delete(target);
    }
  }

  private drawLate(): void {
    this.timer = undefined;
    for (const drawable of this.late) drawable.draw();
    this.late.clear();
  }
}
