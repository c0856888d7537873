// The free models that OpenRouter lists, asked through the proxy; it costs nothing.
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import { ask } from '../doctor/ask';
import { openAiBaseUrl, type Endpoint } from './client';

/** Any free model that is not busy. */
export const freeRouter = 'openrouter/free';

const timeoutMs = 5_000;
const listSchema = v.object({ data: v.array(v.object({ id: v.string() })) });

/** Ids that end in `:free`, sorted; empty where the list cannot be had. Never rejects. */
export async function freeModels(
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
  clock: Clock,
): Promise<readonly string[]> {
  const url = `${openAiBaseUrl(origin)}/models`;
  const headers = { authorization: `Bearer ${proxyKey}` };
  const answer = await ask({ url, method: 'GET', headers, timeoutMs }, clock);
  if (answer.kind === 'failed' || answer.status !== 200) return [];
  try {
    const { data } = v.parse(listSchema, JSON.parse(answer.text));
    return data
      .map(({ id }) => id)
      .filter((id) => id.endsWith(':free'))
      .sort();
  } catch {
    // Cut or of another shape: the user types a model then.
    return [];
  }
}

/** The model id in what was typed, or null where it is none: not every model is in the list. */
export function typedModel(text: string): string | null {
  const id = text.trim();
  return /^[^\s/]+\/\S+$/.test(id) ? id : null;
}
