// What this window has heard of the host, last: the only thing that its views and a takeover know of it.
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import type { ExchangeView, Snapshot } from '../service/snapshot';
import type { HostEvent } from './hostEvents';
import { changed } from './snapshotChange';

const mostExchanges = 500;

export class HostView implements Disposable {
  /** Null before the first host. */
  snapshot: Snapshot | null = null;
  /** Null before the first host; what it would have saved. */
  state: unknown = null;
  /** Whether the host is heard now: without one, what is shown is what was last. */
  isLive = false;
  private exchanges: readonly ExchangeView[] = [];
  private readonly owned = new DisposableStore();
  private readonly snapshotChanged: Emitter<void>;
  private readonly finished: Emitter<ExchangeView>;
  private readonly stateChanged: Emitter<unknown>;
  private readonly forgot: Emitter<void>;

  constructor(log: Log) {
    const onError = (error: unknown): void => log.error('A view failed.', error);
    this.snapshotChanged = this.owned.add(new Emitter(onError));
    this.finished = this.owned.add(new Emitter(onError));
    this.stateChanged = this.owned.add(new Emitter(onError));
    this.forgot = this.owned.add(new Emitter(onError));
  }

  /** Newest first. */
  get activity(): readonly ExchangeView[] {
    return this.exchanges;
  }

  get onDidChange(): Event<void> {
    return this.snapshotChanged.event;
  }

  get onDidFinishExchange(): Event<ExchangeView> {
    return this.finished.event;
  }

  get onDidChangeState(): Event<unknown> {
    return this.stateChanged.event;
  }

  /** Exchanges and counts of before are worth nothing any more. */
  get onDidForget(): Event<void> {
    return this.forgot.event;
  }

  apply(event: Exclude<HostEvent, { kind: 'keys' | 'bye' }>): void {
    switch (event.kind) {
      case 'hello':
      case 'beat':
        return;
      case 'snapshot':
        this.show(event.snapshot);
        return;
      case 'change':
        if (this.snapshot !== null) this.show(changed(this.snapshot, event.change));
        return;
      case 'activity':
        this.exchanges = event.newestFirst;
        return;
      case 'exchange':
        this.exchanges = [event.exchange, ...this.exchanges].slice(0, mostExchanges);
        this.finished.fire(event.exchange);
        return;
      case 'state':
        this.state = event.state;
        this.stateChanged.fire(event.state);
        return;
      case 'forgotten':
        this.forget();
    }
  }

  /** Takes away what was heard; while a host is heard its snapshot stays. */
  forget(): void {
    this.exchanges = [];
    this.state = null;
    if (!this.isLive) this.snapshot = null;
    this.forgot.fire();
    this.snapshotChanged.fire();
  }

  /** There is no host now. */
  lost(): void {
    if (!this.isLive) return;
    this.isLive = false;
    this.snapshotChanged.fire();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private show(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.isLive = true;
    this.snapshotChanged.fire();
  }
}
