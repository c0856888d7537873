// Requests OpenRouter's list of models through the proxy, at no cost and at most once an hour: all windows share a copy on
// disk, which is also used after a failure.
import * as v from 'valibot';
import { ask } from '../base/http';
import type { Clock } from '../base/clock';
import { parseJson } from '../base/json';
import type { Log } from '../base/log';
import { isFreeModel } from '../keys/freeModel';
import type { ModelView } from '../service/messages';
import type { StateStore } from '../service/saved/stateKeeping';
import type { ExchangeView, SeriesView } from '../service/snapshot';
import { openAiBaseUrl, type Endpoint } from './client';

/** OpenRouter's router, which chooses a free model that is not busy. */
export const freeRouter = 'openrouter/free';

const timeoutMs = 5_000;
const words = v.fallback(v.array(v.string()), []);
const amount = v.fallback(v.nullable(v.pipe(v.number(), v.minValue(1))), null);
/** Dollars per token, as text. Routers have -1, because the price depends on the model that they choose. */
const price = v.fallback(v.nullable(v.pipe(v.string(), v.toNumber(), v.minValue(0))), null);
const entrySchema = v.object({
  id: v.pipe(v.string(), v.nonEmpty()),
  name: v.fallback(v.string(), ''),
  canonical_slug: v.fallback(v.string(), ''),
  context_length: amount,
  supported_parameters: words,
  architecture: v.fallback(v.object({ input_modalities: words }), { input_modalities: [] }),
  pricing: v.fallback(v.object({ prompt: price, completion: price }), { prompt: null, completion: null }),
  top_provider: v.fallback(v.object({ context_length: amount, max_completion_tokens: amount }), {
    context_length: null,
    max_completion_tokens: null,
  }),
});
const listSchema = v.object({ data: v.array(v.fallback(v.nullable(entrySchema), null)) });

const nullableNumber = v.nullable(v.number());
export const listedModelSchema = v.object({
  id: v.string(),
  /** The display name, or the id if there is none. */
  name: v.string(),
  /** The versioned id, or the id if there is none. */
  version: v.string(),
  tools: v.boolean(),
  images: v.boolean(),
  /** Input and output tokens together; null if unknown. */
  contextLength: nullableNumber,
  /** Maximum output tokens; null if unknown. */
  outputTokens: nullableNumber,
  /** US dollars per million tokens; null if unknown or variable. */
  inputPrice: nullableNumber,
  outputPrice: nullableNumber,
});

export type ListedModel = Readonly<v.InferOutput<typeof listedModelSchema>>;

/** Whether requests of the model cost no credits. */
export function isFree({ id, inputPrice, outputPrice }: ListedModel): boolean {
  return isFreeModel(id) || (inputPrice === 0 && outputPrice === 0);
}

type Proxy = Pick<Endpoint, 'origin' | 'proxyKey'>;

/** OpenRouter's models; empty if the request fails or the answer has another shape. Never rejects. */
export async function listModels(proxy: Proxy): Promise<readonly ListedModel[]> {
  const parsed = v.safeParse(listSchema, parseJson((await read(proxy, 'models')) ?? ''));
  if (!parsed.success) return [];
  const models = new Map<string, ListedModel>();
  for (const entry of parsed.output.data)
    if (entry !== null && !models.has(entry.id)) models.set(entry.id, listedModel(entry));
  return [...models.values()];
}

/** OpenRouter's models; empty if the proxy refuses the key too, as the list itself needs no valid key. Never rejects. */
export async function listModelsByKey(proxy: Proxy): Promise<readonly ListedModel[]> {
  return (await read(proxy, 'key')) === null ? [] : await listModels(proxy);
}

async function read({ origin, proxyKey }: Proxy, name: string): Promise<string | null> {
  const url = `${openAiBaseUrl(origin)}/${name}`;
  const headers = { authorization: `Bearer ${proxyKey}`, 'user-agent': 'Keywheel' };
  const answer = await ask({ url, headers, timeoutMs });
  return answer.kind === 'answer' && answer.status === 200 ? answer.text : null;
}

function listedModel(entry: v.InferOutput<typeof entrySchema>): ListedModel {
  const { id, name, canonical_slug, context_length, top_provider, pricing } = entry;
  // OpenRouter passes long requests to a larger provider; a free variant has one provider, but the paid model's length.
  const ofTop = top_provider.context_length;
  return {
    id,
    name: name === '' ? id : name,
    version: canonical_slug === '' ? id : canonical_slug,
    tools: entry.supported_parameters.includes('tools'),
    images: entry.architecture.input_modalities.includes('image'),
    contextLength: isFreeModel(id) ? (ofTop ?? context_length) : (context_length ?? ofTop),
    outputTokens: top_provider.max_completion_tokens,
    inputPrice: perMillion(pricing.prompt),
    outputPrice: perMillion(pricing.completion),
  };
}

/** Dollars per million tokens, rounded, because the multiplication adds digits. */
function perMillion(dollars: number | null): number | null {
  return dollars === null ? null : Number((dollars * 1_000_000).toPrecision(6));
}

/** The free models with their results of the last 24 hours, in OpenRouter's order; `firstTokenMs` is the median of those in the activity list. */
export function freeModels(
  listed: readonly ListedModel[],
  { startMs, models }: Pick<SeriesView, 'startMs' | 'models'>,
  activity: readonly ExchangeView[],
): ModelView[] {
  const uses = new Map(models.map((use) => [use.model, use]));
  return listed.filter(isFree).map(({ id, contextLength, tools, images }) => {
    const { requests, answered } = uses.get(id) ?? { requests: 0, answered: 0 };
    const times = activity
      .filter(({ model, startedAtMs }) => model === id && startedAtMs >= startMs)
      .flatMap(({ firstTokenMs }) => firstTokenMs ?? [])
      .sort((a, b) => a - b);
    const firstTokenMs = times[Math.floor((times.length - 1) / 2)] ?? null;
    return { model: id, contextLength, tools, images, requests, answered, firstTokenMs };
  });
}

/** The typed model id, or null if it has another form. It need not be in the list. */
export function typedModel(text: string): string | null {
  const id = text.trim();
  return /^[^\s/]+\/\S+$/.test(id) ? id : null;
}

export interface ModelCataloguePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps the copy of the list. */
  readonly store: StateStore;
  /** Resolves to an empty list if the request fails, to null while the proxy does not run. Never rejects. */
  readonly ask: () => Promise<readonly ListedModel[] | null>;
}

const freshMs = 60 * 60_000;
/** Pause after a failed request, because VS Code asks for the list often. */
const retryMs = 60_000;

const keptSchema = v.object({ atMs: v.number(), models: v.array(listedModelSchema) });
type KnownModels = v.InferOutput<typeof keptSchema>;

export class ModelCatalogue {
  private known: KnownModels = { atMs: Number.NEGATIVE_INFINITY, models: [] };
  private running: Promise<readonly ListedModel[]> | null = null;
  private failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: ModelCataloguePorts) {}

  /** A list of at most one hour ago, else a new one, else the last copy; empty without a copy. Never rejects. */
  async models(): Promise<readonly ListedModel[]> {
    if (this.isFresh() || isWithin(this.ports.clock.wallMs(), this.failedAtMs, retryMs))
      return this.known.models;
    this.running ??= this.renewed().finally(() => (this.running = null));
    return await this.running;
  }

  private isFresh(): boolean {
    return isWithin(this.ports.clock.wallMs(), this.known.atMs, freshMs);
  }

  private async renewed(): Promise<readonly ListedModel[]> {
    const { clock, log, ask, store } = this.ports;
    // Another window may have asked meanwhile.
    const kept = v.safeParse(keptSchema, await store.load().catch(() => null));
    if (kept.success) this.known = kept.output;
    if (this.isFresh()) return this.known.models;
    const models = await ask();
    if (models === null) return this.known.models;
    if (models.length === 0) {
      this.failedAtMs = clock.wallMs();
      return this.known.models;
    }
    this.known = { atMs: clock.wallMs(), models: [...models] };
    try {
      await store.save(this.known);
    } catch (error: unknown) {
      log.warn(`The list of models is not kept: ${String(error)}`);
    }
    return models;
  }
}

/** False if the clock was set back before `atMs`. */
function isWithin(nowMs: number, atMs: number, ms: number): boolean {
  return nowMs >= atMs && nowMs - atMs < ms;
}
