// A bounded memory of names: the newest are kept, and those older than a day count as gone.
import { dayMs } from './calendar';

const mostRemembered = 10_000;

/** Makes the name the newest; the oldest one is dropped if there are more than `most`. */
export function remember<T>(entries: Map<string, T>, name: string, value: T, most: number): void {
  entries.delete(name);
  entries.set(name, value);
  if (entries.size <= most) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}

export class RecentEntries<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly atMs: number }>();

  get(name: string, nowMs: number): T | null {
    const entry = this.entries.get(name);
    if (entry === undefined || nowMs - entry.atMs > dayMs) return null;
    return entry.value;
  }

  set(name: string, value: T, nowMs: number): void {
    remember(this.entries, name, { value, atMs: nowMs }, mostRemembered);
  }

  /** Oldest first. */
  save(nowMs: number): [string, T, number][] {
    return [...this.entries]
      .filter(([, entry]) => nowMs - entry.atMs <= dayMs)
      .map(([name, { value, atMs }]) => [name, value, atMs]);
  }

  clear(): void {
    this.entries.clear();
  }

  /** Takes over saved entries. For a name that is known already the newer value holds, at equal age the saved one. */
  restore(saved: readonly (readonly [string, T, number])[]): void {
    for (const [name, value, atMs] of saved) {
      const known = this.entries.get(name);
      if (known === undefined || known.atMs <= atMs) this.set(name, value, atMs);
    }
  }
}
