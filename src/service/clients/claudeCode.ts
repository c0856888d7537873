// Claude Code: the environment in settings.json, which it reads at every start.
import path from 'node:path';
import { anthropicBaseUrl, type FileClient, type Places } from './client';
import { jsonFormat } from './jsonFormat';

/** The model itself, and those that its own names stand for: with one left out, its background work would ask for a paid model. */
const modelNames = [
  'ANTHROPIC_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
];

export const claudeCodeClient: FileClient = {
  id: 'claudeCode',
  name: 'Claude Code',
  extensionIds: ['anthropic.claude-code'],
  way: 'file',
  format: jsonFormat,
  hasOwnModels: true,
  choice: ['env', 'ANTHROPIC_API_KEY'],
  traces: (places) => [folder(places), path.join(places.home, '.claude.json')],
  file: (places) => path.join(folder(places), 'settings.json'),

  changes({ origin, proxyKey, model }) {
    return [
      { path: ['env', 'ANTHROPIC_BASE_URL'], value: anthropicBaseUrl(origin) },
      { path: ['env', 'ANTHROPIC_AUTH_TOKEN'], value: proxyKey },
      // One that the shell sets would win over the token.
      { path: ['env', 'ANTHROPIC_API_KEY'], value: '' },
      ...(model === null ? [] : modelNames.map((name) => ({ path: ['env', name], value: model }))),
    ];
  },
};

function folder({ home, env }: Places): string {
  return env.CLAUDE_CONFIG_DIR ?? path.join(home, '.claude');
}
