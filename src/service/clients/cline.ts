// Cline: providers.json, shared by its extension and its command line. A file that it cannot read counts as empty there.
import path from 'node:path';
import { openAiBaseUrl, type FileClient, type Places } from './client';
import { isObject, type Change } from './configValue';
import { jsonFormat } from './jsonFormat';

const provider = ['providers', 'openrouter'];

export const clineClient: FileClient = {
  id: 'cline',
  name: 'Cline',
  extensionIds: ['saoudrizwan.claude-dev'],
  way: 'file',
  format: jsonFormat,
  hasOwnModels: false,
  traces: ({ home }) => [path.join(home, '.cline')],
  file,
  // One provider without its settings, or settings without their provider, and none of the file is read.
  units: [{ path: provider, key: ['settings', 'apiKey'], address: ['settings', 'baseUrl'] }],
  choice: ['lastUsedProvider'],
  scaffold: ['version', 'modes', 'providers'],

  changes({ origin, proxyKey, model }, config, nowIso) {
    const settings = [...provider, 'settings'];
    const whole: readonly Change[] = [
      { path: ['version'], value: 1 },
      { path: ['modes'], value: {} },
    ];
    return [
      ...whole.filter(
        ({ path: [name] }) => !isObject(config) || typeof name !== 'string' || !(name in config),
      ),
      { path: ['lastUsedProvider'], value: 'openrouter' },
      { path: [...settings, 'provider'], value: 'openrouter' },
      { path: [...settings, 'apiKey'], value: proxyKey },
      { path: [...settings, 'model'], value: model ?? '' },
      { path: [...settings, 'baseUrl'], value: openAiBaseUrl(origin) },
      { path: [...provider, 'updatedAt'], value: nowIso },
      { path: [...provider, 'tokenSource'], value: 'manual' },
    ];
  },
};

function file({ home, env }: Places): string {
  const data = env.CLINE_DATA_DIR ?? path.join(home, '.cline', 'data');
  return env.CLINE_PROVIDER_SETTINGS_PATH ?? path.join(data, 'settings', 'providers.json');
}
