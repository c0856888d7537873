// The list of all clients that can be connected.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { claudeCodeClient } from './claudeCode';
import { clientIds, type Client, type ClientId, type Places } from './client';
import { clineClient } from './cline';
import { codexClient } from './codex';
import { continueClient } from './continue';
import { kiloClient, opencodeClient } from './openCode';
import { piClient } from './pi';
import { qwenCodeClient } from './qwenCode';
import { rooClient, zooClient } from './roo';
import { vscodeChatClient } from './vscodeChat';

const byId: Readonly<Record<ClientId, Client>> = {
  cline: clineClient,
  claudeCode: claudeCodeClient,
  codex: codexClient,
  kilo: kiloClient,
  opencode: opencodeClient,
  zoo: zooClient,
  qwenCode: qwenCodeClient,
  pi: piClient,
  vscodeChat: vscodeChatClient,
  continue: continueClient,
  roo: rooClient,
};

/** All clients in display order. */
export const clients: readonly Client[] = clientIds.map(clientOf);

export function clientOf(id: ClientId): Client {
  return byId[id];
}

/** The home and the present environment of this process. */
export function thisMachine(): Places {
  return { home: homedir(), env: process.env, exists: existsSync };
}
