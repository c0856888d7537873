// How the accounts stand for each class of request, in columns: choosing among thousands must cost microseconds.
import type { RequestClass } from './lock';

/** One class's columns, by account index. */
export interface Lane {
  /** From when a request of the class may go; 0 is now. */
  readonly readyAtMs: Float64Array;
  /** The higher the better: the share of the day's allowance left, or credits left. */
  readonly rank: Float64Array;
}

export class Standings {
  readonly lanes: Readonly<Record<RequestClass, Lane>>;
  readonly inFlight: Float64Array;
  readonly lastUsedAtMs: Float64Array;

  constructor(readonly size: number) {
    const lane = (): Lane => ({ readyAtMs: new Float64Array(size), rank: new Float64Array(size) });
    this.lanes = { free: lane(), paid: lane(), unmetered: lane() };
    this.inFlight = new Float64Array(size);
    this.lastUsedAtMs = new Float64Array(size);
  }
}
