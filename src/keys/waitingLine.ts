// Requests that wait for a slot, oldest first, and the one timer for all of them; the pool decides who goes.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Signal } from '../base/signal';

/** One waiting request; it is in the line exactly as long as its promise is open. */
export interface Waiter<Request, Result> {
  readonly request: Request;
  /** Ends the wait; the waiter has left the line then. */
  readonly end: (result: Result) => void;
}

/** Waits at the end of the line. Resolves with the result that ends the wait; rejects with the signal's reason when it is aborted first. Either way the place is free. */
export async function join<Request, Result>(
  line: Set<Waiter<Request, Result>>,
  request: Request,
  signal: Signal,
): Promise<Result> {
  return await new Promise<Result>((resolve, reject) => {
    const leave = (): void => {
      line.delete(waiter);
      reject(signal.reason);
    };
    const end = (result: Result): void => {
      line.delete(waiter);
      signal.removeEventListener('abort', leave);
      resolve(result);
    };
    const waiter = { request, end };
    line.add(waiter);
    signal.addEventListener('abort', leave, { once: true });
  });
}

/** One timer at a time, set to an instant of `elapsedMs`. */
export class Alarm implements Disposable {
  private timer: Disposable | null = null;
  private setToMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** When it rings; Infinity while it is off. */
  get atMs(): number {
    return this.setToMs;
  }

  /** Rings once at the instant, instead of the one before; Infinity sets it off. Never at once, so that nothing spins. */
  set(atMs: number): void {
    if (atMs === this.setToMs) return;
    this.dispose();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.setToMs = atMs;
    this.timer = this.clock.after(Math.max(1, atMs - this.clock.elapsedMs()), () => {
      this.dispose();
      this.ring();
    });
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = null;
    this.setToMs = Number.POSITIVE_INFINITY;
  }
}
