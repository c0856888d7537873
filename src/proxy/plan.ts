// What the proxy knows of a request before it sends anything.
import * as v from 'valibot';
import { shortHash } from '../base/secret';
import type { RequestClass } from '../keys/lock';
import { RenewedBody, type Body as RequestBody } from './bodies';
import { endpointOf, madeThing, makesThings, needsNoKey, targetOf, type EndpointKind } from './endpoint';
import { clientName } from './clientName';
import type { Form } from './form';
import { headerValue, requestHeaders } from './headers';
import { isFreeModel } from './freeModel';
import { outerFields } from './outerFields';

export interface Plan {
  readonly method: string;
  /** Below upstream's base URL, with the query. */
  readonly path: string;
  readonly form: Form;
  readonly kind: EndpointKind;
  readonly requestClass: RequestClass;
  /** Upstream answers without a key: no lease is needed. */
  readonly keyless: boolean;
  readonly model: string | null;
  readonly streaming: boolean;
  /** Chat, completions, responses, messages, embeddings, rerank, or GET and HEAD (design, "Retries"). */
  readonly repeatable: boolean;
  /** Names the conversation, so that its prompt cache is found again; null where nothing tells. */
  readonly conversation: string | null;
  /** The thing upstream that the request is about. */
  readonly thing: string | null;
  readonly makesThing: boolean;
  /** For upstream, without credentials. */
  readonly headers: readonly string[];
  /** Kept until the commit; a fallback's own stands for it. */
  readonly body: RequestBody;
  /** The program that calls, as its headers tell. */
  readonly client: string;
}

/** A request as it came. */
export interface ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: RequestBody;
}

/** The fields of a body that decide where it goes; anything else is upstream's business. */
const bodySchema = v.object({
  model: v.fallback(v.nullable(v.string()), null),
  models: v.fallback(v.array(v.string()), []),
  stream: v.fallback(v.boolean(), false),
  session_id: v.fallback(v.nullable(v.string()), null),
  prompt_cache_key: v.fallback(v.nullable(v.string()), null),
  instructions: v.optional(v.unknown()),
  system: v.optional(v.unknown()),
  messages: v.fallback(v.array(v.unknown()), []),
  input: v.optional(v.unknown()),
});
type Body = v.InferOutput<typeof bodySchema>;

/** Throws a Refusal for a path that could leave upstream's base; a body that is no JSON is upstream's to refuse. */
export function planOf(request: ClientRequest): Plan {
  const { method, rawHeaders } = request;
  const target = targetOf(request.url);
  const { kind, form } = endpointOf(method, target.path);
  const body = kind === 'plain' ? null : readBody(request);
  const requestClass = classOf(kind, body);
  return {
    method,
    path: target.path + target.query,
    form,
    kind,
    requestClass,
    keyless: needsNoKey(method, target.path),
    model: body === null ? null : (body.model ?? body.models[0] ?? null),
    streaming: body?.stream ?? false,
    repeatable: isRepeatable(request, kind),
    conversation: requestClass === 'paid' ? conversationOf(rawHeaders, body) : null,
    thing: madeThing(target),
    makesThing: makesThings(method, target.path),
    headers: headersFor(request, kind === 'models'),
    body: request.body,
    client: clientName(rawHeaders),
  };
}

/** What passes through is gone once it is sent. */
function isRepeatable({ method, body }: ClientRequest, kind: EndpointKind): boolean {
  return body.passing === null && (kind === 'models' || method === 'GET' || method === 'HEAD');
}

/** The plan for the same request with another model; everything else of its body, which must be kept, stays as it was. */
export function withModel(plan: Plan, model: string): Plan {
  const parsed: unknown = plan.body.bytes === null ? {} : JSON.parse(plan.body.bytes.toString('utf8'));
  const fields: Record<string, unknown> = { ...(parsed as object), model };
  delete fields['models'];
  const requestClass = isFreeModel(model) ? 'free' : 'paid';
  return { ...plan, model, requestClass, body: new RenewedBody(plan.body, JSON.stringify(fields)) };
}

function readBody({ rawHeaders, body }: ClientRequest): Body | null {
  const { beginning, passing } = body;
  if (beginning === null || !/json/i.test(headerValue(rawHeaders, 'content-type') ?? 'json')) return null;
  const text = beginning.toString('utf8');
  const read = v.safeParse(bodySchema, passing === null ? parseJson(text) : outerFields(text));
  return read.success ? read.output : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Upstream says what is wrong with it, in its own words.
    return null;
  }
}

/** A body that passes through tells its length, where the client told it; any other's is known when it is sent. */
function headersFor({ rawHeaders, body }: ClientRequest, identity: boolean): readonly string[] {
  const headers = requestHeaders(rawHeaders, identity);
  return body.passing === null || body.length === null
    ? headers
    : [...headers, 'content-length', String(body.length)];
}

/** Free only if every model that may answer is free: presets, and whatever names no model, may cost. */
function classOf(kind: EndpointKind, body: Body | null): RequestClass {
  if (kind === 'plain') return 'unmetered';
  if (body === null) return 'paid';
  const models = body.model === null ? body.models : [body.model, ...body.models];
  return models.length > 0 && models.every(isFreeModel) ? 'free' : 'paid';
}

const conversationHeaders = ['x-session-id', 'session-id', 'x-claude-code-session-id'];

function conversationOf(rawHeaders: readonly string[], body: Body | null): string | null {
  const fromHeaders = conversationHeaders.map((name) => headerValue(rawHeaders, name));
  const named = [body?.session_id, body?.prompt_cache_key, ...fromHeaders].find(
    (id) => typeof id === 'string' && id !== '',
  );
  if (typeof named === 'string') return shortHash(named);
  if (body === null) return null;
  const beginning = [body.system, body.instructions, ...body.messages.slice(0, 2), firstInput(body.input)];
  const text = JSON.stringify(beginning.filter((part) => part !== undefined));
  return text === '[]' ? null : shortHash(text);
}

function firstInput(input: unknown): unknown {
  return Array.isArray(input) ? (input.slice(0, 2) as unknown[]) : input;
}
