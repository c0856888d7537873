// The only source of time; tests move their own.
import type { Disposable } from './disposable';

export interface Clock {
  /** Milliseconds since 1970, UTC. It may jump in both directions: people set clocks, laptops sleep. */
  nowMs(): number;
  /** Runs `run` once, `delayMs` from now (never sooner), unless disposed before. */
  after(delayMs: number, run: () => void): Disposable;
}

/** The longest delay that Node's timers take; a longer one would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep a process alive: the listening server does. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), longestDelayMs));
    timer.unref();
    return { dispose: () => clearTimeout(timer) };
  }
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted; leaves no timer and no listener. */
export async function wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      timer.dispose();
      reject(signal.reason as Error);
    };
    const timer = clock.after(delayMs, () => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
    signal.addEventListener('abort', leave, { once: true });
  });
}
