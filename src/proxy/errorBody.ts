// Reads an error's body, whatever its form, into evidence.
import type { Fields } from './errorFields';
import { parseJson } from './errorFields';
import { layersOf } from './errorLayers';
import type { ErrorLayers } from './errorLayers';
import { namedStatus } from './namedStatus';
import { headerValues } from './rawHeaders';

/** What the body says about when to come again, in the units that it came in; null is unsaid. */
export interface BodyHints {
  /** The rate-limit headers that `metadata.headers` repeats: name, value, name, value. */
  readonly headers: readonly string[];
  /** `availability.retry_after`. */
  readonly retryAfterSeconds: number | null;
  /** Google's, such as `5s`. */
  readonly retryDelay: string | null;
  /** ISO 8601, or an epoch in seconds or milliseconds. */
  readonly resetsAt: string | null;
}

export interface ErrorEvidence {
  readonly shape: 'json' | 'html' | 'text' | 'empty';
  /** Whether the body itself says that something failed: tells an error inside a 200 from an answer. */
  readonly speaksOfError: boolean;
  /** The HTTP status that the body names, by number or by word; null if it names none. */
  readonly status: number | null;
  /** Upstream's and the provider's words together, for looking into, not for showing. */
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
  readonly retryable: boolean | null;
  /** Moderation or a guardrail said what it objects to. */
  readonly refusedContent: boolean;
  /** Cloudflare's code, such as 1015; null elsewhere. */
  readonly edgeCode: number | null;
  readonly hints: BodyHints;
}

/** Enough for any message; a provider's page can be long. */
const longestWords = 8192;

/** What the decoded body says. Never throws: what cannot be read counts as unsaid. */
export function readErrorBody(headers: readonly string[], body: Buffer): ErrorEvidence {
  const text = body
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  const parsed = parseJson(payloadOf(text));
  const isJson = typeof parsed === 'object' && parsed !== null;
  return evidenceOf(isJson ? 'json' : shapeOf(headers, text), isJson ? '' : text, layersOf(parsed));
}

/** The text, or what its first data line holds if it is an event stream. */
function payloadOf(text: string): string {
  if (!/^(?:data|event|id|retry)?:/.test(text)) return text;
  return /^data:([^\r\n]*)/m.exec(text)?.[1]?.trim() ?? text;
}

function shapeOf(headers: readonly string[], text: string): 'html' | 'text' | 'empty' {
  if (text === '') return 'empty';
  const isHtml = headerValues(headers, 'content-type').some((type) => /html/i.test(type));
  return isHtml || text.startsWith('<') ? 'html' : 'text';
}

function evidenceOf(shape: ErrorEvidence['shape'], text: string, layers: ErrorLayers): ErrorEvidence {
  const { own, provider, providerText } = layers;
  const refusedContent = own.some(objectsToContent);
  const names = own.flatMap((fields) => [fields.error_type, fields.code, fields.type].filter(isText));
  const providerMessage = firstOf(provider, (fields) => fields.message) ?? providerText;
  const edgeText = /\berror(?: code)?:?\s*(10\d\d)\b/i.exec(text)?.[1];
  return {
    shape,
    speaksOfError: layers.speaksOfError,
    status: statusIn(own) ?? (refusedContent ? 403 : namedStatus(names)),
    words: [...own.map((fields) => fields.message).filter(isText), providerMessage, text]
      .join('\n')
      .slice(0, longestWords),
    names,
    limitSource: firstOf(own, (fields) => fields.limit_source),
    reason: firstOf(own, (fields) => fields.reason),
    providerName: firstOf(own, (fields) => fields.provider_name),
    providerStatus: firstOf([...provider, ...own], (fields) => fields.status),
    isByok: firstOf(own, (fields) => fields.is_byok) ?? false,
    availabilityCode: firstOf(own, (fields) => fields.availability?.code),
    retryable: firstOf(own, (fields) => fields.availability?.retryable),
    refusedContent,
    edgeCode: edgeText === undefined ? firstOf(own, (fields) => fields.error_code) : Number(edgeText),
    hints: hintsOf([...own, ...provider]),
  };
}

function hintsOf(layers: readonly Fields[]): BodyHints {
  const repeated = layers.flatMap(({ headers }) => Object.entries(headers ?? {}));
  return {
    headers: repeated.flatMap(([name, value]) => (value === null ? [] : [name, value])),
    retryAfterSeconds: firstOf(layers, (fields) => fields.availability?.retry_after ?? fields.retry_after),
    retryDelay: firstOf(layers, (fields) => fields.retryDelay),
    resetsAt: firstOf(layers, (fields) => fields.resets_at),
  };
}

/** `code`, `http_status` and `status`, numbers or numbers as text, where they are an error's status. */
function statusIn(own: readonly Fields[]): number | null {
  return firstOf(own, (fields) =>
    [fields.code, fields.http_status, fields.status].map(Number).find(isErrorStatus),
  );
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599;
}

function objectsToContent(fields: Fields): boolean {
  return [fields.reasons, fields.flagged_input, fields.patterns].some(
    (said) => said !== null && said.length > 0,
  );
}

function isText(value: string | null): value is string {
  return value !== null && value !== '';
}

/** What the first layer says that says anything. */
function firstOf<T>(layers: readonly Fields[], read: (fields: Fields) => T | null | undefined): T | null {
  for (const fields of layers) {
    const value = read(fields);
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
