// One small request through the proxy, as a client would send it, and what came of it.
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import { ask, type Answer } from '../doctor/ask';
import { askBare } from '../doctor/askBare';
import { openAiBaseUrl, type Endpoint } from './client';

export type TestResult =
  | {
      readonly kind: 'answered';
      readonly model: string;
      /** The beginning of what the model said; may be empty. */
      readonly text: string;
      readonly tookMs: number;
      /** The label of the key that it went out with, or null. */
      readonly keyLabel: string | null;
      readonly attempts: number;
    }
  /** `message` is the proxy's or OpenRouter's own. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** The proxy gave no answer. */
  | { readonly kind: 'failed'; readonly code: string }
  /** OpenRouter is out of reach; the proxy was not asked, as it would try for minutes. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'cancelled' };

export interface TestRequestPorts {
  readonly clock: Clock;
  readonly upstreamUrl: string;
  /** Ends it as `cancelled`. */
  readonly signal: AbortSignal;
}

const timeoutMs = 120_000;
const reachTimeoutMs = 5_000;
const shownCharacters = 120;

const answerSchema = v.object({
  model: v.optional(v.string()),
  choices: v.array(v.object({ message: v.object({ content: v.nullish(v.string(), '') }) })),
});
const errorSchema = v.object({ error: v.object({ message: v.string() }) });

/** Costs one request where OpenRouter can be reached, else none. Never rejects. */
export async function sendTestRequest(
  endpoint: Pick<Endpoint, 'origin' | 'proxyKey'>,
  model: string,
  ports: TestRequestPorts,
): Promise<TestResult> {
  const { clock, upstreamUrl } = ports;
  const upstream = await askBare(`${upstreamUrl}/key`, reachTimeoutMs, clock);
  if (upstream.kind === 'failed') return { kind: 'unreachable', code: upstream.code };
  return await askProxy(endpoint, model, ports);
}

async function askProxy(
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
  model: string,
  { clock, signal }: TestRequestPorts,
): Promise<TestResult> {
  const messages = [{ role: 'user', content: 'Say hello in five words.' }];
  const answer = await ask(
    {
      url: `${openAiBaseUrl(origin)}/chat/completions`,
      method: 'POST',
      headers: {
        authorization: `Bearer ${proxyKey}`,
        'content-type': 'application/json',
        'x-title': 'Keywheel test',
      },
      body: JSON.stringify({ model, messages, max_tokens: 200 }),
      timeoutMs,
      signal,
    },
    clock,
  );
  if (answer.kind === 'answer') return resultOf(answer, model);
  return signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', code: answer.code };
}

function resultOf(answer: Answer & { kind: 'answer' }, model: string): TestResult {
  const { status, text, headers, tookMs } = answer;
  const body = parseJson(text);
  const good = v.safeParse(answerSchema, body);
  if (status !== 200 || !good.success) return { kind: 'refused', status, message: messageIn(body, text) };
  return {
    kind: 'answered',
    model: good.output.model ?? model,
    text: (good.output.choices[0]?.message.content ?? '').trim().slice(0, shownCharacters),
    tookMs,
    keyLabel: textOf(headers['x-keywheel-key']),
    attempts: Number(textOf(headers['x-keywheel-attempts']) ?? 1),
  };
}

function messageIn(body: unknown, text: string): string {
  const parsed = v.safeParse(errorSchema, body);
  return parsed.success ? parsed.output.error.message : text.trim().slice(0, shownCharacters);
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? header : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: then its beginning is the message.
    return null;
  }
}
