// Environment variables of new terminals while the proxy runs, never persisted by VS Code; and the choice of their clients.
import { ConfigurationTarget, l10n, window, workspace, type EnvironmentVariableCollection } from 'vscode';
import type { DisposableStore } from '../../base/disposable';
import { terminalClients, terminalVariables, type TerminalClient } from '../../clients/values';
import { terminalText } from '../../words/clientWords';
import type { WindowPorts } from '../ports';
import { originOf, runningEndpoint } from './endpoint';

/** Resolves to whether the user confirmed the selection. */
export async function chooseTerminalClients(ports: WindowPorts): Promise<boolean> {
  const ticked = ports.settings.values['terminal.clients'];
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
  await workspace.getConfiguration().update('keywheel.terminal.clients', clients, ConfigurationTarget.Global);
  return true;
}

function item(client: TerminalClient, picked: boolean, ports: WindowPorts) {
  const names = Object.keys(terminalVariables(client, { origin: originOf(ports), proxyKey: '' }));
  return {
    client,
    picked,
    label: terminalText(client, l10n.t),
    detail: l10n.t('Replaces {0}', names.join(', ')),
  };
}

/** Keeps the collection up to date until `owned` is disposed, which empties it. */
export function setTerminalVariables(
  owned: DisposableStore,
  collection: EnvironmentVariableCollection,
  ports: WindowPorts,
): void {
  const { state, settings } = ports;
  let shown = '{}';
  const update = (): void => {
    const wanted = wantedVariables(ports);
    const text = JSON.stringify(wanted);
    // VS Code marks open terminals as outdated after every change.
    if (text === shown) return;
    shown = text;
    collection.clear();
    // Lists only the names, because the values contain the proxy key.
    collection.description = l10n.t(
      'Programs in this terminal use Keywheel’s proxy. Replaced: {0}.',
      Object.keys(wanted).join(', '),
    );
    for (const [name, value] of Object.entries(wanted)) collection.replace(name, value);
  };
  // Set first, because variables that are added before would outlive the window.
  collection.persistent = false;
  collection.clear();
  update();
  owned.add({ dispose: () => collection.clear() });
  owned.add(state.onDidChange(update));
  owned.add(settings.onDidChange(update));
}

function wantedVariables(ports: WindowPorts): Readonly<Record<string, string>> {
  const endpoint = runningEndpoint(ports);
  if (endpoint === null) return {};
  const variables = ports.settings.values['terminal.clients'].map((client) =>
    terminalVariables(client, endpoint),
  );
  return Object.assign({}, ...variables) as Record<string, string>;
}
