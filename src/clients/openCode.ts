// opencode and its fork Kilo Code: both user-wide configuration files have the same structure. (Older versions of Kilo Code use
// VS Code's secrets.)
import path from 'node:path';
import { openAiBaseUrl, type Endpoint, type FileClient, type Places } from './client';
import type { Change } from './configValue';
import { jsonFormat } from './jsonFormat';

export const kiloClient: FileClient = {
  id: 'kilo',
  name: 'Kilo Code',
  extensionIds: ['kilocode.kilo-code'],
  way: 'file',
  format: jsonFormat,
  traces: (places) => [configFolder(places, 'kilo')],
  file: (places) =>
    places.env.KILO_CONFIG ?? presentFile(places, configFolder(places, 'kilo'), ['kilo.json', 'kilo.jsonc']),
  changes,
};

export const opencodeClient: FileClient = {
  id: 'opencode',
  name: 'opencode',
  extensionIds: ['sst-dev.opencode'],
  way: 'file',
  format: jsonFormat,
  traces: (places) => [configFolder(places, 'opencode')],
  file: (places) =>
    places.env.OPENCODE_CONFIG ??
    presentFile(places, configFolder(places, 'opencode'), ['opencode.jsonc', 'opencode.json']),
  changes,
};

/** Points their OpenRouter provider to the proxy, because they know its models and prices. */
function changes({ origin, proxyKey, model }: Endpoint): readonly Change[] {
  const provider = ['provider', 'openrouter'];
  const name = model ?? '';
  return [
    { path: [...provider, 'options', 'baseURL'], value: openAiBaseUrl(origin) },
    { path: [...provider, 'options', 'apiKey'], value: proxyKey },
    { path: [...provider, 'models', name], value: {} },
    { path: ['model'], value: `openrouter/${name}` },
    { path: ['small_model'], value: `openrouter/${name}` },
  ];
}

/** The first of these files that exists, else the last one. `names` starts with the file that the client reads last. */
function presentFile(places: Places, folder: string, names: readonly string[]): string {
  const files = names.map((name) => path.join(folder, name));
  return files.find((file) => places.exists(file)) ?? files.at(-1) ?? folder;
}

/** The same on every system, Windows included. */
function configFolder({ home, env }: Places, name: string): string {
  return path.join(env.XDG_CONFIG_HOME ?? path.join(home, '.config'), name);
}
