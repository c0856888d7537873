// All clients that can be connected, and which of them are on this machine.
import { claudeCodeClient } from './claudeCode';
import type { Client, ClientId, Places } from './client';
import { clineClient } from './cline';
import { codexClient } from './codex';
import { continueClient } from './continue';
import { kiloClient } from './kilo';
import { opencodeClient } from './opencode';
import { rooClient } from './roo';

const byId: Readonly<Record<ClientId, Client>> = {
  cline: clineClient,
  continue: continueClient,
  roo: rooClient,
  kilo: kiloClient,
  claudeCode: claudeCodeClient,
  codex: codexClient,
  opencode: opencodeClient,
};

/** In the order in which they are shown. */
export const clients: readonly Client[] = Object.values(byId);

export function clientOf(id: ClientId): Client {
  return byId[id];
}

/** Whether its extension is among the installed ones, or something of it is on the machine. */
export function isInstalled(
  client: Client,
  places: Places,
  installed: (extensionId: string) => boolean,
): boolean {
  return client.extensionIds.some(installed) || client.traces(places).some(places.exists);
}
