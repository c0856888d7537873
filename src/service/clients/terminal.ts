// The variables that make programs in new terminals use the proxy.
import { anthropicBaseUrl, openAiBaseUrl, type Endpoint } from './client';

export const terminalClients = ['openai', 'claudeCode', 'openrouter'] as const;

export type TerminalClient = (typeof terminalClients)[number];

/** What a tick sets, each replacing what the shell has. */
export function terminalVariables(
  client: TerminalClient,
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
): Readonly<Record<string, string>> {
  switch (client) {
    case 'openai':
      // The second one is the older name, which some programs still read.
      return {
        OPENAI_BASE_URL: openAiBaseUrl(origin),
        OPENAI_API_BASE: openAiBaseUrl(origin),
        OPENAI_API_KEY: proxyKey,
      };
    case 'claudeCode':
      return {
        ANTHROPIC_BASE_URL: anthropicBaseUrl(origin),
        ANTHROPIC_AUTH_TOKEN: proxyKey,
        ANTHROPIC_API_KEY: '',
      };
    case 'openrouter':
      return { OPENROUTER_BASE_URL: openAiBaseUrl(origin), OPENROUTER_API_KEY: proxyKey };
  }
}
