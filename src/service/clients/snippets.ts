// What any other client needs: base URLs for the three forms, and a line to try each.
import { anthropicBaseUrl, openAiBaseUrl } from './client';

export const apiForms = ['openai', 'responses', 'anthropic'] as const;

/** OpenAI's chat completions, OpenAI's Responses, Anthropic's messages. */
export type ApiForm = (typeof apiForms)[number];

export function baseUrlOf(form: ApiForm, origin: string): string {
  return form === 'anthropic' ? anthropicBaseUrl(origin) : openAiBaseUrl(origin);
}

/** A line for a POSIX shell; `key` may be a variable such as `$KEYWHEEL_KEY`. */
export function curlLine(
  form: ApiForm,
  { origin, key, model }: { origin: string; key: string; model: string },
): string {
  const [path, body] = requestOf(form, model);
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return `curl ${origin}${path} -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${json}'`;
}

function requestOf(form: ApiForm, model: string): readonly [path: string, body: unknown] {
  const messages = [{ role: 'user', content: 'Say hello.' }];
  switch (form) {
    case 'openai':
      return ['/api/v1/chat/completions', { model, messages }];
    case 'responses':
      return ['/api/v1/responses', { model, input: 'Say hello.' }];
    case 'anthropic':
      return ['/api/v1/messages', { model, max_tokens: 64, messages }];
  }
}
