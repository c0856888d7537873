// After the proxy key or the port has changed: the connected clients are listed and written anew after a yes.
import { l10n, window } from 'vscode';
import { ConfigError } from '../../service/clients/configError';
import type { KnownConnection } from '../../service/clients/connector';
import { problemText } from './clientWords';
import { endpointOf, type ClientPorts } from './ports';

/** The connected clients that have another address or key; none while the proxy key is not loaded. */
export async function outdatedClients(ports: ClientPorts): Promise<readonly KnownConnection[]> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null) return [];
  return (await ports.connector.states(endpoint)).filter(({ state }) => state === 'outdated');
}

/** Resolves to whether a client was written anew; false where none is outdated, or the user said no. */
export async function offerRewrite(ports: ClientPorts): Promise<boolean> {
  const outdated = await outdatedClients(ports);
  if (outdated.length === 0) return false;
  const yes = l10n.t('Write');
  const detail = outdated.map(({ client, record }) =>
    record.way === 'file' ? `${client.name}: ${record.file}` : client.name,
  );
  const question = l10n.t('Give the connected clients the new address and key?');
  const answer = await window.showInformationMessage(
    question,
    { modal: true, detail: detail.join('\n') },
    yes,
  );
  if (answer !== yes) return false;
  const names: string[] = [];
  for (const known of outdated) if (await rewrite(known, ports)) names.push(known.client.name);
  if (names.length > 0) void window.showInformationMessage(l10n.t('Written anew: {0}.', names.join(', ')));
  return names.length > 0;
}

async function rewrite({ client, record }: KnownConnection, ports: ClientPorts): Promise<boolean> {
  const endpoint = endpointOf(ports, record.model);
  if (endpoint === null) return false;
  try {
    return await ports.connector.move(client, endpoint);
  } catch (error: unknown) {
    ports.log.error(`${client.name} could not be written anew.`, error);
    const text =
      error instanceof ConfigError
        ? problemText(error, l10n.t)
        : l10n.t('{0} could not be written anew. The log tells why.', client.name);
    void window.showErrorMessage(text);
    return false;
  }
}
