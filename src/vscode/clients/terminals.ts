// Environment variables of new terminals while the proxy runs, never persisted by VS Code; and the choice of their clients.
import { ConfigurationTarget, l10n, window, workspace, type EnvironmentVariableCollection } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Event } from '../../base/event';
import { terminalClients, terminalVariables, type TerminalClient } from '../../clients/values';
import { terminalText } from '../../words/clientWords';
import { originOf, runningEndpoint, type ClientPorts } from './ports';

const terminalSetting = 'keywheel.terminal.clients';

/** Resolves to whether the user confirmed the selection. */
export async function chooseTerminalClients(ports: ClientPorts): Promise<boolean> {
  const ticked = ports.settings.values.terminalClients;
  const chosen = await window.showQuickPick(
    terminalClients.map((client) => item(client, ticked.includes(client), ports)),
    {
      title: l10n.t('New Terminals'),
      placeHolder: l10n.t('Select the programs that use Keywheel in new terminals'),
      canPickMany: true,
      ignoreFocusOut: true,
    },
  );
  if (!chosen) return false;
  const clients = chosen.map(({ client }) => client);
  await workspace.getConfiguration().update(terminalSetting, clients, ConfigurationTarget.Global);
  return true;
}

function item(client: TerminalClient, picked: boolean, ports: ClientPorts) {
  const names = Object.keys(terminalVariables(client, { origin: originOf(ports), proxyKey: '' }));
  return {
    client,
    picked,
    label: terminalText(client, l10n.t),
    detail: l10n.t('Replaces {0}', names.join(', ')),
  };
}

export interface TerminalEnvironmentPorts extends Pick<ClientPorts, 'service' | 'keyring' | 'settings'> {
  readonly collection: EnvironmentVariableCollection;
  /** The state of the proxy has changed. */
  readonly onDidChange: Event<void>;
}

/** Owns the collection, which is empty after `dispose`. */
export class TerminalEnvironment implements Disposable {
  private readonly owned = new DisposableStore();
  private shown = '{}';

  constructor(private readonly ports: TerminalEnvironmentPorts) {
    const { collection, onDidChange } = ports;
    // Set first, because variables that are added before would outlive the window.
    collection.persistent = false;
    collection.clear();
    this.owned.add(onDidChange(() => this.update()));
    this.owned.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(terminalSetting)) this.update();
      }),
    );
    this.update();
  }

  dispose(): void {
    this.owned.dispose();
    this.ports.collection.clear();
  }

  private update(): void {
    const wanted = this.wanted();
    const text = JSON.stringify(wanted);
    // VS Code marks open terminals as outdated after every change.
    if (text === this.shown) return;
    this.shown = text;
    const { collection } = this.ports;
    collection.clear();
    // Only the names: the values contain the proxy key.
    collection.description = l10n.t(
      'Programs in this terminal use Keywheel’s proxy. Replaced: {0}.',
      Object.keys(wanted).join(', '),
    );
    for (const [name, value] of Object.entries(wanted)) collection.replace(name, value);
  }

  private wanted(): Readonly<Record<string, string>> {
    const endpoint = runningEndpoint(this.ports);
    if (endpoint === null) return {};
    const variables = this.ports.settings.values.terminalClients.map((client) =>
      terminalVariables(client, endpoint),
    );
    return Object.assign({}, ...variables) as Record<string, string>;
  }
}
