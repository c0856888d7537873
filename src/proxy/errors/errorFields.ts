// The fields of upstream's errors and the layers that hold them: read leniently, a wrong field counts as missing.
import { parseJson } from '../../base/json';

export type Fields = Readonly<Record<string, unknown>>;

/** The field of the first layer where `kind` takes its value; null where none does. */
export function first<T>(
  layers: readonly Fields[],
  name: string,
  kind: (value: unknown) => T | null,
): T | null {
  for (const fields of layers) {
    const value = kind(fields[name]);
    if (value !== null) return value;
  }
  return null;
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Numbers count as their text. */
export function code(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : text(value);
}

/** Texts of numbers count as well. */
export function numeric(value: unknown): number | null {
  const told = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof told === 'number' && Number.isFinite(told) ? told : null;
}

/** Texts of truth values count as well. */
export function truth(value: unknown): boolean | null {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
}

/** One name or several. */
export function names(value: unknown): readonly string[] | null {
  const told: unknown = typeof value === 'string' ? [value] : value;
  return Array.isArray(told) && told.every((name) => typeof name === 'string') ? told : null;
}

export function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

export function record(value: unknown): Fields | null {
  return isRecord(value) ? value : null;
}

/** The objects of that name that the layers hold. */
export function children(layers: readonly Fields[], name: string): readonly Fields[] {
  return present(layers.map((fields) => record(fields[name])));
}

/** The fields of an object; a string counts as its message; anything else is null. */
function readFields(value: unknown): Fields | null {
  return typeof value === 'string' && value !== '' ? { message: value } : record(value);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** No error is longer. A longer value is never built: the other requests would wait for seconds. */
export const mostParsedBytes = 128 * 1024;

/** The value that the text is JSON of; undefined where it is none, or too long. */
export function parseShortJson(text: string): unknown {
  return text.length > mostParsedBytes ? undefined : parseJson(text);
}

export interface ErrorLayers {
  /** Upstream's own words, innermost first: a field is read from the first layer that has it. */
  readonly own: readonly Fields[];
  /** What a provider said, where upstream passes it on as JSON. */
  readonly provider: readonly Fields[];
  /** What a provider said, where it is plain text. */
  readonly providerText: string;
}

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
  const raw = first(own, 'raw', (value) => value ?? null);
  const said = typeof raw === 'string' ? parseShortJson(raw) : raw;
  return {
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

function firstChoice(root: unknown): unknown {
  const choices = childOf(root, 'choices');
  return Array.isArray(choices) ? firstRecord(choices) : null;
}

/** Google keeps its hints in `error.details`. */
function providerLayers(root: unknown): readonly Fields[] {
  const error = errorIn(root);
  const layers = present([readFields(error), readFields(root)]);
  return [...layers, ...present(layers.flatMap(({ details }) => (list(details) ?? []).map(readFields)))];
}

/** The object itself, or the first one of a list: Google wraps its errors in lists. */
function firstRecord(value: unknown): Fields | null {
  return record(Array.isArray(value) ? value[0] : value);
}

function childOf(value: unknown, name: string): unknown {
  return isRecord(value) ? (value[name] ?? null) : null;
}

function present(layers: readonly (Fields | null)[]): readonly Fields[] {
  return layers.filter((fields) => fields !== null);
}
