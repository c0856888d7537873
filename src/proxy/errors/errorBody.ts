// Reads an error's body, in any form, into evidence. It is lenient: a field of the wrong type counts as missing.
import { parseJson } from '../../base/json';
import { headerValues } from '../../base/http';

export interface ErrorEvidence {
  /** The body is an HTML page where JSON is expected. */
  readonly isPage: boolean;
  /** The HTTP status that the body names, as a number or by a name; null if it names none. */
  readonly status: number | null;
  /** The messages of upstream and provider together: to be searched, not to be shown. */
  readonly words: string;
  /** `error_type`, `code` and `type`, as they came. */
  readonly names: readonly string[];
  readonly limitSource: string | null;
  readonly reason: string | null;
  readonly providerName: string | null;
  /** Google's, such as `RESOURCE_EXHAUSTED`. */
  readonly providerStatus: string | null;
  /** The account's own provider key was used. */
  readonly isByok: boolean;
  readonly availabilityCode: string | null;
  /** The step of OpenRouter's routing that excluded the last endpoint, such as `Filter by Max Price`. */
  readonly routingStep: string | null;
  /** The settings that excluded every provider, such as `data_policy:training`. */
  readonly excludedBy: readonly string[];
  readonly retryable: boolean | null;
  /** The statuses with which the providers failed that OpenRouter asked earlier. */
  readonly previousStatuses: readonly number[];
  /** Moderation or a guardrail named the content that it objects to. */
  readonly refusedContent: boolean;
  /** Cloudflare's code, such as 1015; null elsewhere. */
  readonly edgeCode: number | null;
  /**
   * Hints about when to come again, in the form of headers: those repeated in `metadata.headers`, and fields of the body
   * under names that no header can have, such as `error:retry_after`.
   */
  readonly hints: readonly string[];
}

/** Long enough for any message; a provider's HTML page can be longer. */
const longestWords = 8192;

/** The evidence in the decoded body. Never throws: unreadable parts count as missing. */
export function readErrorBody(headers: readonly string[], body: Buffer): ErrorEvidence {
  const said = body
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  const parsed = parseShortJson(payloadOf(said));
  const isJson = typeof parsed === 'object' && parsed !== null;
  const isHtml =
    said.startsWith('<') || headerValues(headers, 'content-type').some((type) => /html/i.test(type));
  return evidenceOf(!isJson && said !== '' && isHtml, isJson ? '' : said, layersOf(parsed));
}

/** The messages in an error's body for people, on one line, without the tags of a page; null if there are none. */
export function wordsOf(body: Buffer): string | null {
  const said = readErrorBody([], body).words.trim();
  const words = (said.startsWith('<') ? said.replace(/<[^<>]*>/g, ' ') : said).replace(/\s+/g, ' ').trim();
  return words === '' ? null : words;
}

const mostPrevious = 8;
const longestPrevious = 60;
const longestModel = 200;

/** OpenRouter's own history of the error. */
interface ErrorStory {
  /** Providers that OpenRouter tried before it gave up, with their status, such as `DeepInfra 429`. */
  readonly previous: readonly string[];
  /** Set where the requested model no longer exists: that model, and its successors, the best first. */
  readonly ended?: { readonly model: string; readonly successors: readonly string[] };
}

export function storyOf(body: Buffer): ErrorStory {
  const hasEnded = body.includes('"free_variant_ended"') || body.includes('"model_deprecated"');
  if (!hasEnded && !body.includes('"previous_errors"')) return { previous: [] };
  const { own } = layersOf(parseShortJson(body.toString('utf8')));
  const modelsIn = (name: string): readonly string[] =>
    (first(children(own, 'availability'), name, names) ?? [])
      .slice(0, mostPrevious)
      .filter((id) => id.length <= longestModel);
  const model = hasEnded ? modelsIn('requested_models')[0] : undefined;
  const previous = (first(own, 'previous_errors', list) ?? []).slice(0, mostPrevious).flatMap(previousError);
  return model === undefined
    ? { previous }
    : { previous, ended: { model, successors: modelsIn('fallback_models') } };
}

function previousError(said: unknown): readonly string[] {
  const fields = record(said);
  const provider = text(fields?.provider) ?? text(fields?.provider_name);
  const why = code(fields?.status) ?? code(fields?.code);
  return provider === null ? [] : [`${provider} ${why ?? ''}`.trim().slice(0, longestPrevious)];
}

/** The text, or the content of its first data line if it is an event stream. */
function payloadOf(text: string): string {
  if (!beginsAsEvents(text)) return text;
  return /^data:([^\r\n]*)/m.exec(text)?.[1]?.trim() ?? text;
}

/** Whether a text begins as an event stream does, whatever its content type is. */
export function beginsAsEvents(text: string): boolean {
  return /^(?:data|event|id|retry)?:/.test(text);
}

function evidenceOf(isPage: boolean, page: string, layers: ErrorLayers): ErrorEvidence {
  const { own, provider, providerText } = layers;
  const available = children(own, 'availability');
  // OpenRouter's own names are the same in every form, and more precise than the form's.
  const named = [
    ...own.map((fields) => code(fields.error_type)),
    ...own.flatMap((fields) => [code(fields.code), code(fields.type)]),
  ].filter(isNotEmpty);
  const refusedContent = own.some(objectsToContent) || named.some((name) => refusals.has(name));
  // A provider's own gateway has the true error in its details.
  const providerWords = ['message', 'detail', 'details'].map((name) => first(provider, name, text));
  const edgeText = /\berror(?: code)?:?\s*(10\d\d)\b/i.exec(page)?.[1];
  return {
    isPage,
    status: statusIn(own) ?? (refusedContent ? 403 : namedStatus(named)),
    words: [
      ...[...own.map(({ message }) => text(message)), ...providerWords].filter(isNotEmpty),
      providerText,
      page,
    ]
      .join('\n')
      .slice(0, longestWords),
    names: named,
    limitSource: first(own, 'limit_source', text),
    reason: first(own, 'reason', text),
    providerName: first(own, 'provider_name', text),
    providerStatus: first([...provider, ...own], 'status', code),
    isByok: first(own, 'is_byok', truth) ?? false,
    availabilityCode: first(available, 'code', text),
    routingStep: first(own, 'failed_routing_step', text),
    excludedBy: first([...available, ...own], 'excluded_by', names) ?? [],
    retryable: first(available, 'retryable', truth),
    previousStatuses: statusesBefore(own),
    refusedContent,
    edgeCode: edgeText === undefined ? first(own, 'error_code', numeric) : Number(edgeText),
    hints: hintsOf([...own, ...provider]),
  };
}

function hintsOf(layers: readonly Fields[]): readonly string[] {
  const hints: readonly (readonly [string, unknown])[] = [
    ...children(layers, 'headers').flatMap((headers) => Object.entries(headers)),
    // Cloudflare's JSON errors have `retry_after` at the top level.
    ['error:retry_after', first([...children(layers, 'availability'), ...layers], 'retry_after', numeric)],
    ['error:retry_after', first(layers, 'retry_after_seconds', numeric)],
    // Google's, such as `5s`.
    ['error:retrydelay', first(layers, 'retryDelay', text)],
    // ISO 8601, or an epoch in seconds or milliseconds.
    ['error:resets_at', first(layers, 'resets_at', code)],
  ];
  return hints.flatMap(([name, value]) => {
    const said = code(value);
    return said === null ? [] : [name, said];
  });
}

function statusesBefore(own: readonly Fields[]): readonly number[] {
  const before = present((first(own, 'previous_errors', list) ?? []).map(record));
  return before.map((fields) => statusIn([fields])).filter((status) => status !== null);
}

/** The first of `code`, `http_status` and `status` (numbers or numbers as text) that is the status of an error. */
function statusIn(own: readonly Fields[]): number | null {
  const said = own.flatMap((fields) => [fields.code, fields.http_status, fields.status].map(numeric));
  return said.find((status) => status !== null && isErrorStatus(status)) ?? null;
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599;
}

function objectsToContent({ reasons, flagged_input: flagged, patterns }: Fields): boolean {
  return [list(reasons), text(flagged), list(patterns)].some((said) => said !== null && said.length > 0);
}

function isNotEmpty(value: string | null): value is string {
  return value !== null && value !== '';
}

const refusals: ReadonlySet<string> = new Set([
  'content_policy_violation',
  'image_content_policy_violation',
  'refusal',
]);

/** OpenRouter's `error_type`, Anthropic's `error.type`, the Responses form's `error.code`. */
const namesOfStatuses: readonly (readonly [status: number, names: readonly string[]])[] = [
  [400, ['invalid_request', 'invalid_request_error', 'invalid_prompt', 'invalid_image']],
  [400, ['context_length_exceeded', 'string_too_long', 'max_tokens_exceeded', 'token_limit_exceeded']],
  [400, ['image_too_large', 'image_too_small', 'unsupported_image_format', 'image_download_failed']],
  [401, ['authentication', 'unauthorized', 'authentication_error', 'invalid_api_key']],
  [402, ['payment_required', 'billing_error']],
  [403, ['permission_denied', 'permission_error', ...refusals]],
  [404, ['not_found', 'not_found_error', 'image_not_found']],
  [408, ['timeout']],
  [412, ['precondition_failed']],
  [413, ['payload_too_large', 'request_too_large']],
  [422, ['unprocessable']],
  [429, ['rate_limit_exceeded', 'rate_limit_error']],
  [500, ['server', 'server_error', 'api_error', 'unmapped']],
  [502, ['provider_unavailable']],
  [504, ['timeout_error']],
  [529, ['provider_overloaded', 'overloaded_error']],
];
const statusByName: ReadonlyMap<string, number> = new Map(
  namesOfStatuses.flatMap(([status, named]) => named.map((name) => [name, status] as const)),
);

/** The status of the first name in `namesOfStatuses`, or null. */
function namedStatus(named: readonly string[]): number | null {
  return named.map((name) => statusByName.get(name)).find((status) => status !== undefined) ?? null;
}

type Fields = Readonly<Record<string, unknown>>;

/** The field of the first layer in which `kind` accepts its value; null where none does. */
function first<T>(layers: readonly Fields[], name: string, kind: (value: unknown) => T | null): T | null {
  for (const fields of layers) {
    const value = kind(fields[name]);
    if (value !== null) return value;
  }
  return null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The text; a number counts as its text. */
function code(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : text(value);
}

/** The number; a number as text counts too. */
function numeric(value: unknown): number | null {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : null;
}

/** The truth value; `true` and `false` as text count too. */
function truth(value: unknown): boolean | null {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
}

/** A list of names; a single name counts as a list of one. */
function names(value: unknown): readonly string[] | null {
  const parsed: unknown = typeof value === 'string' ? [value] : value;
  return Array.isArray(parsed) && parsed.every((name) => typeof name === 'string') ? parsed : null;
}

function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

function record(value: unknown): Fields | null {
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects that the layers hold in the field of that name. */
function children(layers: readonly Fields[], name: string): readonly Fields[] {
  return present(layers.map((fields) => record(fields[name])));
}

/** The fields of an object; a string becomes the field `message`; null for anything else. */
function readFields(value: unknown): Fields | null {
  return typeof value === 'string' && value !== '' ? { message: value } : record(value);
}

/** Longer than any error. A longer value is never parsed: all other requests would wait for seconds. */
export const mostParsedBytes = 128 * 1024;

/** The parsed value; undefined where the text is not JSON, or too long. */
export function parseShortJson(text: string): unknown {
  return text.length > mostParsedBytes ? undefined : parseJson(text);
}

interface ErrorLayers {
  /** Upstream's own layers, innermost first: a field is read from the first layer that has it. */
  readonly own: readonly Fields[];
  /** The provider's error, where upstream passes it on as JSON. */
  readonly provider: readonly Fields[];
  /** The provider's error, where it is plain text. */
  readonly providerText: string;
}

/** The layers of a parsed body: an error, an answer or event that holds one, or neither. */
function layersOf(body: unknown): ErrorLayers {
  const root = firstRecord(body);
  const error = errorIn(root);
  // Some senders wrap an error in another one.
  const inner = readFields(error?.error);
  const layers = [inner, error, root].flatMap((fields) => [fields, readFields(fields?.metadata)]);
  const own = present(layers);
  const raw = first(own, 'raw', (value) => value ?? null);
  const said = firstRecord(typeof raw === 'string' ? parseShortJson(raw) : raw);
  // Google keeps its hints in `error.details`.
  const provider = present([errorIn(said), said]);
  const details = provider.flatMap((fields) => (list(fields.details) ?? []).map(readFields));
  return {
    own,
    provider: [...provider, ...present(details)],
    providerText: typeof raw === 'string' && said === null ? raw : '',
  };
}

/** OpenAI and Anthropic: `error`; Responses events: `response.error`; chat with partial content: `choices[0].error`. */
function errorIn(root: Fields | null): Fields | null {
  const choice = firstRecord(list(root?.choices));
  const places = [root?.error, record(root?.response)?.error, choice?.error];
  return present(places.map(readFields))[0] ?? null;
}

/** Whether a parsed body or event is an error, or an answer that ended in one. */
export function isError(value: unknown): boolean {
  const root = record(value);
  const isNamed = ['error', 'response.failed', 'response.error'].includes(text(root?.type) ?? '');
  return isNamed || errorIn(root) !== null || firstRecord(list(root?.choices))?.finish_reason === 'error';
}

/** A parsed event's error in the form of an error answer; null without one in a response, or beside or in choices. */
export function wrappedError(value: unknown): Fields | null {
  const root = record(value);
  const error = root !== null && ('response' in root || 'choices' in root) ? errorIn(root) : null;
  return error && { error, error_type: record(root?.['response'])?.['error_type'] };
}

/** The object itself, or the first object of a list: Google wraps its errors in lists. */
function firstRecord(value: unknown): Fields | null {
  return record(Array.isArray(value) ? value[0] : value);
}

function present(layers: readonly (Fields | null)[]): readonly Fields[] {
  return layers.filter((fields) => fields !== null);
}
