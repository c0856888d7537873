// Updates connected clients after confirmation, when the proxy key or the port has changed.
import { l10n, window } from 'vscode';
import { ConfigError } from '../../clients/configFile';
import type { Client } from '../../clients/client';
import type { KnownConnection } from '../../clients/connector';
import { connectionLines, problemText } from '../../words/clientWords';
import { confirm } from '../messages';
import { endpointOf, tellWritten, type ClientPorts } from './ports';

/** Connected clients that have another address or key; empty until the proxy key is loaded. */
export async function outdatedClients(ports: ClientPorts): Promise<readonly KnownConnection[]> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null) return [];
  return (await ports.connector.states(endpoint)).filter(({ state }) => state === 'outdated');
}

/** Resolves to whether a client was updated; false if none is outdated or the user cancelled. */
export async function offerUpdate(ports: ClientPorts): Promise<boolean> {
  const outdated = await outdatedClients(ports);
  if (outdated.length === 0) return false;
  const detail = connectionLines(outdated.map(({ record }) => record)).join('\n');
  const question = l10n.t('Update the connected clients?');
  if (!(await confirm('info', question, detail, l10n.t('Update')))) return false;
  const written = new Set<Client>();
  for (const known of outdated) if (await update(known, ports)) written.add(known.client);
  const names = [...written].map(({ name }) => name).join(', ');
  if (written.size > 0) void tellWritten(l10n.t('Updated: {0}.', names), [...written], ports);
  return written.size > 0;
}

async function update({ client, record }: KnownConnection, ports: ClientPorts): Promise<boolean> {
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
    void window.showErrorMessage(text);
    return false;
  }
}
