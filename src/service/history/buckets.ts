// Keeps one record for each of the last spans of time, which are equally long; their number is bounded.
import type { Clock } from '../../base/clock';

export interface Bucket {
  readonly startMs: number;
}

interface Spans {
  readonly spanMs: number;
  readonly count: number;
  /** The next instant after `fromMs` that divides the span it lies in, such as midnight; none by default. */
  readonly nextBreakMs?: (fromMs: number) => number;
}

export class Buckets<T extends Bucket> {
  /** Oldest first. Buckets outside the spans up to now are only hidden: the clock may be wrong at a machine's start. */
  private kept: readonly T[] = [];

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly spans: Spans,
    private readonly make: (startMs: number) => T,
  ) {}

  /** The buckets of the spans up to now, oldest first; spans in which nothing happened have none. */
  all(): readonly T[] {
    const [firstMs, lastMs] = [this.firstMs(), this.lastMs()];
    return this.kept.filter(({ startMs }) => startMs >= firstMs && startMs <= lastMs);
  }

  save(): readonly T[] {
    return this.kept;
  }

  /** Replaces all buckets by the newest of the saved ones, as many as are kept. */
  restore(saved: readonly T[]): void {
    this.kept = saved.toSorted((a, b) => a.startMs - b.startMs).slice(-this.spans.count);
  }

  /** The bucket for a time, null if too long ago. A time before the last bucket, or in the future, counts in the last one. */
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
