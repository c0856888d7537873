// Sends one small request through the proxy, as a client would, and reads the result.
import { parseJson } from '../base/json';
import * as v from 'valibot';
import { ask, type Answer, type Question } from '../base/http';
import type { Destination } from '../proxy/upstream/upstream';
import { askUpstream } from '../service/askUpstream';
import { openAiBaseUrl, type Endpoint } from './client';

export type TestResult =
  | {
      readonly kind: 'answered';
      readonly model: string;
      /** The beginning of the answer; may be empty. */
      readonly text: string;
      readonly tookMs: number;
      /** The label of the key that was used, or null. */
      readonly keyLabel: string | null;
      readonly attempts: number;
    }
  /** `message` is from the proxy or OpenRouter. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** The proxy gave no answer. */
  | { readonly kind: 'failed'; readonly code: string }
  /** OpenRouter cannot be reached; the proxy was not asked, because it would retry for minutes. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'cancelled' };

export interface TestRequestPorts extends Destination {
  /** Ends the request as `cancelled`. */
  readonly signal: AbortSignal;
}

const timeoutMs = 120_000;
const reachTimeoutMs = 5_000;
const shownCharacters = 120;

const answerSchema = v.object({
  model: v.optional(v.string()),
  choices: v.array(v.object({ message: v.object({ content: v.nullish(v.string(), '') }) })),
});
/** The provider's own error text, mostly JSON too; OpenRouter's message says only that the provider returned an error. */
export const metadataSchema = v.fallback(v.object({ raw: v.string() }), { raw: '' });
const errorSchema = v.object({ error: v.object({ message: v.string(), metadata: metadataSchema }) });

/** Sends the test request; it costs one request if OpenRouter can be reached, else none. Never rejects. */
export async function sendTestRequest(
  endpoint: Pick<Endpoint, 'origin' | 'proxyKey'>,
  model: string,
  { signal, ...destination }: TestRequestPorts,
): Promise<TestResult> {
  const upstream = await askUpstream(destination, reachTimeoutMs);
  if (upstream.kind === 'failed') return { kind: 'unreachable', code: upstream.code };
  const messages = [{ role: 'user', content: 'Say hello in five words.' }];
  const body = JSON.stringify({ model, messages, max_tokens: 200 });
  const answer = await ask({ ...chatQuestion(endpoint, 'Keywheel test'), body, timeoutMs, signal });
  if (answer.kind === 'answer') return resultOf(answer, model);
  return signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', code: answer.code };
}

/** A request to a model, without its body; `title` is the client's name in the activity list. */
export function chatQuestion(
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
  title: string,
): Pick<Question, 'url' | 'method' | 'headers'> {
  return {
    url: `${openAiBaseUrl(origin)}/chat/completions`,
    method: 'POST',
    headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json', 'x-title': title },
  };
}

function resultOf(answer: Answer & { kind: 'answer' }, model: string): TestResult {
  const { status, text, headers, tookMs } = answer;
  const good = v.safeParse(answerSchema, parseJson(text));
  if (status !== 200 || !good.success)
    return { kind: 'refused', status, message: messageIn(text, shownCharacters) };
  return {
    kind: 'answered',
    model: good.output.model ?? model,
    text: (good.output.choices[0]?.message.content ?? '').trim().slice(0, shownCharacters),
    tookMs,
    keyLabel: textOf(headers['x-keywheel-key']),
    attempts: Number(textOf(headers['x-keywheel-attempts']) ?? 1),
  };
}

/** The error message in the body, followed by the provider's own, else the beginning of the text. */
export function messageIn(text: string, mostCharacters: number): string {
  const parsed = v.safeParse(errorSchema, parseJson(text));
  return parsed.success
    ? messageOf(parsed.output.error, mostCharacters)
    : text.trim().slice(0, mostCharacters);
}

/** The message of a parsed error, followed by the provider's own message. */
export function messageOf(
  { message, metadata: { raw } }: { message: string; metadata: { raw: string } },
  mostCharacters: number,
): string {
  return raw === '' ? message : `${message}: ${messageIn(raw, mostCharacters)}`;
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? header : null;
}
