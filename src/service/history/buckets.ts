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
  /** Oldest first. A clock that is wrong for a while, as at some machines' start, makes none of them too old, or to come, for good. */
  private kept: readonly T[] = [];

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly spans: Spans,
    private readonly make: (startMs: number) => T,
  ) {}

  /** Those of the spans up to now, oldest first; spans in which nothing happened have none. */
  all(): readonly T[] {
    const [firstMs, lastMs] = [this.firstMs(), this.lastMs()];
    return this.kept.filter(({ startMs }) => startMs >= firstMs && startMs <= lastMs);
  }

  save(): readonly T[] {
    return this.kept;
  }

  /** Replaces all by saved ones, the newest of them. */
  restore(saved: readonly T[]): void {
    this.kept = saved.toSorted((a, b) => a.startMs - b.startMs).slice(-this.spans.count);
  }

  /** The bucket of that time, or null if it is too long ago. A time before the last bucket, or to come, counts in the last bucket. */
  at(atMs: number): T | null {
    const [firstMs, lastMs] = [this.firstMs(), this.lastMs()];
    const startMs = Math.min(this.floor(atMs), lastMs);
    if (startMs < firstMs) return null;
    const last = this.kept.findLast((bucket) => bucket.startMs <= lastMs);
    if (last !== undefined && last.startMs >= startMs) return last;
    const made = this.make(startMs);
    this.restore([...this.kept.filter((bucket) => bucket.startMs >= firstMs), made]);
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
