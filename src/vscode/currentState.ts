// What all views show: the service's snapshot, how the vault is, and the outlook, as one value.
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { forecast, paceSpanMs } from '../service/forecast';
import type { KeyActions } from '../service/keyActions';
import type { Keyring } from '../service/keyring';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardState } from '../service/messages';
import type { Series } from '../service/series';
import { keyIdsOf } from '../service/storedKey';

const dayMs = 24 * 60 * 60_000;

export interface CurrentStatePorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'onDidChange'>;
  readonly keyring: Pick<Keyring, 'health' | 'keys' | 'isStored' | 'onDidChange'>;
  readonly series: Pick<Series, 'recent'>;
  readonly keyActions: Pick<KeyActions, 'removed' | 'onDidChange'>;
  readonly log: Log;
}

/** Reads nothing by itself: `read` makes a new value, `onDidChange` says when that is worth it. */
export class CurrentState implements Disposable {
  readonly onDidChange: Event<void>;
  private readonly owned = new DisposableStore();

  constructor(private readonly ports: CurrentStatePorts) {
    const { service, keyring, keyActions, log } = ports;
    const changed = this.owned.add(new Emitter<void>((error) => log.error('A view failed.', error)));
    this.onDidChange = changed.event;
    this.owned.add(service.onDidChange(() => changed.fire()));
    this.owned.add(keyring.onDidChange(() => changed.fire()));
    this.owned.add(keyActions.onDidChange(() => changed.fire()));
  }

  read(): DashboardState {
    const { service, keyring, series, keyActions } = this.ports;
    const unsaved = keyIdsOf(keyring.keys).filter((keyId) => !keyring.isStored(keyId));
    const snapshot = service.snapshot();
    const day = series.recent(dayMs);
    return {
      snapshot,
      vault: keyring.health.kind,
      unsavedKeyIds: unsaved,
      forecast: forecast(snapshot.wheel, series.recent(paceSpanMs).freeAttempts, snapshot.atMs),
      paidOnly: day.paid > 0 && day.freeAttempts === 0,
      removed: keyActions.removed,
    };
  }

  dispose(): void {
    this.owned.dispose();
  }
}
