// Updates connected clients when the proxy's address or key has changed, and disconnects them: both after confirmation.
import { l10n, window } from 'vscode';
import type { Client, ClientId } from '../../clients/client';
import { clientOf } from '../../clients/clientList';
import { ConfigError } from '../../clients/configFile';
import type { KnownConnection } from '../../clients/connector';
import type { ConnectionRecord } from '../../clients/records';
import { afterConnecting, connectionLines, disconnectedText, problemText } from '../../words/clientWords';
import { joined } from '../../words/formats';
import { confirm, showChoice, showMessage } from '../messages';
import type { WindowPorts } from '../ports';
import { endpointOf } from './endpoint';

/** Shows the text with a button, because VS Code cuts texts without one; it reloads the window if a client needs that. */
export async function showWritten(
  text: string,
  some: readonly Client[],
  { connector }: WindowPorts,
): Promise<void> {
  const needsReload = some.find((client) => connector.needsReload(client));
  const said = joined(' ', text, needsReload && afterConnecting(needsReload.id, l10n.t));
  await showChoice(
    { severity: 'info', text: said },
    needsReload === undefined ? 'openDashboard' : 'reloadWindow',
  );
}

/** Connected clients that have another address or key; empty until the proxy key is loaded. */
export async function outdatedClients(ports: WindowPorts): Promise<readonly KnownConnection[]> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null) return [];
  return (await ports.connector.states(endpoint)).filter(({ state }) => state === 'outdated');
}

/** Resolves to whether a client was updated; false if none is outdated or the user cancelled. */
export async function showUpdate(ports: WindowPorts): Promise<boolean> {
  const outdated = await outdatedClients(ports);
  if (outdated.length === 0) return false;
  const detail = connectionLines(outdated.map(({ record }) => record)).join('\n');
  const question = l10n.t('Update the connected clients?');
  if (!(await confirm('info', question, detail, l10n.t('Update')))) return false;
  const written = new Set<Client>();
  for (const known of outdated) if (await update(known, ports)) written.add(known.client);
  const names = [...written].map(({ name }) => name).join(', ');
  if (written.size > 0) void showWritten(l10n.t('Updated: {0}.', names), [...written], ports);
  return written.size > 0;
}

async function update({ client, record }: KnownConnection, ports: WindowPorts): Promise<boolean> {
  const endpoint = endpointOf(ports, record.model);
  if (endpoint === null) return false;
  try {
    return await ports.connector.update(client, endpoint);
  } catch (error: unknown) {
    ports.log.error(`${client.name} could not be written anew.`, error);
    const text =
      error instanceof ConfigError
        ? problemText(error, l10n.t)
        : l10n.t('{0} could not be updated. See the log.', client.name);
    showMessage('error', text);
    return false;
  }
}

/** Disconnects the connected client; asks for one if several are connected. */
export async function disconnectClient(ports: WindowPorts): Promise<boolean> {
  const records = await connected(ports);
  const ids = [...new Set(records.map(({ client }) => client))];
  const items = ids.map((client) => ({ label: clientOf(client).name, client }));
  const chosen =
    items.length > 1
      ? await window.showQuickPick(items, {
          title: l10n.t('Disconnect Client'),
          placeHolder: l10n.t('Select a client to disconnect'),
          ignoreFocusOut: true,
        })
      : items[0];
  return chosen !== undefined && (await disconnectOne(chosen.client, ports));
}

/** Disconnects after confirmation; false if the client is not connected. */
export async function disconnectOne(id: string, ports: WindowPorts): Promise<boolean> {
  const records = (await connected(ports)).filter(({ client }) => client === id);
  const [first] = records;
  if (first === undefined) return false;
  const { client } = first;
  const question = l10n.t('Disconnect {0}?', clientOf(client).name);
  return await disconnect(ports, question, records, [client]);
}

export async function disconnectAllClients(ports: WindowPorts): Promise<boolean> {
  const records = await connected(ports);
  return records.length > 0 && (await disconnect(ports, l10n.t('Disconnect all clients?'), records));
}

/** The records of connected clients; shows a message if there are none. */
async function connected({ connector }: WindowPorts): Promise<readonly ConnectionRecord[]> {
  const records = await connector.records();
  if (records.length === 0) showMessage('info', l10n.t('No client is connected.'));
  return records;
}

async function disconnect(
  ports: WindowPorts,
  question: string,
  records: readonly ConnectionRecord[],
  some?: readonly ClientId[],
): Promise<boolean> {
  const { connector, log } = ports;
  const detail = [
    l10n.t('Keywheel removes its own entries. Your changes stay.'),
    '',
    ...connectionLines(records),
  ].join('\n');
  if (!(await confirm('warning', question, detail, l10n.t('Disconnect')))) return false;
  const done = some === undefined ? await connector.disconnectForNow() : await connector.disconnectAll(some);
  for (const { client, error } of done) if (error !== null) log.error(`${client} stays connected.`, error);
  const isDone = done.every(({ error }) => error === null);
  const text = disconnectedText(done, l10n.t);
  const written = done.map(({ client }) => clientOf(client));
  if (isDone) void showWritten(text, written, ports);
  else showMessage('error', text);
  return isDone;
}
