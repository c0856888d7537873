// Runs pieces of work that must not overlap.

/** Runs one piece of work after the other, in the order of the calls. */
export class WorkQueue {
  private last: Promise<unknown> = Promise.resolve();

  /** Settles as the work does: a failure reaches its own caller alone, and the next piece of work runs all the same. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return await result;
  }
}
