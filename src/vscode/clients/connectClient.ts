// Connect Client: lists this machine's clients, shows what will be written, and writes it after confirmation.
import { homedir } from 'node:os';
import { l10n, QuickPickItemKind, ThemeIcon, window, type QuickPickItem } from 'vscode';
import type { Client, ClientId, Endpoint } from '../../clients/client';
import { clientOf, clients } from '../../clients/clientList';
import { askedModels } from '../../clients/connectionNews';
import { ConfigError } from '../../clients/configFile';
import {
  byClient,
  ExtensionUnknownError,
  type Connected,
  type KnownConnection,
} from '../../clients/connector';
import { listModels, type ListedModel } from '../../clients/modelList';
import { confirm, showChoice, showDialog, showMessage, showNoProxyKey } from '../messages';
import type { ClientItem, WindowPorts } from '../ports';
import { askModel } from './askModel';
import { showWritten } from './connections';
import { endpointOf, runningEndpoint, runsElsewhere } from './endpoint';
import { afterConnecting, planText, problemText, stateText } from '../../words/clientWords';
import { joined } from '../../words/formats';
import { sendTestRequest } from './sendTestRequest';
import { chooseTerminalClients } from './terminals';
import { showValues } from './valuesPage';

/** Resolves to whether a client was connected or its values were shown. */
export async function connectClient(ports: WindowPorts): Promise<boolean> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null) return showNoProxyKey();
  const chosen = await window.showQuickPick(clientItems(ports, endpoint), {
    title: l10n.t('Connect Client'),
    placeHolder: l10n.t('Select a client to connect'),
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return chosen !== undefined && 'run' in chosen && (await chosen.run());
}

async function clientItems(ports: WindowPorts, endpoint: Endpoint): Promise<(ClientItem | QuickPickItem)[]> {
  const states = byClient(await ports.connector.states(endpoint));
  const there = ports.connector.installed();
  const installed = there.map((client): ClientItem => ({
    label: client.name,
    ...connectionOf(states.get(client.id), client, ports),
    run: async () => await connectOne(client, endpoint, ports),
  }));
  const none = { label: l10n.t('No client found on this machine'), kind: QuickPickItemKind.Separator };
  const earlier = (await ports.connector.earlier()).map(({ client }) => clientOf(client).name);
  // For the clients that Disconnect All Clients has remembered.
  const reconnectItem = {
    label: l10n.t('Reconnect All Clients'),
    description: earlier.join(', '),
    run: async () => await connectEarlier(endpoint, ports),
  };
  return [
    ...(earlier.length === 0 ? [] : [reconnectItem]),
    ...ports.entries,
    ...(installed.length === 0 ? [none] : installed),
    { label: '', kind: QuickPickItemKind.Separator },
    {
      label: l10n.t('Any Other Client'),
      detail: l10n.t('Base URLs, the proxy key and a curl line to copy'),
      run: async () => await showValues(ports, null),
    },
    {
      label: l10n.t('New Terminals'),
      detail: l10n.t('Sets environment variables in new VS Code terminals'),
      run: async () => await chooseTerminalClients(ports),
    },
    { label: l10n.t('Not found on this machine'), kind: QuickPickItemKind.Separator },
    ...absentItems(there, ports),
  ];
}

async function connectEarlier(endpoint: Endpoint, ports: WindowPorts): Promise<boolean> {
  const { connector } = ports;
  const lines = (await connector.earlier()).map(({ client, model }) =>
    joined(' · ', clientOf(client).name, model),
  );
  const question = l10n.t('Reconnect all clients?');
  if (!(await confirm('info', question, lines.join('\n'), l10n.t('Connect')))) return false;
  const models = await listModels(endpoint);
  const done = await connector.connectEarlier((client, model) =>
    endpointFor(client, model, endpoint, models),
  );
  await ports.noteStorage();
  return showConnected(done, (names) => l10n.t('Connected: {0}.', names), ports);
}

/** Shows the results, and returns whether a client was connected. */
export function showConnected(
  done: readonly Connected[],
  said: (names: string) => string,
  ports: WindowPorts,
): boolean {
  for (const { client, error } of done) {
    if (error === null) continue;
    ports.log.error(`${client.name} could not be connected.`, error);
    showMessage('error', l10n.t('{0} could not be connected. See the log.', client.name));
  }
  const connected = done.filter(({ error }) => error === null).map(({ client }) => client);
  if (connected.length > 0)
    void showWritten(said(connected.map(({ name }) => name).join(', ')), connected, ports);
  return connected.length > 0;
}

/** The endpoint with this model, and with the model's traits if the client's file lists them. */
export function endpointFor(
  { takesTraits }: Client,
  model: string | null,
  endpoint: Endpoint,
  models: readonly ListedModel[],
): Endpoint {
  const traits = takesTraits ? models.find(({ id }) => id === model) : undefined;
  return { ...endpoint, model, ...(traits && { traits }) };
}

function absentItems(there: readonly Client[], ports: WindowPorts): readonly ClientItem[] {
  return clients
    .filter((client) => !there.includes(client) && client.id !== 'vscodeChat')
    .map((client) => ({
      label: client.name,
      iconPath: new ThemeIcon('circle-slash'),
      description: joined(' · ', l10n.t('Values to enter yourself'), endedText(client)),
      run: async () => await showValues(ports, client.id),
    }));
}

/** The client's state, file and the model of its last request. */
function connectionOf(
  known: KnownConnection | undefined,
  client: Client,
  ports: WindowPorts,
): Pick<QuickPickItem, 'iconPath' | 'description' | 'detail'> {
  if (known === undefined) return { iconPath: new ThemeIcon('plug'), description: endedText(client) };
  const { state, record } = known;
  const file = record.way === 'file' ? record.file.replace(homedir(), '~') : undefined;
  const [last] = askedModels(client, {}, ports.service.activity());
  return {
    iconPath: new ThemeIcon(state === 'current' ? 'check' : 'warning'),
    description: joined(' · ', stateText(state, l10n.t), endedText(client)),
    detail: joined(' · ', file, last && l10n.t('Last request: {0}', last.model)),
  };
}

function endedText({ isEnded }: Client): string | undefined {
  return isEnded ? l10n.t('No longer developed') : undefined;
}

async function connectOne(client: Client, endpoint: Endpoint, ports: WindowPorts): Promise<boolean> {
  if (client.id === 'continue' && runsElsewhere()) {
    const sentence = l10n.t(
      'Continue and its configuration are on your own machine, not on this one. Enter these values there.',
    );
    return await showValues(ports, client.id, sentence);
  }
  const title = l10n.t('Connect {0}', client.name);
  const models = listModels(endpoint);
  const model = await askModel({ title, models, hasOwnModels: client.hasOwnModels === true });
  if (model === undefined) return false;
  try {
    // Awaited only if needed, because the request takes seconds to fail.
    const listed = client.takesTraits ? await models : [];
    return await write(client, endpointFor(client, model, endpoint, listed), ports);
  } catch (error: unknown) {
    return await showProblem(error, client.id, ports);
  }
}

async function write(client: Client, endpoint: Endpoint, ports: WindowPorts): Promise<boolean> {
  const plan = await ports.connector.plan(client, endpoint);
  const detail =
    plan === null
      ? l10n.t(
          'Keywheel creates and selects the profile “Keywheel” in {0}, with the base URL, the proxy key and the model {1}.',
          client.name,
          endpoint.model ?? '',
        )
      : planText(plan, endpoint.proxyKey, l10n.t);
  const question = l10n.t('Connect {0} to Keywheel?', client.name);
  const andTest = l10n.t('Connect and Test');
  const canTest =
    endpoint.model !== null &&
    runningEndpoint(ports) !== null &&
    ports.service.snapshot().wheel.keys > 0 &&
    !ports.connector.needsReload(client);
  const buttons = [...(canTest ? [andTest] : []), l10n.t('Connect')];
  const chosen = await showDialog('info', question, detail, buttons);
  if (chosen === undefined) return false;
  await ports.connector.connect(client, endpoint);
  await ports.noteStorage();
  if (chosen === andTest) await sendTestRequest(ports, endpoint.model, connectedText(client));
  else {
    const reload = ports.connector.needsReload(client) ? (['reloadWindow'] as const) : [];
    void showChoice({ severity: 'info', text: connectedText(client) }, ...reload, 'sendTestRequest');
  }
  return true;
}

function connectedText(client: Client): string {
  return joined(' ', l10n.t('{0} is connected.', client.name), afterConnecting(client.id, l10n.t));
}

async function showProblem(error: unknown, id: ClientId, ports: WindowPorts): Promise<boolean> {
  const text =
    error instanceof ConfigError
      ? problemText(error, l10n.t)
      : error instanceof ExtensionUnknownError
        ? l10n.t('Keywheel cannot connect this version of the extension. Enter the values yourself.')
        : null;
  if (text === null) throw error;
  const show = async (): Promise<boolean> => await showValues(ports, id);
  return (await showChoice({ severity: 'error', text }, [l10n.t('Show Values'), show])) ?? false;
}
