// Disconnect Client and Disconnect All Clients: undo Keywheel's changes after confirmation.
import { l10n, window } from 'vscode';
import type { ClientId } from '../../clients/client';
import { clientOf } from '../../clients/clientList';
import type { ConnectionRecord } from '../../clients/records';
import { connectionLines, disconnectedSentences } from '../../words/clientWords';
import { confirm } from '../messages';
import { tellWritten, type ClientPorts } from './ports';

/** Asks for the client if several are connected. */
export async function disconnectClient(ports: ClientPorts): Promise<boolean> {
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
export async function disconnectOne(id: string, ports: ClientPorts): Promise<boolean> {
  const records = (await connected(ports)).filter(({ client }) => client === id);
  const [first] = records;
  if (first === undefined) return false;
  const { client } = first;
  const question = l10n.t('Disconnect {0}?', clientOf(client).name);
  return await disconnect(ports, question, records, [client]);
}

export async function disconnectAllClients(ports: ClientPorts): Promise<boolean> {
  const records = await connected(ports);
  return records.length > 0 && (await disconnect(ports, l10n.t('Disconnect all clients?'), records));
}

/** Shows a message if there are none. */
async function connected({ connector }: ClientPorts): Promise<readonly ConnectionRecord[]> {
  const records = await connector.records();
  if (records.length === 0) void window.showInformationMessage(l10n.t('No client is connected.'));
  return records;
}

async function disconnect(
  ports: ClientPorts,
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
  const text = disconnectedSentences(done, l10n.t).join(' ');
  const written = done.map(({ client }) => clientOf(client));
  void (isDone ? tellWritten(text, written, ports) : window.showErrorMessage(text));
  return isDone;
}
