// Warns once per connection that a client does not use the chosen model.
import { l10n, window } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { askedModels, strayRequest, type AskedModel } from '../../clients/connectionNews';
import { clientOf } from '../../clients/clientList';
import type { ConnectionRecord, ConnectionRecords } from '../../clients/records';
import type { ExchangeView } from '../../service/snapshot';
import { strayText } from '../../words/clientWords';
import { offer } from '../messages';
import type { ClientPorts } from './ports';

export interface ModelWatchPorts {
  readonly clients: ClientPorts;
  readonly records: Pick<ConnectionRecords, 'all' | 'claimStray' | 'onDidChange'>;
}

/** Most pairs of client and model that are remembered as checked; then the set is cleared. */
const mostSeen = 200;

export class ModelWatch implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly seen = new Set<string>();

  constructor(private readonly ports: ModelWatchPorts) {
    const { clients, records } = ports;
    this.owned.add(clients.service.onDidFinishExchange((exchange) => this.look(exchange)));
    this.owned.add(records.onDidChange(() => this.seen.clear()));
    // Another window may have connected a client, or have been the one to warn.
    this.owned.add(window.onDidChangeWindowState(() => this.seen.clear()));
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Reads the records once for each pair of client and model, not for each request. */
  private look({ client, model }: ExchangeView): void {
    const pair = `${client} ${model}`;
    if (model === null || this.seen.has(pair)) return;
    if (this.seen.size >= mostSeen) this.seen.clear();
    this.seen.add(pair);
    this.judge(client).catch((error: unknown) =>
      this.ports.clients.log.error('The model of a connected client could not be compared.', error),
    );
  }

  private async judge(name: string): Promise<void> {
    const { clients, records } = this.ports;
    const known = (await records.all()).filter(({ client }) => clientOf(client).name === name);
    const record = known.find(({ connectedAtMs }) => connectedAtMs !== undefined);
    const isTold = known.some(({ strayTold }) => strayTold === true);
    if (record === undefined || isTold || !this.isTurn()) return;
    const asked = askedModels(clientOf(record.client), record, clients.service.activity());
    const stray = strayRequest(record.model, asked);
    if (stray !== null && (await records.claimStray(record))) await this.tell(record, stray);
  }

  /** The focused window, or the host's window if none is focused. */
  private isTurn(): boolean {
    const { proxy } = this.ports.clients.service.snapshot();
    return window.state.focused || (proxy.kind === 'running' && proxy.hostedBy === undefined);
  }

  private async tell(record: ConnectionRecord, stray: AskedModel): Promise<void> {
    const { connector } = this.ports.clients;
    const client = clientOf(record.client);
    const needsReload = connector.needsReload(client);
    const { text, advice } = strayText(stray, record.model ?? '', needsReload, l10n.t);
    const message = { severity: 'warning', text: `Keywheel: ${text} ${advice}` } as const;
    if (needsReload) await offer(message, l10n.t('Reload Window'), 'workbench.action.reloadWindow');
    else await offer(message, l10n.t('Connect Client'), 'keywheel.connectClient');
  }
}
