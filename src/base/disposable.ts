// Ownership: the code that creates a thing disposes it.

export interface Disposable {
  dispose(): void;
}

/** Owns disposables; `dispose` disposes each one that was added, and each that is added later at once. */
export class DisposableStore implements Disposable {
  private readonly owned = new Set<Disposable>();
  private disposed = false;

  /** Returns its argument, so that a thing can be made and owned in one line. */
  add<T extends Disposable>(owned: T): T {
    if (this.disposed) owned.dispose();
    else this.owned.add(owned);
    return owned;
  }

  /** Disposes in the reverse order of adding. An error does not stop the others: an AggregateError is thrown at the end. */
  dispose(): void {
    this.disposed = true;
    const errors: unknown[] = [];
    for (const owned of [...this.owned].reverse()) {
      try {
        owned.dispose();
      } catch (error: unknown) {
        errors.push(error);
      }
    }
    this.owned.clear();
    if (errors.length > 0) throw new AggregateError(errors, 'Disposing failed.');
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
