// How the accounts stand for each class of request, in columns: choosing among thousands must cost microseconds.
import type { RequestClass } from './lock';

/** So many accounts are passed over together where the best of them would not do. */
export const blockSize = 32;

/** One class's columns, by account index. */
export class Lane {
  /** From when a request of the class may go; 0 is now. */
  readonly readyAtMs: Float64Array;
  /** The higher the better, 0 at least: the share of the day's allowance left, or credits left. */
  readonly rank: Float64Array;
  /** The highest rank in each block of accounts. */
  readonly blockRank: Float64Array;

  constructor(size: number) {
    this.readyAtMs = new Float64Array(size);
    this.rank = new Float64Array(size);
    this.blockRank = new Float64Array(Math.ceil(size / blockSize));
  }

  set(index: number, readyAtMs: number, rank: number): void {
    const old = this.rank[index];
    this.readyAtMs[index] = readyAtMs;
    this.rank[index] = rank;
    const block = Math.floor(index / blockSize);
    const highest = this.blockRank[block] ?? 0;
    if (rank >= highest) this.blockRank[block] = rank;
    else if (old === highest) this.blockRank[block] = this.highestIn(block);
  }

  private highestIn(block: number): number {
    return Math.max(...this.rank.subarray(block * blockSize, (block + 1) * blockSize));
  }
}

export class Standings {
  readonly lanes: Readonly<Record<RequestClass, Lane>>;
  readonly inFlight: Float64Array;
  readonly lastUsedAtMs: Float64Array;

  constructor(readonly size: number) {
    this.lanes = { free: new Lane(size), paid: new Lane(size), unmetered: new Lane(size) };
    this.inFlight = new Float64Array(size);
    this.lastUsedAtMs = new Float64Array(size);
  }
}
