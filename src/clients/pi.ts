// Pi: a separate provider in models.json, selected in settings.json.
import path from 'node:path';
import { folderOf, openAiBaseUrl, type ClientFile, type FileClient } from './client';
import { jsonFormat } from './jsonFormat';

const folder = folderOf('PI_CODING_AGENT_DIR', '.pi', 'agent');

const settings: ClientFile = {
  id: 'pi',
  part: 'settings',
  format: jsonFormat,
  file: (places) => path.join(folder(places), 'settings.json'),
  choices: [['defaultProvider']],
  changes: ({ model }) => [
    { path: ['defaultProvider'], value: 'keywheel' },
    { path: ['defaultModel'], value: model ?? '' },
  ],
};

export const piClient: FileClient = {
  id: 'pi',
  name: 'Pi',
  extensionIds: [],
  way: 'file',
  format: jsonFormat,
  takesTraits: true,
  units: [{ path: ['providers', 'keywheel'], key: ['apiKey'], address: ['baseUrl'] }],
  traces: (places) => [folder(places)],
  file: (places) => path.join(folder(places), 'models.json'),
  further: [settings],

  changes({ origin, proxyKey, model, traits }) {
    const input = traits?.images === true ? ['text', 'image'] : ['text'];
    return [
      {
        path: ['providers', 'keywheel'],
        value: {
          baseUrl: openAiBaseUrl(origin),
          api: 'openai-completions',
          apiKey: proxyKey,
          models: [{ id: model ?? '', input }],
        },
      },
    ];
  },
};
