// The connected clients for views, and the context key `keywheel.hasConnection`, which enables their commands.
import { commands, l10n, window } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import { byClient } from '../../clients/connector';
import type { ConnectedClient } from '../../service/messages';
import { stateText } from '../../words/clientWords';
import type { WindowPorts } from '../ports';
import { endpointOf, type EndpointPorts } from './endpoint';

/** Follows records and clients' files: changes of this window at once, those of others when this window gets the focus. */
export class ConnectedClients implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(
    new Emitter<void>((error) => this.ports.log.error('A listener of the connected clients failed.', error)),
  );
  /** `current` has changed. */
  readonly onDidChange: Event<void> = this.changed.event;
  private known: readonly ConnectedClient[] = [];
  private hasConnection: boolean | null = null;
  private endpoint = '';
  /** Number of the latest read; results of earlier ones are ignored. */
  private looks = 0;

  constructor(private readonly ports: EndpointPorts & Pick<WindowPorts, 'records' | 'connector' | 'log'>) {
    const { records, service, keyring } = ports;
    this.owned.add(records.onDidChange(() => void this.look()));
    const compare = (): void => {
      if (JSON.stringify(endpointOf(ports, null)) !== this.endpoint) void this.look();
    };
    this.owned.add(service.onDidChange(compare));
    this.owned.add(keyring.onDidChange(compare));
    this.owned.add(
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) void this.look();
      }),
    );
    void this.look();
  }

  get current(): readonly ConnectedClient[] {
    return this.known;
  }

  dispose(): void {
    this.looks++;
    this.owned.dispose();
  }

  private async look(): Promise<void> {
    const look = ++this.looks;
    const known = await this.read().catch((error: unknown) => {
      if (this.hasConnection === null)
        this.ports.log.error('The records of connected clients cannot be read.', error);
      return null;
    });
    // If the records cannot be read, the commands stay enabled and report the error.
    if (look === this.looks) this.show(known ?? [], known?.length !== 0);
  }

  private async read(): Promise<readonly ConnectedClient[]> {
    const endpoint = endpointOf(this.ports, null);
    this.endpoint = JSON.stringify(endpoint);
    const clients = byClient(await this.ports.connector.states(endpoint));
    return [...clients.values()].map(({ client: { id, name }, state }) => ({
      id,
      name,
      note: state === 'current' ? '' : stateText(state, l10n.t),
    }));
  }

  private show(known: readonly ConnectedClient[], hasConnection: boolean): void {
    if (hasConnection !== this.hasConnection) {
      this.hasConnection = hasConnection;
      void commands.executeCommand('setContext', 'keywheel.hasConnection', hasConnection);
    }
    if (JSON.stringify(known) === JSON.stringify(this.known)) return;
    this.known = known;
    this.changed.fire();
  }
}
