// Values that are shown for a while, each under a name of its own.
export class Passing<T> {
  private readonly shown = new Map<string, { readonly value: T }>();

  constructor(
    private readonly shownMs: number,
    private readonly redraw: () => void,
  ) {}

  get(name: string): T | undefined {
    return this.shown.get(name)?.value;
  }

  /** Takes the place of what has the name, and its time begins anew. */
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
