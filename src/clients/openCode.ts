// opencode and its fork Kilo Code: both user-wide configuration files have the same structure. (Older versions of Kilo Code use
// VS Code's secrets.)
import path from 'node:path';
import { folderOf, openAiBaseUrl, variableOf, type Endpoint, type FileClient, type Places } from './client';
import { valueAt, type Change } from './configValue';
import { jsonFormat } from './jsonFormat';

export const kiloClient = forkOf(
  { id: 'kilo', name: 'Kilo Code', extensionIds: ['kilocode.kilo-code'] },
  'KILO_CONFIG',
  ['kilo.json', 'kilo.jsonc'],
);

export const opencodeClient = forkOf(
  { id: 'opencode', name: 'opencode', extensionIds: ['sst-dev.opencode'] },
  'OPENCODE_CONFIG',
  ['opencode.jsonc', 'opencode.json'],
);

/** opencode or a fork. Its file: the variable's, else the first of `names` that exists, as the client reads that last, else the last. */
function forkOf(
  facts: Pick<FileClient, 'id' | 'name' | 'extensionIds'>,
  variable: string,
  names: readonly string[],
): FileClient {
  // This folder is the same on every system, Windows included.
  const configFolder = folderOf('XDG_CONFIG_HOME', '.config');
  const folder = (places: Places): string => path.join(configFolder(places), facts.id);
  return {
    ...facts,
    way: 'file',
    format: jsonFormat,
    traces: (places) => [folder(places)],
    file(places) {
      const files = names.map((name) => path.join(folder(places), name));
      return variableOf(places, variable) ?? files.find(places.exists) ?? files.at(-1) ?? folder(places);
    },
    outranking,
    changes,
  };
}

/** Names of the settings whose list of providers excludes OpenRouter. */
function outranking(config: unknown): readonly string[] {
  return ['enabled_providers', 'disabled_providers'].filter((name) => {
    const providers = valueAt(config, [name]);
    return Array.isArray(providers) && providers.includes('openrouter') === (name === 'disabled_providers');
  });
}

/** Points the client's OpenRouter provider to the proxy, because the client knows that provider's models and prices. */
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
