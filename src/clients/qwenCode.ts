// Qwen Code: a separate provider in settings.json, selected by API kind, model name and base URL together.
import path from 'node:path';
import { folderOf, openAiBaseUrl, type FileClient } from './client';
import { jsonFormat } from './jsonFormat';

const folder = folderOf('QWEN_HOME', '.qwen');

/** Environment variable of the key, which settings.json can set. */
const keyName = 'KEYWHEEL_API_KEY';

export const qwenCodeClient: FileClient = {
  id: 'qwenCode',
  name: 'Qwen Code',
  extensionIds: ['qwenlm.qwen-code-vscode-ide-companion'],
  way: 'file',
  format: jsonFormat,
  choices: [['security', 'auth', 'selectedType']],
  traces: (places) => [folder(places)],
  file: (places) => path.join(folder(places), 'settings.json'),

  changes({ origin, proxyKey, model }) {
    const baseUrl = openAiBaseUrl(origin);
    const id = model ?? '';
    return [
      { path: ['providerProtocol', 'keywheel'], value: 'openai' },
      { path: ['modelProviders', 'keywheel'], value: [{ id, name: 'Keywheel', baseUrl, envKey: keyName }] },
      { path: ['env', keyName], value: proxyKey },
      { path: ['security', 'auth', 'selectedType'], value: 'openai' },
      { path: ['model', 'name'], value: id },
      { path: ['model', 'baseUrl'], value: baseUrl },
    ];
  },
};
