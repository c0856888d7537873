// The terminal option: one tick a client, each naming the variables that it replaces.
import { ConfigurationTarget, l10n, window, workspace, type QuickPickItem } from 'vscode';
import { terminalClients, terminalVariables, type TerminalClient } from '../../service/clients/terminal';
import { terminalText } from './clientWords';
import { originOf, type ClientPorts } from './ports';

interface TerminalItem extends QuickPickItem {
  readonly client: TerminalClient;
}

export const terminalSetting = 'keywheel.terminal.clients';

/** Resolves to whether the ticks were changed or confirmed. */
export async function chooseTerminalClients(ports: ClientPorts): Promise<boolean> {
  const ticked = ports.settings.terminalClients;
  const chosen = await window.showQuickPick(
    terminalClients.map((client) => item(client, ticked.includes(client), ports)),
    {
      title: l10n.t('New Terminals'),
      placeHolder: l10n.t('Tick what programs in new terminals of VS Code are to use, while the proxy runs'),
      canPickMany: true,
      ignoreFocusOut: true,
    },
  );
  if (!chosen) return false;
  const clients = chosen.map(({ client }) => client);
  await workspace.getConfiguration().update(terminalSetting, clients, ConfigurationTarget.Global);
  return true;
}

function item(client: TerminalClient, picked: boolean, ports: ClientPorts): TerminalItem {
  const names = Object.keys(terminalVariables(client, { origin: originOf(ports), proxyKey: '' }));
  return {
    client,
    picked,
    label: terminalText(client, l10n.t),
    detail: l10n.t('Replaces {0}', names.join(', ')),
  };
}
