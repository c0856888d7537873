/** The simulator's idea of time: all counting uses it, and a test may set it. */

/** The parts of a clock that the simulator needs; the program's own clocks (`src/base/clock.ts`) fit by their shape. */
export interface SimulatorClock {
  /** Epoch milliseconds; days, minutes, resets, code expiry and records are counted with it. */
  nowMs(): number;
  /** Runs `run` once after `delayMs`, unless disposed before. Needed only for `delays: 'clock'`. */
  after?(delayMs: number, run: () => void): { dispose(): void };
}

/** `real`: delays of answers are real time, whatever the clock says. `clock`: they pass in the clock's time. */
export type Delays = 'real' | 'clock';

/** The time in which delays of answers pass. */
export interface Pace {
  nowMs(): number;
  /** Returns after `ms`, or as soon as `signal` aborts; never throws. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function paceOf(clock: SimulatorClock, delays: Delays): Pace {
  if (delays === 'real') {
    return { nowMs: () => performance.now(), sleep: (ms, signal) => sleepWith(realAfter, ms, signal) };
  }
  const after = clock.after?.bind(clock);
  if (after === undefined) throw new TypeError("delays: 'clock' needs a clock with after()");
  return { nowMs: () => clock.nowMs(), sleep: (ms, signal) => sleepWith(after, ms, signal) };
}

function realAfter(delayMs: number, run: () => void): { dispose(): void } {
  // A timer can hold 2^31 - 1 ms; no test waits longer.
  const timer = setTimeout(run, Math.min(delayMs, 2_147_483_647));
  return { dispose: () => clearTimeout(timer) };
}

function sleepWith(after: typeof realAfter, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.dispose();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = after(ms, finish);
    signal.addEventListener('abort', finish);
  });
}

/** Returns when `signal` has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
