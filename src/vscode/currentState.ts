// The state that all views show: snapshot, vault, forecast, removed keys and clients.
import { anyOf, type Event } from '../base/event';
import { outlookOf } from '../service/history/forecast';
import type { KeyActions } from '../service/keyring/keyActions';
import type { Keyring } from '../service/keyring/keyring';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardState } from '../service/messages';
import type { Series } from '../service/history/series';

export interface CurrentStatePorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'onDidChange'>;
  readonly keyring: Pick<Keyring, 'health' | 'onDidChange'>;
  readonly series: Pick<Series, 'recent' | 'spentToday'>;
  readonly keyActions: Pick<KeyActions, 'removed' | 'onDidChange'>;
  readonly connected: { readonly current: DashboardState['clients']; readonly onDidChange: Event<void> };
}

/** `read` returns a new value; `onDidChange` fires when it may differ. */
export interface CurrentState {
  readonly read: () => DashboardState;
  readonly onDidChange: Event<void>;
}

export function currentState(ports: CurrentStatePorts): CurrentState {
  const { service, keyring, series, keyActions, connected } = ports;
  const read = (): DashboardState => {
    const snapshot = service.snapshot();
    return {
      snapshot,
      vault: keyring.health.kind,
      ...outlookOf(snapshot, series),
      removed: keyActions.removed,
      clients: connected.current,
    };
  };
  const onDidChange = anyOf(
    service.onDidChange,
    keyring.onDidChange,
    keyActions.onDidChange,
    connected.onDidChange,
  );
  return { read, onDidChange };
}
