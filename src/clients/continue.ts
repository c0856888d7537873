// Continue: a model in config.yaml, which its extension watches and its command line reads. (Only the extension reads block files
// below models/.)
import path from 'node:path';
import { folderOf, openAiBaseUrl, type FileClient } from './client';
import { ConfigError } from './configFile';
import { type Change, isObject } from './configValue';
import { yamlFormat } from './yamlFormat';

const folder = folderOf('CONTINUE_GLOBAL_DIR', '.continue');

export const continueClient: FileClient = {
  id: 'continue',
  name: 'Continue',
  extensionIds: ['Continue.continue'],
  way: 'file',
  format: yamlFormat,
  takesTraits: true,
  isEnded: true,
  traces: (places) => [folder(places)],
  units: [{ path: ['models', { item: 'Keywheel' }], key: ['apiKey'], address: ['apiBase'] }],
  scaffold: ['name', 'version', 'schema'],

  file(places) {
    const file = path.join(folder(places), 'config.yaml');
    // A new config.yaml would hide the models of the older file.
    const older = ['config.json', 'config.ts'].map((name) => path.join(folder(places), name));
    const found = places.exists(file) ? undefined : older.find((name) => places.exists(name));
    if (found !== undefined) throw new ConfigError('olderFormat', found);
    return file;
  },

  changes({ origin, proxyKey, model, traits }, config) {
    // Without capabilities Continue guesses them by the model's name, and gives free models neither tools nor images.
    const capabilities = [
      ...(traits?.tools === true ? ['tool_use'] : []),
      ...(traits?.images === true ? ['image_input'] : []),
    ];
    const item = {
      name: 'Keywheel',
      provider: 'openrouter',
      model: model ?? '',
      apiKey: proxyKey,
      apiBase: openAiBaseUrl(origin),
      roles: ['chat', 'edit', 'apply'],
      ...(capabilities.length > 0 ? { capabilities } : {}),
    };
    const models: Change = { path: ['models', { item: 'Keywheel' }], value: item };
    return isObject(config) && Object.keys(config).length > 0 ? [models] : [...newFile, models];
  },
};

/** Values that Continue requires in every file. */
const newFile: readonly Change[] = [
  { path: ['name'], value: 'Local Config' },
  { path: ['version'], value: '1.0.0' },
  { path: ['schema'], value: 'v1' },
];
