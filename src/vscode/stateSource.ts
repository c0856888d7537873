// The state that all views show, as a value and as context keys: snapshot, vault, forecast, removed keys and clients.
import { commands } from 'vscode';
import type { DisposableStore } from '../base/disposable';
import { anyOf, type Event } from '../base/event';
import type { KeyActions } from '../service/keyring/keyActions';
import type { Keyring } from '../service/keyring/keyring';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardState } from '../service/messages';

export interface StateSourcePorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'history' | 'onDidChange'>;
  readonly keyring: Pick<Keyring, 'health' | 'onDidChange'>;
  readonly keyActions: Pick<KeyActions, 'removed' | 'onDidChange'>;
  readonly connected: { readonly current: DashboardState['clients']; readonly onDidChange: Event<void> };
}

/** `read` returns a new value; `onDidChange` fires when it may differ. */
export interface StateSource {
  readonly read: () => DashboardState;
  readonly onDidChange: Event<void>;
}

export function stateSourceOf(ports: StateSourcePorts): StateSource {
  const { service, keyring, keyActions, connected } = ports;
  const read = (): DashboardState => {
    const snapshot = service.snapshot();
    return {
      snapshot,
      vault: keyring.health.kind,
      ...service.history.series.outlook(snapshot),
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

/** Keeps the context keys `keywheel.running`, `hasKeys`, `hasClient` and `hasServed`: for package.json, no public API. */
export function setContextKeys(owned: DisposableStore, state: StateSource): void {
  const known = new Map<string, boolean>();
  const set = (name: string, value: boolean): void => {
    if (known.get(name) === value) return;
    known.set(name, value);
    void commands.executeCommand('setContext', name, value);
  };
  const update = (): void => {
    const { proxy, wheel, accounts } = state.read().snapshot;
    set('keywheel.running', proxy.kind === 'running');
    set('keywheel.hasKeys', wheel.keys > 0);
    const hasServed = accounts.some(({ keys }) => keys.some(({ requests }) => requests > 0));
    set('keywheel.hasServed', hasServed);
    // A client that has sent a request is connected, even if by hand.
    set('keywheel.hasClient', hasServed);
  };
  owned.add(state.onDidChange(update));
  update();
}
