// Codex: a separate provider in config.toml. The key is in a header, as the file cannot set an environment variable.
import path from 'node:path';
import { isFreeModel } from '../keys/freeModel';
import { folderOf, openAiBaseUrl, type FileClient } from './client';
import { isObject, valueAt } from './configValue';
import { tomlFormat } from './tomlFormat';

const folder = folderOf('CODEX_HOME', '.codex');

export const codexClient: FileClient = {
  id: 'codex',
  name: 'Codex',
  extensionIds: ['openai.chatgpt'],
  way: 'file',
  format: tomlFormat,
  units: [
    { path: ['model_providers', 'keywheel'], key: ['http_headers', 'Authorization'], address: ['base_url'] },
  ],
  choices: [['model_provider']],
  outranking,
  traces: (places) => [folder(places)],
  file: (places) => path.join(folder(places), 'config.toml'),

  changes({ origin, proxyKey, model }) {
    return [
      { path: ['model_provider'], value: 'keywheel' },
      { path: ['model'], value: model ?? '' },
      // Codex offers its search to every model, and OpenRouter charges for it: no request of a free model would be free.
      ...(isFreeModel(model ?? '') ? [{ path: ['web_search'], value: 'disabled' }] : []),
      {
        path: ['model_providers', 'keywheel'],
        value: {
          name: 'Keywheel',
          base_url: openAiBaseUrl(origin),
          wire_api: 'responses',
          http_headers: { Authorization: `Bearer ${proxyKey}` },
        },
      },
    ];
  },
};

/** The active profile, if it sets provider or model. Versions since 0.169 refuse a file that names a profile. */
function outranking(config: unknown): readonly string[] {
  const profile = valueAt(config, ['profile']);
  if (typeof profile !== 'string') return [];
  const chosen = valueAt(config, ['profiles', profile]);
  const isOther = isObject(chosen) && ('model' in chosen || 'model_provider' in chosen);
  return isOther ? [`profile = "${profile}"`] : [];
}
