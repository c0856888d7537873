// Notices a clock that was set back.
export class SetBack {
  private lastSeenMs = Number.NEGATIVE_INFINITY;

  /** By how much the clock was set back since the last call; 0 if it was not. */
  by(nowMs: number): number {
    const byMs = Math.max(0, this.lastSeenMs - nowMs);
    this.lastSeenMs = nowMs;
    return byMs;
  }
}
