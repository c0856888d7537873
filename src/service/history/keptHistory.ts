// The history as a state that is saved: rarely, as it is large, and only by the process that serves.
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import type { Log } from '../../base/log';
import type { SavedRead } from '../../keys/versioned';
import type { History, SavedHistory } from './history';
import { Pace } from '../pace';
import type { Kept } from '../saved/stateKeeping';

/** A killed process loses this much; other windows still have it. */
const tellEveryMs = 10_000;

export interface KeptHistoryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly history: Pick<History, 'save' | 'restore' | 'onDidChange'>;
  /** Whether this process serves; others save what they have seen themselves. */
  readonly isOurs: () => boolean;
}

export class KeptHistory implements Kept, Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(
    new Emitter<unknown>((error) => this.ports.log.error('A listener of the history failed.', error)),
  );
  readonly onDidChangeState: Event<unknown> = this.changed.event;
  private readonly telling: Pace;
  private isNew = false;

  constructor(private readonly ports: KeptHistoryPorts) {
    this.telling = this.owned.add(new Pace(ports.clock, tellEveryMs, () => this.tell()));
  }

  restore(raw: unknown): SavedRead<SavedHistory> {
    const result = this.ports.history.restore(raw);
    this.owned.add(this.ports.history.onDidChange(() => this.touch()));
    return result;
  }

  /** Undefined if nothing has changed since the last save. */
  savedState(): unknown {
    if (!this.isNew) return undefined;
    this.isNew = false;
    return this.ports.history.save();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private touch(): void {
    if (!this.ports.isOurs()) return;
    this.isNew = true;
    this.telling.touch();
  }

  private tell(): void {
    const state = this.savedState();
    if (state !== undefined) this.changed.fire(state);
  }
}
