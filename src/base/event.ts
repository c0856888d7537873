// Typed events as VS Code has them: a function that subscribes a listener and returns its disposable.
import { DisposableStore, type Disposable } from './disposable';

export type Event<T> = (listener: (value: T) => void) => Disposable;

/** Calls its listeners in the order of subscription; an error goes to `onError` and does not stop the others. */
export class Emitter<T> implements Disposable {
  /** Replaced at each change: a running `fire` goes on with the listeners that it began with. */
  private listeners: readonly ((value: T) => void)[] = [];

  constructor(private readonly onError: (error: unknown) => void) {}

  readonly event: Event<T> = (listener) => {
    const own = (value: T): void => listener(value);
    this.listeners = [...this.listeners, own];
    return { dispose: () => (this.listeners = this.listeners.filter((each) => each !== own)) };
  };

  fire(value: T): void {
    for (const listener of this.listeners) {
      try {
        listener(value);
      } catch (error: unknown) {
        this.onError(error);
      }
    }
  }

  dispose(): void {
    this.listeners = [];
  }
}

export function anyOf(...events: readonly Event<void>[]): Event<void> {
  return (listener) => {
    const owned = new DisposableStore();
    for (const event of events) owned.add(event(() => listener()));
    return owned;
  };
}
