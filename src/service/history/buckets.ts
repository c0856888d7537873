// Records of equal spans of time up to now; the number is bounded.
import type { Clock } from '../../base/clock';

export interface Bucket {
  readonly startMs: number;
}

interface Spans {
  readonly spanMs: number;
  readonly count: number;
  /** The next instant that begins a span of its own, whatever span it is in. */
  readonly nextBreakMs?: (fromMs: number) => number;
}

export class Buckets<T extends Bucket> {
  private kept: readonly T[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly spans: Spans,
    private readonly make: (startMs: number) => T,
  ) {}

  /** Oldest first; spans in which nothing happened have none. */
  all(): readonly T[] {
    const firstMs = this.firstMs();
    const lastMs = this.lastMs();
    // A clock that was set back leaves buckets in the future.
    const kept = this.kept.filter(({ startMs }) => startMs >= firstMs && startMs <= lastMs);
    this.kept = kept.slice(-this.spans.count);
    return this.kept;
  }

  /** Replaces all by saved ones. */
  restore(saved: readonly T[]): void {
    this.kept = saved.toSorted((a, b) => a.startMs - b.startMs);
  }

  /** The bucket of that time, or null if it is too long ago. A time before the last bucket, or to come, counts in the last bucket. */
  at(atMs: number): T | null {
    const lastMs = this.lastMs();
    const startMs = Math.min(this.floor(atMs), lastMs);
    if (startMs < this.firstMs()) return null;
    // Each request comes this way: the others are looked at only when a span begins, or when the clock was set back.
    const newest = this.kept.at(-1);
    const last = newest !== undefined && newest.startMs > lastMs ? this.all().at(-1) : newest;
    if (last !== undefined && last.startMs >= startMs) return last;
    const made = this.make(startMs);
    this.kept = [...this.all(), made];
    return made;
  }

  /** Start of the earliest span that is kept. */
  firstMs(): number {
    return this.lastMs() - (this.spans.count - 1) * this.spans.spanMs;
  }

  private lastMs(): number {
    return this.floor(this.clock.wallMs());
  }

  private floor(atMs: number): number {
    const { spanMs, nextBreakMs } = this.spans;
    const startMs = Math.floor(atMs / spanMs) * spanMs;
    const breakMs = nextBreakMs?.(startMs) ?? Number.POSITIVE_INFINITY;
    return breakMs <= atMs ? breakMs : startMs;
  }
}
