// Creates all views and commands, and the parts that connect clients.
import path from 'node:path';
import { commands, extensions, window, type ExtensionContext } from 'vscode';
import { Alarm } from '../base/clock';
import type { DisposableStore } from '../base/disposable';
import type { Client } from '../clients/client';
import { thisMachine } from '../clients/clientList';
import { Connector } from '../clients/connector';
import { listModels, ModelCatalogue, type ListedModel } from '../clients/modelList';
import { ConnectionRecords, writeStoragePointer } from '../clients/records';
import { rooApi, type RooApi } from '../clients/roo';
import { KeyActions } from '../service/keyring/keyActions';
import { StateFile } from '../service/saved/stateFile';
import { openChat } from './chat/openChat';
import { ConnectedClients } from './clients/connectedClients';
import { runningEndpoint } from './clients/endpoint';
import { setTerminalVariables } from './clients/terminals';
import { watchAddress, watchChosenModels, watchEndedModels } from './clients/watches';
import { registerCommands } from './commands/register';
import { setContextKeys, stateSourceOf, type StateSource } from './stateSource';
import { Dashboard } from './dashboard';
import { showNotices } from './notifier';
import { TextPage } from './textPage';
import { recordNames, type WindowPorts } from './ports';
import { StatusBar } from './statusBar';

/** The parts that the views are made of; `forget` removes the data of the proxy and its stores. */
type ViewParts = Pick<
  WindowPorts,
  'clock' | 'log' | 'version' | 'settings' | 'service' | 'keyring' | 'vault' | 'showLog' | 'forget'
>;

interface Views {
  readonly state: StateSource;
  /** Creates views that VS Code does not request by an event: status bar, context keys, variables of terminals. */
  readonly showState: () => void;
}

/** Everything that is created is disposed with `owned`. */
export function composeViews(context: ExtensionContext, owned: DisposableStore, parts: ViewParts): Views {
  const { clock, log, service, settings, keyring } = parts;
  const { extension, globalState, environmentVariableCollection } = context;
  const keyActions = owned.add(new KeyActions(parts));
  const clients = clientPorts(context, parts);
  const connected = owned.add(new ConnectedClients({ ...parts, ...clients }));
  const state = stateSourceOf({ service, keyring, keyActions, connected });
  const page = owned.add(new TextPage(extension.extensionUri, log));
  const ports: WindowPorts = {
    ...parts,
    ...clients,
    extension,
    globalState,
    keyActions,
    state,
    page,
    entries: [],
    showDashboard: () => dashboard.show(),
    forget: async () => {
      const names = Object.values(recordNames);
      const [isForgotten] = await Promise.all([
        parts.forget(),
        ...names.map(async (name) => await globalState.update(name, undefined)),
      ]);
      return isForgotten;
    },
  };
  const dashboard: Dashboard = owned.add(new Dashboard(ports));
  watchChosenModels(owned, ports);
  watchAddress(owned, ports);
  showNotices(owned, ports);
  registerCommands(owned, ports);
  openChat(owned, ports);
  const showState = (): void => {
    // First, because the context keys enable commands.
    setContextKeys(owned, state);
    owned.add(new StatusBar(state, settings, clock));
    reportPresence(owned, parts);
    watchEndedModels(owned, ports);
    setTerminalVariables(owned, environmentVariableCollection, ports);
  };
  return { state, showState };
}

/** The proxy assumes presence for somewhat longer than this. */
const presenceEveryMs = 60_000;

/** Tells the proxy that the user is in this window, so that it reads allowances often. */
function reportPresence(owned: DisposableStore, { clock, service }: ViewParts): void {
  const look = (): void => {
    const { focused, active } = window.state;
    if (!focused || !active || again.atMs !== Number.POSITIVE_INFINITY) return;
    service.watched();
    again.set(clock.elapsedMs() + presenceEveryMs);
  };
  const again: Alarm = owned.add(new Alarm(clock, look));
  look();
  owned.add(window.onDidChangeWindowState(look));
}

/** Renews the storage pointer if clients are connected, because an update moves the extension's folder. */
function clientPorts(context: ExtensionContext, parts: ViewParts) {
  const { clock, log } = parts;
  const storage = context.globalStorageUri.fsPath;
  const records = new ConnectionRecords(storage, (error) =>
    log.error('A listener of the records failed.', error),
  );
  const connector = new Connector({
    places: { ...thisMachine(), vscodeFolder: path.resolve(storage, '..', '..') },
    records,
    clock,
    isExtensionInstalled: (id) => extensions.getExtension(id) !== undefined,
    rooApi: exportedRooApi,
    log,
  });
  const catalogue = new ModelCatalogue({
    clock,
    log,
    store: new StateFile(path.join(storage, 'models.json')),
    ask: async () => {
      const endpoint = runningEndpoint(parts);
      return endpoint === null ? null : await listModels(endpoint);
    },
  });
  const models = async (): Promise<readonly ListedModel[]> => await catalogue.models();
  const noteStorage = async (): Promise<void> => {
    // The walkthrough's step is done before the client's first request.
    void commands.executeCommand('setContext', 'keywheel.hasClient', true);
    try {
      await writeStoragePointer(context.asAbsolutePath('dist'), storage);
    } catch (error: unknown) {
      log.error('The uninstall script will not find what was written into clients.', error);
    }
  };
  records.all().then(
    async (known) => {
      if (known.length > 0) await noteStorage();
    },
    // ConnectedClients logs this error.
    () => undefined,
  );
  return { records, connector, models, noteStorage };
}

async function exportedRooApi(
  { extensionIds: [id] }: Client,
  wakes: boolean,
): Promise<RooApi | 'asleep' | null> {
  const extension = id === undefined ? undefined : extensions.getExtension<unknown>(id);
  if (extension === undefined) return null;
  return extension.isActive || wakes ? rooApi(await extension.activate()) : 'asleep';
}
