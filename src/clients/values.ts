// Values for clients that Keywheel does not configure: base URLs, curl lines, and environment variables of terminals.
import { freeRouter } from './modelList';
import { anthropicBaseUrl, openAiBaseUrl, type Endpoint } from './client';

export const apiForms = ['openai', 'anthropic'] as const;

/** The form of an API: OpenAI's APIs, which have one base URL, or Anthropic's Messages API. */
export type ApiForm = (typeof apiForms)[number];

export function baseUrlOf(form: ApiForm, origin: string): string {
  return form === 'anthropic' ? anthropicBaseUrl(origin) : openAiBaseUrl(origin);
}

/** Programs and the form of base URL that fits them; none has been tried with the proxy. */
export const formClients: readonly { readonly form: ApiForm; readonly names: readonly string[] }[] = [
  {
    form: 'openai',
    names: ['Xcode', 'JetBrains AI', 'Open WebUI', 'AnythingLLM', 'LibreChat', 'SillyTavern', 'n8n', 'Zed'],
  },
  { form: 'anthropic', names: ['Claude Desktop'] },
];

/** A line for a POSIX shell; `key` may be a variable such as `$KEYWHEEL_KEY`. */
export function curlLine(
  form: ApiForm,
  { origin, key, model }: { origin: string; key: string; model: string },
): string {
  const messages = [{ role: 'user', content: 'Say hello.' }];
  const [path, body] =
    form === 'openai'
      ? ['chat/completions', { model, messages }]
      : ['v1/messages', { model, max_tokens: 64, messages }];
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return `curl ${baseUrlOf(form, origin)}/${path} -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${json}'`;
}

export const terminalClients = ['openai', 'claudeCode', 'copilot', 'openrouter'] as const;

export type TerminalClient = (typeof terminalClients)[number];

/** The environment variables that a selected client sets; they replace the shell's. */
export function terminalVariables(
  client: TerminalClient,
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
): Readonly<Record<string, string>> {
  switch (client) {
    case 'openai':
      // `OPENAI_API_BASE` is the older name, which some programs still read.
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
    case 'copilot':
      return {
        COPILOT_PROVIDER_BASE_URL: openAiBaseUrl(origin),
        COPILOT_PROVIDER_TYPE: 'openai',
        COPILOT_PROVIDER_API_KEY: proxyKey,
        COPILOT_MODEL: freeRouter,
        // Without this header requests carry the name of Copilot's HTTP library.
        COPILOT_PROVIDER_HEADERS: 'X-Title: Copilot CLI',
      };
    case 'openrouter':
      return { OPENROUTER_BASE_URL: openAiBaseUrl(origin), OPENROUTER_API_KEY: proxyKey };
  }
}
