/** The content of a request to a model endpoint. */
import { listIn, stringIn } from '../json';
import type { Visit } from './visit';

type Endpoint =
  | 'chat'
  | 'text'
  | 'responses'
  | 'messages'
  | 'embeddings'
  | 'rerank'
  | 'images'
  | 'speech'
  | 'transcription'
  | 'video';

export interface ModelCall {
  readonly endpoint: Endpoint;
  /** The model that the client named. */
  readonly requested: string;
  /** The model that serves the request: a router's or a preset's choice, else the requested one. */
  readonly model: string;
  readonly isFree: boolean;
  readonly streams: boolean;
}

const endpoints: Readonly<Partial<Record<string, Endpoint>>> = {
  '/chat/completions': 'chat',
  '/completions': 'text',
  '/responses': 'responses',
  '/messages': 'messages',
  '/embeddings': 'embeddings',
  '/rerank': 'rerank',
  '/images': 'images',
  '/images/generations': 'images',
  '/audio/speech': 'speech',
  '/audio/transcriptions': 'transcription',
  '/videos': 'video',
};

/** The call, `noModel` where none is named, or undefined where the path is no model endpoint. */
export function modelCallOf(visit: Visit): ModelCall | 'noModel' | undefined {
  const preset = /^\/presets\/([^/]+)(\/.+)$/.exec(visit.path);
  const endpoint = visit.method === 'POST' ? endpoints[preset?.[2] ?? visit.path] : undefined;
  if (endpoint === undefined) return undefined;
  const body = visit.body.json ?? {};
  const [fallback] = listIn(body, 'models');
  const named =
    stringIn(body, 'model') ??
    (typeof fallback === 'string' ? fallback : undefined) ??
    visit.body.parts.find((part) => part.name === 'model')?.text ??
    (preset === null ? undefined : `@preset/${preset[1] ?? ''}`);
  if (named === undefined) return 'noModel';
  const model = servedModel(visit, named);
  return {
    endpoint,
    requested: named,
    model,
    isFree: model.endsWith(':free'),
    streams: body.stream === true,
  };
}

function servedModel(visit: Visit, named: string): string {
  const slug = /^@preset\/(.+)$/.exec(named)?.[1];
  if (slug !== undefined) return visit.world.options.presets?.[slug] ?? 'openai/gpt-5-mini';
  switch (named) {
    case 'openrouter/free':
      return 'meta-llama/llama-3.3-70b-instruct:free';
    case 'openrouter/auto':
      return 'openai/gpt-5-mini';
    default:
      return named;
  }
}
