// Continue: a model in config.yaml, which its extension watches and its command line reads. (Block files below models/ are read by
// the extension alone.)
import path from 'node:path';
import { openAiBaseUrl, type FileClient, type Places } from './client';
import { ConfigError } from './configError';
import type { Change } from './configValue';
import { isObject } from './configValue';
import { yamlFormat } from './yamlFormat';

export const continueClient: FileClient = {
  id: 'continue',
  name: 'Continue',
  extensionIds: ['Continue.continue'],
  way: 'file',
  format: yamlFormat,
  hasOwnModels: false,
  traces: (places) => [folder(places)],
  units: [{ path: ['models', { item: 'Keywheel' }], key: ['apiKey'], address: ['apiBase'] }],
  scaffold: ['name', 'version', 'schema'],

  file(places) {
    const file = path.join(folder(places), 'config.yaml');
    // A config.yaml beside it would take the place of the models that the older file lists.
    const older = ['config.json', 'config.ts'].map((name) => path.join(folder(places), name));
    const found = places.exists(file) ? undefined : older.find((name) => places.exists(name));
    if (found !== undefined) throw new ConfigError('olderFormat', found);
    return file;
  },

  changes({ origin, proxyKey, model }, config) {
    const item = {
      name: 'Keywheel',
      provider: 'openrouter',
      model: model ?? '',
      apiKey: proxyKey,
      apiBase: openAiBaseUrl(origin),
      roles: ['chat', 'edit', 'apply'],
    };
    const models: Change = { path: ['models', { item: 'Keywheel' }], value: item };
    return isObject(config) && Object.keys(config).length > 0 ? [models] : [...newFile, models];
  },
};

/** What Continue wants of every file, and writes into the first one itself. */
const newFile: readonly Change[] = [
  { path: ['name'], value: 'Local Config' },
  { path: ['version'], value: '1.0.0' },
  { path: ['schema'], value: 'v1' },
];

function folder({ home, env }: Places): string {
  return env.CONTINUE_GLOBAL_DIR ?? path.join(home, '.continue');
}
