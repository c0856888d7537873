// Puts together what connects clients: records, the connector, the page, the way for the uninstall script.
import { commands, extensions, type ExtensionContext } from 'vscode';
import type { DisposableStore } from '../../base/disposable';
import { Connector } from '../../service/clients/connector';
import { thisMachine } from '../../service/clients/machine';
import { ConnectionRecords } from '../../service/clients/records';
import { rooApi, rooClient, type RooApi } from '../../service/clients/roo';
import { writeStoragePointer } from '../../service/clients/storagePointer';
import type { KeywheelService } from '../../service/keywheelService';
import { TextPage } from '../page/textPage';
import { ConnectionKey } from './connectionKey';
import { MoveWatch } from './moveWatch';
import type { ClientPorts } from './ports';

interface Given extends Pick<ClientPorts, 'keyring' | 'settings' | 'clock' | 'log'> {
  readonly service: Pick<KeywheelService, 'snapshot' | 'onDidChange'>;
}

/** What is made belongs to `owned`. The pointer is renewed where clients are connected: an update gave the extension a new folder. */
export function composeClients(context: ExtensionContext, owned: DisposableStore, given: Given): ClientPorts {
  const { clock, log } = given;
  const { extensionUri } = context;
  const storage = context.globalStorageUri.fsPath;
  const records = new ConnectionRecords(storage, (error) =>
    log.error('A listener of the records failed.', error),
  );
  const connector = new Connector({
    places: thisMachine(),
    records,
    clock,
    isExtensionInstalled: (id) => extensions.getExtension(id) !== undefined,
    rooApi: exportedRooApi,
    log,
  });
  const noteStorage = async (): Promise<void> => {
    // For the walkthrough: connected from here, before its first request.
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
    // The key's own look tells of it.
    () => undefined,
  );
  owned.add(new ConnectionKey({ records, log }));
  const page = owned.add(new TextPage({ extensionUri, viewType: 'keywheel.page', log }));
  const clients = { ...given, connector, page, noteStorage };
  const { onDidChange } = given.service;
  owned.add(new MoveWatch({ clients, onDidChange, globalState: context.globalState }));
  return clients;
}

async function exportedRooApi(): Promise<RooApi | null> {
  const [id] = rooClient.extensionIds;
  const extension = id === undefined ? undefined : extensions.getExtension<unknown>(id);
  return extension === undefined ? null : rooApi(await extension.activate());
}
