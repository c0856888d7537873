// Connect Client: lists the clients of this machine, shows what will be written, and writes it after a yes.
import { commands, env, l10n, QuickPickItemKind, UIKind, window, type QuickPickItem } from 'vscode';
import type { Client, ClientId, Endpoint } from '../../service/clients/client';
import { ConfigError } from '../../service/clients/configError';
import { ExtensionUnknownError } from '../../service/clients/connector';
import { askModel } from './askModel';
import { afterConnecting, planLines, problemText, stateText } from './clientWords';
import { endpointOf, type ClientPorts } from './ports';
import { chooseTerminalClients } from './terminalPick';
import { showValues } from './valuesPage';

interface ClientItem extends QuickPickItem {
  readonly run: () => Promise<boolean>;
}

/** Resolves to whether something was connected, or shown to be connected by hand. */
export async function connectClient(ports: ClientPorts): Promise<boolean> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null) {
    void window.showWarningMessage(
      l10n.t('The proxy key is not loaded yet: the system keychain has not answered.'),
    );
    return false;
  }
  const chosen = await window.showQuickPick(clientItems(ports, endpoint), {
    title: l10n.t('Connect Client'),
    placeHolder: l10n.t('Choose the client that is to use the proxy'),
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return chosen !== undefined && 'run' in chosen && (await chosen.run());
}

async function clientItems(ports: ClientPorts, endpoint: Endpoint): Promise<(ClientItem | QuickPickItem)[]> {
  const states = new Map(
    (await ports.connector.states(endpoint)).map(({ client, state }) => [client.id, state]),
  );
  const installed = ports.connector.installed().map((client): ClientItem => {
    const state = states.get(client.id);
    return {
      label: client.name,
      description: state === undefined ? '' : stateText(state, l10n.t),
      run: async () => await connectOne(client, endpoint, ports),
    };
  });
  const none = { label: l10n.t('No client was found on this machine'), kind: QuickPickItemKind.Separator };
  return [
    ...(installed.length === 0 ? [none] : installed),
    { label: '', kind: QuickPickItemKind.Separator },
    {
      label: l10n.t('Any Other Client'),
      detail: l10n.t('Base URLs, the proxy key and a curl line to copy'),
      run: async () => {
        await showValues(ports, null, null);
        return true;
      },
    },
    {
      label: l10n.t('New Terminals'),
      detail: l10n.t('Environment variables for programs that are started in VS Code’s terminals'),
      run: async () => await chooseTerminalClients(ports),
    },
  ];
}

async function connectOne(client: Client, endpoint: Endpoint, ports: ClientPorts): Promise<boolean> {
  if (client.id === 'continue' && runsElsewhere()) {
    const sentence = l10n.t(
      'Continue runs on your own machine, not on this one, and so is its configuration: put these values in there.',
    );
    await showValues(ports, client.id, sentence);
    return true;
  }
  const { clock } = ports;
  const title = l10n.t('Connect {0}', client.name);
  const model = await askModel({ title, endpoint, clock, hasOwnModels: client.hasOwnModels });
  if (model === undefined) return false;
  try {
    return await write(client, { ...endpoint, model }, ports);
  } catch (error: unknown) {
    return await tellProblem(error, client.id, ports);
  }
}

/** In a remote window of the desktop, extensions for the user interface are not on this machine; in a browser there are none. */
function runsElsewhere(): boolean {
  return env.remoteName !== undefined && env.uiKind === UIKind.Desktop;
}

async function write(client: Client, endpoint: Endpoint, ports: ClientPorts): Promise<boolean> {
  const plan = await ports.connector.plan(client, endpoint);
  const yes = l10n.t('Write');
  const detail =
    plan === null
      ? l10n.t(
          'The profile “Keywheel” is made in {0} with the base URL, the proxy key and the model {1}, and is chosen.',
          client.name,
          endpoint.model ?? '',
        )
      : [
          plan.isNew
            ? l10n.t('{0} is made with:', plan.file)
            : l10n.t('Into {0} (a backup is kept beside it, comments and all else stay):', plan.file),
          '',
          ...planLines(plan, endpoint.proxyKey, l10n.t),
        ].join('\n');
  const question = l10n.t('Connect {0} to Keywheel?', client.name);
  if ((await window.showInformationMessage(question, { modal: true, detail }, yes)) !== yes) return false;
  await ports.connector.connect(client, endpoint);
  await ports.noteStorage();
  void tellConnected(client, ports);
  return true;
}

async function tellConnected(client: Client, { log }: ClientPorts): Promise<void> {
  const sentences = [l10n.t('{0} is connected.', client.name), afterConnecting(client.id, l10n.t)];
  const test = l10n.t('Send Test Request');
  const text = sentences.filter((sentence) => sentence !== null).join(' ');
  if ((await window.showInformationMessage(text, test)) !== test) return;
  await commands.executeCommand('keywheel.sendTestRequest').then(undefined, (error: unknown) => {
    log.error('The test request failed.', error);
  });
}

async function tellProblem(error: unknown, id: ClientId, ports: ClientPorts): Promise<boolean> {
  const values = l10n.t('Show Values');
  const text =
    error instanceof ConfigError
      ? problemText(error, l10n.t)
      : error instanceof ExtensionUnknownError
        ? l10n.t('This version of the extension cannot be connected from here. Put the values in by hand.')
        : null;
  if (text === null) throw error;
  if ((await window.showErrorMessage(text, values)) !== values) return false;
  await showValues(ports, id, null);
  return true;
}
