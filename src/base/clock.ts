// The only source of time; tests pass in a clock that they move themselves.
import { uptime } from 'node:os';
import type { Disposable } from './disposable';
import { ended, type Signal } from './signal';

export interface Clock {
  /**
   * Milliseconds that pass evenly, even when the machine's clock is set; the time of a sleep is added once the sleep is
   * noticed. Equal to `wallMs` when the process begins. For durations, timeouts, slots and locks.
   */
  elapsedMs(): number;
  /**
   * Milliseconds since 1970, UTC, by the machine's clock, corrected by upstream's where the two differ by over 5 s. It
   * may jump both ways: people set clocks, laptops sleep. For days, and for instants that upstream names or people see.
   */
  wallMs(): number;
  /** Notes the `Date` of an answer that upstream has just made, in milliseconds since 1970. */
  noteServerDate(dateMs: number): void;
  /** Runs `run` once, `delayMs` from now (never sooner), unless it is disposed before that. */
  after(delayMs: number, run: () => void): Disposable;
}

/** The longest delay that Node's timers take; a longer delay would fire at once. */
const longestDelayMs = 2 ** 31 - 1;
/** A smaller change between two clocks is taken for drift: no clock was set, and the machine did not sleep. */
const partedMs = 2_000;

export interface MachineClocks {
  /** Milliseconds since 1970; people set this clock. */
  dateMs(): number;
  /** Passes evenly; on some systems it stops while the machine sleeps. */
  monotonicMs(): number;
  /** Since the machine began, sleep included; may be as coarse as a second, and is slow to read. */
  uptimeMs(): number;
}

const thisMachine: MachineClocks = {
  dateMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  uptimeMs: () => {
    try {
      return uptime() * 1_000;
    } catch {
      // Some sandboxes forbid `uptime` (Termux): there a sleep cannot be told from a clock that was set.
      return performance.now();
    }
  },
};

/** The machine's clock. Its timers do not keep a process alive; the listening server does that. */
export class SystemClock implements Clock {
  private readonly offset = new ServerOffset();
  /** How far the date and the uptime were ahead of monotonic time when they were last compared. */
  private dateAheadMs: number;
  private uptimeAheadMs: number;
  /** Elapsed time minus monotonic time: grows with each sleep. */
  private elapsedAheadMs: number;

  constructor(private readonly machine: MachineClocks = thisMachine) {
    this.dateAheadMs = machine.dateMs() - machine.monotonicMs();
    this.uptimeAheadMs = machine.uptimeMs() - machine.monotonicMs();
    this.elapsedAheadMs = this.dateAheadMs;
  }

  elapsedMs(): number {
    const monotonicMs = this.machine.monotonicMs();
    this.compare(this.machine.dateMs(), monotonicMs);
    return monotonicMs + this.elapsedAheadMs;
  }

  wallMs(): number {
    const dateMs = this.machine.dateMs();
    this.compare(dateMs, this.machine.monotonicMs());
    return dateMs + this.offset.ms;
  }

  noteServerDate(serverMs: number): void {
    const dateMs = this.machine.dateMs();
    this.compare(dateMs, this.machine.monotonicMs());
    this.offset.add(serverMs - dateMs);
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), longestDelayMs));
    timer.unref();
    return { dispose: () => clearTimeout(timer) };
  }

  /** Adds a sleep to the elapsed time, and drops the server offset once the machine's clock was set. */
  private compare(dateMs: number, monotonicMs: number): void {
    const dateAheadMs = dateMs - monotonicMs;
    const partedByMs = dateAheadMs - this.dateAheadMs;
    if (Math.abs(partedByMs) < partedMs) return;
    const uptimeAheadMs = this.machine.uptimeMs() - monotonicMs;
    const sleptMs = Math.max(0, uptimeAheadMs - this.uptimeAheadMs);
    if (sleptMs >= partedMs) this.elapsedAheadMs += sleptMs;
    if (Math.abs(partedByMs - sleptMs) >= partedMs) this.offset.clear();
    this.dateAheadMs = dateAheadMs;
    this.uptimeAheadMs = uptimeAheadMs;
  }
}

/** A smaller offset is no difference: `Date` is in whole seconds, and the answer has travelled. */
const leastOffsetMs = 5_000;
/** The last answers whose `Date` is remembered: the median outvotes one machine of upstream's whose clock is wrong. */
const mostDates = 5;

/** How far upstream's clock is ahead of the machine's: the median over the last answers. */
export class ServerOffset {
  private offsetsMs: number[] = [];
  private medianMs = 0;

  /** 0 where the two clocks differ by no more than `leastOffsetMs`. */
  get ms(): number {
    return Math.abs(this.medianMs) > leastOffsetMs ? this.medianMs : 0;
  }

  /** Of an even number the lower of the two middle offsets is the median: their mean would be the time of no clock. */
  add(offsetMs: number): void {
    this.offsetsMs = [...this.offsetsMs, offsetMs].slice(-mostDates);
    const sorted = this.offsetsMs.toSorted((a, b) => a - b);
    this.medianMs = sorted[(sorted.length - 1) >> 1] ?? 0;
  }

  /** Forgets all offsets: the machine's clock was set, so that they were measured against another time. */
  clear(): void {
    this.offsetsMs = [];
    this.medianMs = 0;
  }
}

/** Runs `run` every `everyMs` until it is disposed. */
export function every(clock: Clock, everyMs: number, run: () => void): Disposable {
  const again = (): void => {
    timer = clock.after(everyMs, again);
    run();
  };
  let timer = clock.after(everyMs, again);
  return { dispose: () => timer.dispose() };
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted; leaves no timer and no listener. */
export async function wait(clock: Clock, delayMs: number, signal: Signal): Promise<void> {
  signal.throwIfAborted();
  await ended<null>(signal, (end) => clock.after(delayMs, () => end(null)));
}

/** One timer at a time, set to an instant of `elapsedMs`. */
export class Alarm implements Disposable {
  private timer: Disposable | null = null;
  /** The instant at which the alarm rings; Infinity while it is off. */
  atMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Rings once at this instant instead of the one before; Infinity turns it off. Waits 1 ms or more, so that nothing spins. */
  set(atMs: number): void {
    if (atMs === this.atMs) return;
    this.dispose();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.atMs = atMs;
    this.timer = this.clock.after(Math.max(1, atMs - this.clock.elapsedMs()), () => {
      this.dispose();
      this.ring();
    });
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = null;
    this.atMs = Number.POSITIVE_INFINITY;
  }
}

/** Runs a callback soon after it was requested, at most once an interval. */
export class Pace implements Disposable {
  private timer: Disposable | null = null;
  private isDisposed = false;

  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly run: () => void,
  ) {}

  /** Runs the callback after `everyMs`; further calls until then change nothing. */
  touch(): void {
    if (this.timer !== null || this.isDisposed) return;
    this.timer = this.clock.after(this.everyMs, () => {
      this.timer = null;
      this.run();
    });
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer?.dispose();
  }
}
