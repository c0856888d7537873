// A bounded memory of names: the newest are kept, those older than the age are gone.

interface Entry<T> {
  readonly value: T;
  readonly atMs: number;
}

export class Recent<T> {
  private readonly entries = new Map<string, Entry<T>>();

  constructor(
    private readonly most: number,
    private readonly ageMs: number,
  ) {}

  get(name: string, nowMs: number): T | null {
    const entry = this.entries.get(name);
    if (entry === undefined || nowMs - entry.atMs > this.ageMs) return null;
    return entry.value;
  }

  /** The name is the newest now; the oldest goes if there are too many. */
  set(name: string, value: T, nowMs: number): void {
    this.entries.delete(name);
    this.entries.set(name, { value, atMs: nowMs });
    if (this.entries.size <= this.most) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }

  clear(): void {
    this.entries.clear();
  }

  /** Oldest first. */
  save(nowMs: number): [string, T, number][] {
    return [...this.entries]
      .filter(([, entry]) => nowMs - entry.atMs <= this.ageMs)
      .map(([name, { value, atMs }]) => [name, value, atMs]);
  }

  restore(saved: readonly (readonly [string, T, number])[]): void {
    for (const [name, value, atMs] of saved) if (!this.entries.has(name)) this.set(name, value, atMs);
  }
}
