// Cline: providers.json, which its extension and its command line share. Cline treats a file that it cannot read as empty. For
// OpenRouter the extension reads provider and model only from globalState.json, and prefers a key in secrets.json.
import path from 'node:path';
import { folderOf, openAiBaseUrl, variableOf, type ClientFile, type FileClient, type Places } from './client';
import { valueAt, type Change } from './configValue';
import { jsonFormat } from './jsonFormat';

const provider = ['providers', 'openrouter'];
const modes = ['actMode', 'planMode'];
const folder = folderOf('CLINE_DIR', '.cline');

const globalState: ClientFile = {
  id: 'cline',
  part: 'globalState',
  format: jsonFormat,
  file: (places) => path.join(dataFolder(places), 'globalState.json'),
  choices: modes.map((mode) => [`${mode}ApiProvider`]),

  changes({ model }, config) {
    return modes.flatMap((mode): readonly Change[] => {
      const info = [`${mode}OpenRouterModelInfo`];
      return [
        { path: [`${mode}ApiProvider`], value: 'openrouter' },
        { path: [`${mode}OpenRouterModelId`], value: model ?? '' },
        // Removes limits and prices of the previous model.
        ...(valueAt(config, info) === undefined ? [] : [{ path: info, value: undefined }]),
      ];
    });
  },
};

const secrets: ClientFile = {
  id: 'cline',
  part: 'secrets',
  format: jsonFormat,
  file: (places) => path.join(dataFolder(places), 'secrets.json'),

  changes({ proxyKey }, config) {
    const key = ['openRouterApiKey'];
    return valueAt(config, key) === undefined ? [] : [{ path: key, value: proxyKey }];
  },
};

export const clineClient: FileClient = {
  id: 'cline',
  name: 'Cline',
  extensionIds: ['saoudrizwan.claude-dev'],
  way: 'file',
  format: jsonFormat,
  traces: (places) => [folder(places)],
  file: (places) =>
    variableOf(places, 'CLINE_PROVIDER_SETTINGS_PATH') ??
    path.join(dataFolder(places), 'settings', 'providers.json'),
  further: [globalState, secrets],
  // Cline rejects the whole file if a provider has no settings, or settings have no provider.
  units: [
    {
      path: provider,
      key: ['settings', 'apiKey'],
      address: ['settings', 'baseUrl'],
      extra: ['settings', 'headers'],
    },
  ],
  choices: [['lastUsedProvider']],
  scaffold: ['version', 'modes', 'providers'],

  changes({ origin, proxyKey, model }, config, nowIso) {
    const settings = [...provider, 'settings'];
    const whole: readonly Change[] = [
      { path: ['version'], value: 1 },
      { path: ['modes'], value: {} },
    ];
    return [
      ...whole.filter(({ path }) => valueAt(config, path) === undefined),
      { path: ['lastUsedProvider'], value: 'openrouter' },
      { path: [...settings, 'provider'], value: 'openrouter' },
      { path: [...settings, 'apiKey'], value: proxyKey },
      { path: [...settings, 'model'], value: model ?? '' },
      { path: [...settings, 'baseUrl'], value: openAiBaseUrl(origin) },
      // Without this header requests carry the name of Cline's HTTP library.
      { path: [...settings, 'headers', 'X-Title'], value: 'Cline' },
      { path: [...provider, 'updatedAt'], value: nowIso },
      { path: [...provider, 'tokenSource'], value: 'manual' },
    ];
  },
};

function dataFolder(places: Places): string {
  return variableOf(places, 'CLINE_DATA_DIR') ?? path.join(folder(places), 'data');
}
