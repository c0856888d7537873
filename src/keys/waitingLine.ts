// Requests that wait for a slot, oldest first. It holds them and nothing else; the pool decides who goes.

/** One waiting request; it is in the line exactly as long as its promise is open. */
export interface Waiter<Request, Result> {
  request: Request;
  readonly sinceMs: number;
  /** Ends the wait; the waiter has left the line then. */
  end(result: Result): void;
}

export class WaitingLine<Request, Result> {
  private readonly waiters = new Set<Waiter<Request, Result>>();

  get size(): number {
    return this.waiters.size;
  }

  /** Oldest first. */
  get requests(): readonly Request[] {
    return Array.from(this.waiters, ({ request }) => request);
  }

  /** Oldest first; a waiter may be ended while the line is walked. */
  [Symbol.iterator](): IterableIterator<Waiter<Request, Result>> {
    return this.waiters.values();
  }

  /** Resolves with what the waiter is ended with; rejects with the signal's reason when it is aborted first. Either way the place is free. */
  async join(request: Request, sinceMs: number, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    return await new Promise<Result>((resolve, reject) => {
      const leave = (): void => {
        this.waiters.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter<Request, Result> = {
        request,
        sinceMs,
        end: (result) => {
          this.waiters.delete(waiter);
          signal.removeEventListener('abort', leave);
          resolve(result);
        },
      };
      this.waiters.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
