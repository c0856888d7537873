// Signals that end a wait early. One is made for each request and few are ever aborted, so that it must cost almost nothing.
import type { Disposable } from './disposable';

/** The part of AbortSignal that is used here; an AbortSignal is a Signal. */
export interface Signal {
  readonly aborted: boolean;
  /** The reason of the abort, once `aborted` is true. */
  readonly reason: Error;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** An AbortController and its signal in one, without DOM events, which cost more than all else that is done for a request. */
export class Canceller implements Signal {
  private listeners: (() => void)[] = [];
  private why: Error | null = null;

  get aborted(): boolean {
    return this.why !== null;
  }

  get reason(): Error {
    return this.why ?? notAborted;
  }

  throwIfAborted(): void {
    if (this.why !== null) throw this.why;
  }

  /** Each listener is called once at most. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.listeners.indexOf(listener);
    if (index >= 0) this.listeners.splice(index, 1);
  }

  /** Calls all listeners; only the first call has an effect, and its reason stays. */
  abort(reason: Error): void {
    if (this.why !== null) return;
    this.why = reason;
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) listener();
  }
}

const notAborted = new Error('Not aborted.');

/** Resolves with the value given to `end`, or rejects with the signal's reason if that is sooner; disposes the result of `begin`. */
export async function ended<T>(signal: Signal, begin: (end: (result: T) => void) => Disposable): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const leave = (): void => {
      begun.dispose();
      reject(signal.reason);
    };
    const begun = begin((result) => {
      begun.dispose();
      signal.removeEventListener('abort', leave);
      resolve(result);
    });
    signal.addEventListener('abort', leave, { once: true });
  });
}

/** Settles as the promise does, or rejects with the signal's reason if that is sooner; a later result or error is dropped. */
export async function unlessAborted<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject);
  });
}
