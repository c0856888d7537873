// Creates what connects clients: records, connector, text page and watchers.
import path from 'node:path';
import { commands, extensions, type ExtensionContext } from 'vscode';
import type { DisposableStore } from '../../base/disposable';
import type { Client } from '../../clients/client';
import { Connector } from '../../clients/connector';
import { thisMachine } from '../../clients/clientList';
import { ConnectionRecords, writeStoragePointer } from '../../clients/records';
import { rooApi, type RooApi } from '../../clients/roo';
import type { Keyring } from '../../service/keyring/keyring';
import type { KeywheelService } from '../../service/keywheelService';
import { TextPage } from '../page/textPage';
import { anyOf } from '../../base/event';
import { ConnectedClients } from './connectedClients';
import { ModelWatch } from './modelWatch';
import { MoveWatch } from './moveWatch';
import type { ClientPorts } from './ports';

interface Given extends Pick<ClientPorts, 'keyring' | 'settings' | 'clock' | 'log'> {
  readonly service: ClientPorts['service'] & Pick<KeywheelService, 'onDidChange'>;
  readonly keyring: ClientPorts['keyring'] & Pick<Keyring, 'onDidChange'>;
}

/** `owned` disposes what is created. Renews the storage pointer if clients are connected, because an update moves the extension's folder. */
export function composeClients(
  context: ExtensionContext,
  owned: DisposableStore,
  given: Given,
): { readonly clients: ClientPorts; readonly connected: ConnectedClients } {
  const { clock, log } = given;
  const { extensionUri } = context;
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
  const { onDidChange: onPlace } = given.service;
  const onDidChange = anyOf(onPlace, given.keyring.onDidChange);
  const connected = owned.add(new ConnectedClients({ ...given, records, connector, onDidChange }));
  const page = owned.add(new TextPage({ extensionUri, viewType: 'keywheel.page', log }));
  const clients = { ...given, connector, page, entries: [], noteStorage };
  owned.add(new ModelWatch({ clients, records }));
  owned.add(new MoveWatch({ clients, onDidChange: onPlace, globalState: context.globalState }));
  return { clients, connected };
}

async function exportedRooApi(
  { extensionIds: [id] }: Client,
  wakes: boolean,
): Promise<RooApi | 'asleep' | null> {
  const extension = id === undefined ? undefined : extensions.getExtension<unknown>(id);
  if (extension === undefined) return null;
  return extension.isActive || wakes ? rooApi(await extension.activate()) : 'asleep';
}
