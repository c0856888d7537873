// Claude Code: environment variables in settings.json, which Claude Code reads at every start.
import path from 'node:path';
import { anthropicBaseUrl, folderOf, type FileClient } from './client';
import { valueAt } from './configValue';
import { jsonFormat } from './jsonFormat';

const folder = folderOf('CLAUDE_CONFIG_DIR', '.claude');

/** Variables that send requests to another service; Claude Code then ignores the base URL. */
const otherServices = [
  'BEDROCK',
  'VERTEX',
  'FOUNDRY',
  'MANTLE',
  'ANTHROPIC_AWS',
  'ANTHROPIC_GOOGLE_CLOUD',
].map((service) => `CLAUDE_CODE_USE_${service}`);

/** The model, and the models of its aliases: without all of them its background requests would use a paid model. */
const modelNames = [
  'ANTHROPIC_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
  'ANTHROPIC_DEFAULT_FABLE_MODEL',
  // The older name for the model of background requests takes precedence where it is set.
  'ANTHROPIC_SMALL_FAST_MODEL',
];

export const claudeCodeClient: FileClient = {
  id: 'claudeCode',
  name: 'Claude Code',
  extensionIds: ['anthropic.claude-code'],
  way: 'file',
  format: jsonFormat,
  hasOwnModels: true,
  choices: [['env', 'ANTHROPIC_API_KEY']],
  traces: (places) => [folder(places), path.join(places.home, '.claude.json')],
  file: (places) => path.join(folder(places), 'settings.json'),

  outranking: (config, { env }) =>
    otherServices.filter((name) => {
      const value = valueAt(config, ['env', name]) ?? env[name];
      return typeof value === 'string' && !/^(|0|false|no|off)$/i.test(value);
    }),

  changes({ origin, proxyKey, model }) {
    return [
      { path: ['env', 'ANTHROPIC_BASE_URL'], value: anthropicBaseUrl(origin) },
      { path: ['env', 'ANTHROPIC_AUTH_TOKEN'], value: proxyKey },
      // Empty, because a key from the shell would take precedence over the token.
      { path: ['env', 'ANTHROPIC_API_KEY'], value: '' },
      ...(model === null ? [] : modelNames.map((name) => ({ path: ['env', name], value: model }))),
    ];
  },
};
