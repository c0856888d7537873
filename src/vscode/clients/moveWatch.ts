// After the port has changed: who has connected clients hears of it, and can have them written anew.
import { hostname } from 'node:os';
import { l10n, window, type Memento } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Event } from '../../base/event';
import { MoveNews } from '../../service/clients/moveNews';
import { endpointOf, originOf, type ClientPorts } from './ports';
import { offerRewrite, outdatedClients } from './rewriteClients';

const recordName = 'moved';

export interface MoveWatchPorts {
  readonly clients: ClientPorts;
  /** Where the proxy runs may have changed. */
  readonly onDidChange: Event<void>;
  /** Shared by all windows of the user. */
  readonly globalState: Memento;
}

/** Watches the proxy's address for as long as it lives. */
export class MoveWatch implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly news: MoveNews;

  constructor(private readonly ports: MoveWatchPorts) {
    const { clients, globalState, onDidChange } = ports;
    this.news = new MoveNews(
      {
        machine: hostname(),
        origin: () => runningAt(clients),
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

  /** No dialog: the user may be typing the port still. */
  private async tell(): Promise<void> {
    if (!(await this.news.look())) return;
    const update = l10n.t('Update Clients…');
    const message = l10n.t('Keywheel: the proxy has a new address. Connected clients still use the old one.');
    if ((await window.showWarningMessage(message, update)) === update) await offerRewrite(this.ports.clients);
  }
}

/** Resolves when nothing is remembered of what was told. */
export async function forgetMoves(globalState: Memento): Promise<void> {
  await globalState.update(recordName, undefined);
}

function runningAt(clients: ClientPorts): string | null {
  const isRunning = clients.service.snapshot().proxy.kind === 'running';
  return isRunning ? (endpointOf(clients, null)?.origin ?? null) : null;
}
