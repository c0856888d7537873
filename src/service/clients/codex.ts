// Codex: a provider of its own in config.toml, with the key in a header, as a variable of the environment would have to be set elsewhere.
import path from 'node:path';
import { openAiBaseUrl, type FileClient, type Places } from './client';
import { tomlFormat } from './tomlFormat';

export const codexClient: FileClient = {
  id: 'codex',
  name: 'Codex',
  extensionIds: ['openai.chatgpt'],
  way: 'file',
  format: tomlFormat,
  hasOwnModels: false,
  units: [
    { path: ['model_providers', 'keywheel'], key: ['http_headers', 'Authorization'], address: ['base_url'] },
  ],
  choice: ['model_provider'],
  traces: (places) => [folder(places)],
  file: (places) => path.join(folder(places), 'config.toml'),

  changes({ origin, proxyKey, model }) {
    return [
      { path: ['model_provider'], value: 'keywheel' },
      { path: ['model'], value: model ?? '' },
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

function folder({ home, env }: Places): string {
  return env.CODEX_HOME ?? path.join(home, '.codex');
}
