// Notifies once about connected clients: the proxy has another address, a request asked for another model than the chosen one,
// a model has ended. `owned` ends each watch.
import { hostname } from 'node:os';
import { ConfigurationTarget, l10n, window, workspace } from 'vscode';
import type { DisposableStore } from '../../base/disposable';
import { clientOf } from '../../clients/clientList';
import {
  askedModels,
  isUnlisted,
  modelUses,
  MoveNews,
  requestForOtherModel,
  successorOf,
  type AskedModel,
} from '../../clients/connectionNews';
import { freeRouter, isFree, listModels, type ListedModel } from '../../clients/modelList';
import type { ConnectionRecord } from '../../clients/records';
import { endedModelText, otherModelText } from '../../words/clientWords';
import { showChoice } from '../messages';
import { recordNames, sharedRecord, type WindowPorts } from '../ports';
import { askModel } from './askModel';
import { endpointFor, showConnected } from './connectClient';
import { outdatedClients, showUpdate } from './connections';
import { endpointOf, originOf, runningEndpoint } from './endpoint';

/** Offers to update connected clients after the proxy's address has changed. */
export function watchAddress(owned: DisposableStore, ports: WindowPorts): void {
  const { service, globalState, log } = ports;
  const news = new MoveNews(
    {
      machine: hostname(),
      origin: () => runningEndpoint(ports)?.origin ?? null,
      isFocused: () => window.state.focused,
      isOutdated: async () => (await outdatedClients(ports)).length > 0,
      record: sharedRecord(globalState, recordNames.move),
    },
    originOf(ports),
  );
  const look = (): void => {
    showMove(news, ports).catch((error: unknown) =>
      log.error('Connected clients could not be given the new address.', error),
    );
  };
  owned.add(service.onDidChange(look));
  owned.add(window.onDidChangeWindowState(look));
}

/** Not a modal dialog, because the user may still be typing the port. */
async function showMove(news: MoveNews, ports: WindowPorts): Promise<void> {
  if (!(await news.look())) return;
  const text = l10n.t('Keywheel: the proxy has a new address. Connected clients still use the old one.');
  const update = async (): Promise<boolean> => await showUpdate(ports);
  await showChoice({ severity: 'warning', text }, [l10n.t('Update Clients…'), update]);
}

/** Most pairs of client and model that are remembered as checked; then the set is cleared. */
const mostSeen = 200;

/** Warns once per connection that a client does not use the chosen model. */
export function watchChosenModels(owned: DisposableStore, ports: WindowPorts): void {
  const { service, records, log } = ports;
  const seen = new Set<string>();
  owned.add(
    // Reads the records once for each pair of client and model, not for each request.
    service.onDidFinishExchange(({ client, model }) => {
      const pair = `${client} ${model}`;
      if (model === null || seen.has(pair)) return;
      if (seen.size >= mostSeen) seen.clear();
      seen.add(pair);
      judgeModel(client, ports).catch((error: unknown) =>
        log.error('The model of a connected client could not be compared.', error),
      );
    }),
  );
  owned.add(records.onDidChange(() => seen.clear()));
  // Another window may have connected a client, or have been the one to warn.
  owned.add(window.onDidChangeWindowState(() => seen.clear()));
}

async function judgeModel(name: string, ports: WindowPorts): Promise<void> {
  const { service, records } = ports;
  const known = (await records.all()).filter(({ client }) => clientOf(client).name === name);
  const record = known.find(({ connectedAtMs }) => connectedAtMs !== undefined);
  const isShown = known.some(({ strayTold }) => strayTold === true);
  if (record === undefined || isShown || !isTurn(ports)) return;
  const asked = askedModels(clientOf(record.client), record, service.activity());
  const stray = requestForOtherModel(record.model, asked);
  if (stray !== null && (await records.claimOtherModel(record))) await showOtherModel(record, stray, ports);
}

/** Whether this window may warn: it is focused, or it is the host, because no window may be focused. */
function isTurn({ service }: WindowPorts): boolean {
  const { proxy } = service.snapshot();
  return window.state.focused || (proxy.kind === 'running' && proxy.hostedBy === undefined);
}

async function showOtherModel(
  record: ConnectionRecord,
  stray: AskedModel,
  { connector }: WindowPorts,
): Promise<void> {
  const needsReload = connector.needsReload(clientOf(record.client));
  const { text, advice } = otherModelText(stray, record.model ?? '', needsReload, l10n.t);
  const message = { severity: 'warning', text: `Keywheel: ${text} ${advice}` } as const;
  await showChoice(message, needsReload ? 'reloadWindow' : 'connectClient');
}

const mostShown = 100;

/** Models that have ended by OpenRouter's answers, each with the successors that these name. */
type Ended = Map<string, readonly string[]>;

/** Notifies when a model that a connected client or VS Code's chat uses has ended, and offers a successor. */
export function watchEndedModels(owned: DisposableStore, ports: WindowPorts): void {
  const { service, log } = ports;
  const ended: Ended = new Map();
  const look = (): void => {
    showEnded(ended, ports).catch((error: unknown) =>
      log.error('Models that have ended could not be looked for.', error),
    );
  };
  owned.add(
    service.onDidFinishExchange(({ attempts }) => {
      const named = attempts.flatMap((attempt) => attempt.ended ?? []);
      if (ended.size >= mostShown) ended.clear();
      for (const { model, successors } of named) ended.set(model, successors);
      if (named.length > 0) look();
    }),
  );
  owned.add(window.onDidChangeWindowState(look));
  look();
}

/** Notifies only if this window is focused; each window looks when it gets the focus. */
async function showEnded(ended: Ended, ports: WindowPorts): Promise<void> {
  const { service, settings, connector, models, globalState } = ports;
  const endpoint = runningEndpoint(ports);
  if (!window.state.focused || endpoint === null) return;
  const picked = settings.values['chat.models'];
  const uses = modelUses(await connector.records(), service.activity(), picked, l10n.t('VS Code Chat'));
  // Read at each use, because several requests may have found the end at once.
  const shown = (): readonly string[] => globalState.get(recordNames.endedModels, []);
  const over = (listed: readonly ListedModel[]): readonly string[] =>
    [...new Set(uses.map(([model]) => model))].filter(
      (model) => !shown().includes(model) && (ended.has(model) || isUnlisted(model, listed)),
    );
  if (uses.length === 0 || over(await models()).length === 0) return;
  // Asked anew, because the cached list may be older than the model.
  const listed = await listModels(endpoint);
  const news = over(listed);
  await globalState.update(recordNames.endedModels, [...news, ...shown()].slice(0, mostShown));
  await Promise.all(
    news.map(async (model) => {
      const users = [...new Set(uses.flatMap(([used, user]) => (used === model ? [user] : [])))];
      const chosen = await askSuccessor({ model, users, named: ended.get(model) }, listed);
      if (chosen) await replaceModel(model, chosen, listed, ports);
    }),
  );
}

/** Undefined or null if the user cancelled. */
async function askSuccessor(
  { model, users, named }: { model: string; users: readonly string[]; named: readonly string[] | undefined },
  listed: readonly ListedModel[],
): Promise<string | null | undefined> {
  const next = successorOf(model, named ?? [], listed);
  const successor = next?.id ?? freeRouter;
  const isPaid = next !== null && !isFree(next);
  const text = endedModelText({ model, users, isConfirmed: named !== undefined, successor, isPaid }, l10n.t);
  const title = l10n.t('Replace {0}', model);
  const asked = { title, models: Promise.resolve(listed), hasOwnModels: false };
  return await showChoice<string | null | undefined>(
    { severity: 'warning', text },
    [l10n.t('Use {0}', successor), () => successor],
    [l10n.t('Select Another…'), async () => await askModel(asked)],
  );
}

async function replaceModel(
  model: string,
  chosen: string,
  listed: readonly ListedModel[],
  ports: WindowPorts,
): Promise<void> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null) return;
  const done = await ports.connector.replaceModel(model, endpoint, (client) =>
    endpointFor(client, chosen, endpoint, listed),
  );
  const picked = ports.settings.values['chat.models'];
  if (picked.includes(model)) {
    const now = [...new Set(picked.map((id) => (id === model ? chosen : id)))];
    await workspace.getConfiguration('keywheel.chat').update('models', now, ConfigurationTarget.Global);
  }
  showConnected(done, (names) => l10n.t('Updated: {0}.', names), ports);
}
