// Offers to update connected clients after the proxy's address has changed.
import { hostname } from 'node:os';
import { l10n, window, type Memento } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Event } from '../../base/event';
import { MoveNews } from '../../clients/connectionNews';
import { originOf, runningEndpoint, type ClientPorts } from './ports';
import { offerUpdate, outdatedClients } from './updateClients';

const recordName = 'moved';

export interface MoveWatchPorts {
  readonly clients: ClientPorts;
  /** The proxy's address may have changed. */
  readonly onDidChange: Event<void>;
  /** Shared by all windows of the user. */
  readonly globalState: Memento;
}

/** Watches the proxy's address until disposed. */
export class MoveWatch implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly news: MoveNews;

  constructor(private readonly ports: MoveWatchPorts) {
    const { clients, globalState, onDidChange } = ports;
    this.news = new MoveNews(
      {
        machine: hostname(),
        origin: () => runningEndpoint(clients)?.origin ?? null,
        isFocused: () => window.state.focused,
        isOutdated: async () => (await outdatedClients(clients)).length > 0,
        record: {
          read: () => globalState.get<unknown>(recordName),
          write: async (record) => await globalState.update(recordName, record),
        },
      },
      originOf(clients),
    );
    this.owned.add(onDidChange(() => this.look()));
    this.owned.add(window.onDidChangeWindowState(() => this.look()));
  }

  dispose(): void {
    this.owned.dispose();
  }

  private look(): void {
    this.tell().catch((error: unknown) =>
      this.ports.clients.log.error('Connected clients could not be given the new address.', error),
    );
  }

  /** Not a modal dialog, because the user may still be typing the port. */
  private async tell(): Promise<void> {
    if (!(await this.news.look())) return;
    const update = l10n.t('Update Clients…');
    const message = l10n.t('Keywheel: the proxy has a new address. Connected clients still use the old one.');
    if ((await window.showWarningMessage(message, update)) === update) await offerUpdate(this.ports.clients);
  }
}

/** Removes the record of the last move. */
export async function forgetMoves(globalState: Memento): Promise<void> {
  await globalState.update(recordName, undefined);
}
