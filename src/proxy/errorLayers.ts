// Where an error body keeps its fields: in the error, beside it, in its metadata, in a provider's own text.
import { isRecord, parseJson, readFields } from './errorFields';
import type { Fields } from './errorFields';

export interface ErrorLayers {
  /** Whether the body says that something failed; an ordinary answer does not. */
  readonly speaksOfError: boolean;
  /** Upstream's own words, innermost first: a field is read from the first layer that has it. */
  readonly own: readonly Fields[];
  /** What a provider said, where upstream passes it on as JSON. */
  readonly provider: readonly Fields[];
  /** What a provider said, where it is plain text. */
  readonly providerText: string;
}

const failedTypes = new Set<unknown>(['error', 'response.failed', 'response.error']);

/** The layers of a parsed body: an error, an answer or event that holds one, or neither. */
export function layersOf(body: unknown): ErrorLayers {
  const root = firstRecord(body);
  const error = errorIn(root);
  const own = present([
    readFields(error),
    readFields(childOf(error, 'metadata')),
    readFields(root),
    readFields(childOf(root, 'metadata')),
  ]);
  const raw = own.find((fields) => fields.raw !== null)?.raw ?? null;
  const said = typeof raw === 'string' ? parseJson(raw) : raw;
  return {
    speaksOfError: error !== null || saysFailed(root),
    own,
    provider: providerLayers(firstRecord(said)),
    providerText: typeof raw === 'string' && firstRecord(said) === null ? raw : '',
  };
}

/** OpenAI and Anthropic: `error`; Responses events: `response.error`; chat with partial content: `choices[0].error`. */
function errorIn(root: unknown): unknown {
  const places = [
    childOf(root, 'error'),
    childOf(childOf(root, 'response'), 'error'),
    childOf(firstChoice(root), 'error'),
  ];
  return places.find((place) => isRecord(place) || (typeof place === 'string' && place !== '')) ?? null;
}

function saysFailed(root: unknown): boolean {
  return (
    failedTypes.has(childOf(root, 'type')) ||
    childOf(root, 'status') === 'failed' ||
    childOf(firstChoice(root), 'finish_reason') === 'error'
  );
}

function firstChoice(root: unknown): unknown {
  const choices = childOf(root, 'choices');
  return Array.isArray(choices) ? firstRecord(choices) : null;
}

/** Google keeps its hints in `error.details`. */
function providerLayers(root: unknown): readonly Fields[] {
  const error = errorIn(root);
  const layers = present([readFields(error), readFields(root)]);
  return [...layers, ...present(layers.flatMap(({ details }) => (details ?? []).map(readFields)))];
}

/** The object itself, or the first one of a list: Google wraps its errors in lists. */
function firstRecord(value: unknown): unknown {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return isRecord(first) ? first : null;
}

function childOf(value: unknown, name: string): unknown {
  return isRecord(value) ? (value[name] ?? null) : null;
}

function present(layers: readonly (Fields | null)[]): readonly Fields[] {
  return layers.filter((fields) => fields !== null);
}
