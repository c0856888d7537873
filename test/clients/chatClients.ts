/** Real clients, each asked for one chat answer, and their results. */
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { OpenRouter } from '@openrouter/sdk';
import { generateText, streamText } from 'ai';
import OpenAI6 from 'openai';
import OpenAI4 from 'openai4';
import OpenAI7 from 'openai7';
import { rawAnswer } from './rawClient';

export interface ChatAsked {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly stream: boolean;
  /** `none`: the client asks once. `own`: the client retries by its own default. */
  readonly retries: 'none' | 'own';
}

/** The client's result for its caller. `status` null: the client names none. */
export type Got =
  | { readonly kind: 'answer'; readonly text: string; readonly finish: string | null }
  | {
      readonly kind: 'error';
      readonly text: string;
      readonly status: number | null;
      readonly message: string;
    };

export interface ChatClient {
  readonly name: string;
  /** Never rejects. */
  chat(asked: ChatAsked): Promise<Got>;
}

/** Collects pieces while they come, so that an error shows how far the answer had come. */
class Heard {
  text = '';
  finish: string | null = null;

  add(text: string | null | undefined, finish?: string | null): void {
    this.text += text ?? '';
    this.finish = finish ?? this.finish;
  }
}

function client(name: string, ask: (asked: ChatAsked, heard: Heard) => Promise<void>): ChatClient {
  return {
    name,
    chat: async (asked) => {
      const heard = new Heard();
      try {
        await ask(asked, heard);
        return { kind: 'answer', text: heard.text, finish: heard.finish };
      } catch (error: unknown) {
        return { kind: 'error', text: heard.text, status: statusOf(error), message: messageOf(error) };
      }
    },
  };
}

function statusOf(error: unknown): number | null {
  for (const name of ['status', 'statusCode', 'code']) {
    const value: unknown = typeof error === 'object' ? Reflect.get(error ?? {}, name) : undefined;
    if (typeof value === 'number') return value;
  }
  return null;
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return JSON.stringify(error);
}

const messages = [{ role: 'user' as const, content: 'Say something.' }];

interface Choice {
  readonly finish_reason: string | null;
}
type Chunks = AsyncIterable<{
  readonly choices: readonly (Choice & { readonly delta: { readonly content?: string | null } })[];
}>;
interface Whole {
  readonly choices: readonly (Choice & { readonly message: { readonly content: string | null } })[];
}

/** The three versions have the same shape and share no type. */
interface OpenAiCalls {
  stream(model: string): PromiseLike<Chunks>;
  whole(model: string): PromiseLike<Whole>;
}

async function askOpenAi(calls: OpenAiCalls, { model, stream }: ChatAsked, heard: Heard): Promise<void> {
  if (!stream) {
    const [choice] = (await calls.whole(model)).choices;
    heard.add(choice?.message.content, choice?.finish_reason);
    return;
  }
  for await (const chunk of await calls.stream(model)) {
    const [choice] = chunk.choices;
    heard.add(choice?.delta.content, choice?.finish_reason);
  }
}

function optionsOf({ baseUrl, apiKey, retries }: ChatAsked): {
  baseURL: string;
  apiKey: string;
  maxRetries?: number;
} {
  return { baseURL: baseUrl, apiKey, ...(retries === 'none' ? { maxRetries: 0 } : {}) };
}

export const openai4 = client('openai 4', async (asked, heard) => {
  const { completions } = new OpenAI4(optionsOf(asked)).chat;
  const calls: OpenAiCalls = {
    stream: (model) => completions.create({ model, messages, stream: true }),
    whole: (model) => completions.create({ model, messages }),
  };
  await askOpenAi(calls, asked, heard);
});

export const openai6 = client('openai 6', async (asked, heard) => {
  const { completions } = new OpenAI6(optionsOf(asked)).chat;
  const calls: OpenAiCalls = {
    stream: (model) => completions.create({ model, messages, stream: true }),
    whole: (model) => completions.create({ model, messages }),
  };
  await askOpenAi(calls, asked, heard);
});

export const openai7 = client('openai 7', async (asked, heard) => {
  const { completions } = new OpenAI7(optionsOf(asked)).chat;
  const calls: OpenAiCalls = {
    stream: (model) => completions.create({ model, messages, stream: true }),
    whole: (model) => completions.create({ model, messages }),
  };
  await askOpenAi(calls, asked, heard);
});

/** The SDK's own values, except its total time of an hour. */
const openRouterRetries = {
  strategy: 'backoff' as const,
  backoff: { initialInterval: 500, maxInterval: 60_000, exponent: 1.5, maxElapsedTime: 4_000 },
  retryConnectionErrors: true,
};

/** OpenRouter's own SDK gives an error in the stream as a chunk, which its user must look for. */
export const openRouterSdk = client('@openrouter/sdk', async (asked, heard) => {
  const { baseUrl, apiKey, model, stream } = asked;
  const retries = asked.retries === 'own' ? openRouterRetries : { strategy: 'none' as const };
  const sdk = new OpenRouter({ apiKey, serverURL: baseUrl });
  const answer = await sdk.chat.send({ chatRequest: { model, messages, stream } }, { retries });
  if (!('choices' in answer)) {
    for await (const { choices, error } of answer) {
      if (error !== undefined) throw Object.assign(new Error(error.message), { status: error.code });
      heard.add(choices[0]?.delta.content, choices[0]?.finishReason);
    }
    return;
  }
  const [choice] = answer.choices;
  const content: unknown = choice?.message.content;
  heard.add(typeof content === 'string' ? content : '', choice?.finishReason);
});

export const aiSdk = client('ai + @openrouter/ai-sdk-provider', async (asked, heard) => {
  const { baseUrl, apiKey, model, stream, retries } = asked;
  const provider = createOpenRouter({ apiKey, baseURL: baseUrl });
  const call = {
    model: provider.chat(model),
    messages,
    ...(retries === 'none' ? { maxRetries: 0 } : {}),
  };
  if (!stream) {
    const { text, finishReason } = await generateText(call);
    heard.add(text, finishReason);
    return;
  }
  const { fullStream } = streamText({ ...call, onError: () => undefined });
  for await (const part of fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') heard.add(part.text);
    if (part.type === 'finish') heard.add('', part.finishReason);
  }
});

export const rawSocket = client('a raw socket', async (asked, heard) => {
  const { status, body, isWhole } = await rawAnswer(asked, {
    model: asked.model,
    stream: asked.stream,
    messages,
  });
  if (status !== 200) throw Object.assign(new Error(body), { status });
  const events = asked.stream ? body.split(/\r?\n\r?\n/) : [`data: ${body}`];
  for (const event of events) {
    const data = /^data: (.*)$/ms.exec(event)?.[1];
    if (data === undefined) continue;
    if (data === '[DONE]') return;
    const { error, choices } = JSON.parse(data) as RawValue;
    if (error !== undefined) throw Object.assign(new Error(error.message), { status: error.code });
    const [choice] = choices ?? [];
    heard.add((choice?.delta ?? choice?.message)?.content, choice?.finish_reason);
  }
  if (!isWhole || (asked.stream && heard.finish === null)) throw new Error('The answer has no end.');
});

interface RawValue {
  readonly error?: { readonly code: number; readonly message: string };
  readonly choices?: readonly (Choice & Partial<Record<'delta' | 'message', { readonly content: string }>>)[];
}

export const chatClients: readonly ChatClient[] = [
  openai4,
  openai6,
  openai7,
  openRouterSdk,
  aiSdk,
  rawSocket,
];
