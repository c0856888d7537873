/** How many free-model requests an account made on each UTC day, as known now and as known a while ago. */

const DAY_MS = 86_400_000;

export function utcDayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** The next UTC midnight after `atMs`, in epoch milliseconds. */
export function nextUtcMidnightMs(atMs: number): number {
  return (utcDayOf(atMs) + 1) * DAY_MS;
}

interface Step {
  readonly atMs: number;
  readonly used: number;
}

export class DayCount {
  private readonly stepsByDay = new Map<number, Step[]>();

  /** Adds `count` requests to the day of `atMs`. */
  add(atMs: number, count: number): void {
    const day = utcDayOf(atMs);
    const steps = this.stepsByDay.get(day) ?? [];
    steps.push({ atMs, used: (steps.at(-1)?.used ?? 0) + count });
    this.stepsByDay.set(day, steps);
    for (const old of this.stepsByDay.keys()) if (old < day - 2) this.stepsByDay.delete(old);
  }

  /** The count of the day of `atMs`, as it was at `atMs`. */
  usedAt(atMs: number): number {
    const steps = this.stepsByDay.get(utcDayOf(atMs)) ?? [];
    return steps.findLast((step) => step.atMs <= atMs)?.used ?? 0;
  }

  /** All requests counted for the day of `atMs`, also later ones, from before the clock was set back. */
  usedOnDayOf(atMs: number): number {
    return this.stepsByDay.get(utcDayOf(atMs))?.at(-1)?.used ?? 0;
  }
}
