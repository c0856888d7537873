// What this window has heard of the host, last: the only thing that its views and a takeover know of it.
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { History } from '../service/history';
import type { ExchangeView, Snapshot } from '../service/snapshot';
import type { HostEvent } from './hostEvents';
import { changed } from './snapshotChange';

export class HostView implements Disposable {
  /** Null before the first host. */
  snapshot: Snapshot | null = null;
  /** Null before the first host; what it would have saved. */
  state: unknown = null;
  /** Whether the host is heard now: without one, what is shown is what was last. */
  isLive = false;
  readonly history: History;
  private readonly owned = new DisposableStore();
  private readonly snapshotChanged: Emitter<void>;
  private readonly historyChanged: Emitter<void>;
  private readonly finished: Emitter<ExchangeView>;
  private readonly stateChanged: Emitter<unknown>;
  private readonly forgot: Emitter<void>;

  constructor(clock: Clock, log: Log) {
    const onError = (error: unknown): void => log.error('A view failed.', error);
    this.history = this.owned.add(new History({ clock, onError }));
    this.historyChanged = this.owned.add(new Emitter(onError));
    this.owned.add(this.history.onDidReplace(() => this.historyChanged.fire()));
    this.snapshotChanged = this.owned.add(new Emitter(onError));
    this.finished = this.owned.add(new Emitter(onError));
    this.stateChanged = this.owned.add(new Emitter(onError));
    this.forgot = this.owned.add(new Emitter(onError));
  }

  get onDidChange(): Event<void> {
    return this.snapshotChanged.event;
  }

  /** All of the history is another, or its keys have got their labels; what is added is told by `onDidFinishExchange`. */
  get onDidChangeHistory(): Event<void> {
    return this.historyChanged.event;
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
      case 'history':
        this.history.restore(event.history);
        return;
      case 'exchange':
        this.history.put(event.exchange);
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
    this.state = null;
    this.history.clear();
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
    const hadKeys = this.snapshot !== null && this.snapshot.accounts.length > 0;
    this.snapshot = snapshot;
    this.isLive = true;
    this.snapshotChanged.fire();
    if (!hadKeys && snapshot.accounts.length > 0) this.historyChanged.fire();
  }
}
