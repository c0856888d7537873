// The plan: all that the proxy knows of a request before it sends anything.
import { crc32 } from 'node:zlib';
import type { Secret } from '../../base/secret';
import type { RequestClass } from '../../keys/lock';
import type { Body as RequestBody } from './bodies';
import {
  madeThing,
  queryWithout,
  makesThings,
  mayCost,
  needsNoKey,
  type Operation,
  type OperationKind,
} from './target';
import type { RequestHead } from './admission';
import {
  noRequestFields,
  readRequestFields,
  withModelName,
  type ModelFields,
  type RequestFields,
} from './requestFields';
import { without } from './headers';
import { isFreeModel } from '../../keys/freeModel';
import { cachedConversation } from '../../keys/wheel';
import { runScan, type Scan } from './outerFields';

/** This much of a body is enough to tell it from others. */
const longestCached = 1024 * 1024;

export interface Plan extends Operation, Pick<RequestFields, 'model' | 'streaming' | 'choosesProviders'> {
  readonly method: string;
  /** Below upstream's base URL, with the query. */
  readonly path: string;
  readonly requestClass: RequestClass;
  /** Whether the request may cost, whatever its class is. */
  readonly mayCost: boolean;
  /** Upstream answers without a key: no lease is needed. */
  readonly keyless: boolean;
  readonly repeatable: Repeatable;
  /** The name of the conversation, by which its prompt cache is found again; null where nothing names it. */
  readonly conversation: string | null;
  readonly thing: string | null;
  readonly makesThing: boolean;
  readonly headers: readonly string[];
  /** As the client sent it; kept until the commit. */
  readonly body: RequestBody;
  readonly names: ModelFields;
  readonly costs: boolean;
  /** The model that replaces the client's in the body; null where the body stays as it is. */
  readonly fallback: string | null;
  readonly client: string;
}

/**
 * Whether the request may be sent again: `always`: chat, completions, responses, messages, embeddings, rerank, GET, HEAD
 * · `refused`: only if the key or account was refused or lacks the thing, as nothing must be made twice · `never`.
 */
export type Repeatable = 'always' | 'refused' | 'never';

export interface ClientRequest extends RequestHead {
  readonly body: RequestBody;
}

/** The request's plan. A body that is no JSON is planned as empty: upstream refuses it. */
export function planOf(request: ClientRequest, proxyKey: Secret): Plan | Promise<Plan> {
  return runScan(planning(request, proxyKey));
}

function* planning(request: ClientRequest, proxyKey: Secret): Scan<Plan> {
  const { method, target, operation, headers, body } = request;
  const { kind, form } = operation;
  // The scan begins with the cost of the body: its pieces were joined in this turn of the event loop.
  yield body.bytes?.length ?? 0;
  const makesThing = makesThings(method, target.path);
  const read = yield* readRequestFields(kind !== 'plain' || makesThing ? body.bytes : null);
  const asks = asksOf(kind, target.path, read);
  return {
    method,
    path: target.path + queryWithout(proxyKey, target.query),
    form,
    kind,
    requestClass: classOf(kind, asks),
    mayCost: mayCost(method, target.path, kind),
    keyless: needsNoKey(method, target.path),
    model: asks.model,
    streaming: asks.streaming,
    choosesProviders: asks.choosesProviders,
    repeatable: repeatableOf(request),
    conversation: kind === 'plain' ? null : conversationOf(request, asks),
    // A batch is made by the account that has its file.
    thing: madeThing(target) ?? (makesThing ? read.inputFile : null),
    makesThing,
    headers: headersFor(request, proxyKey, kind === 'models'),
    body,
    names: asks.names,
    costs: asks.costs,
    fallback: null,
    client: headers.client,
  };
}

/** A body that streams up is gone once it was sent. */
function repeatableOf({ method, operation: { kind }, body }: ClientRequest): Repeatable {
  if (body.passing !== null) return 'never';
  return kind === 'models' || method === 'GET' || method === 'HEAD' ? 'always' : 'refused';
}

/** Whether the whole answer is due soon; the bytes of a file or video may be fetched from elsewhere first. */
export function isQuickRead({ kind, repeatable, path }: Plan): boolean {
  return kind === 'plain' && repeatable === 'always' && !/\/content(?:\?|$)/.test(path);
}

/** The plan for the same request with another model. */
export function withModel(plan: Plan, model: string): Plan {
  const requestClass = isFreeModel(model) && !plan.costs ? 'free' : 'paid';
  return { ...plan, model, requestClass, fallback: model };
}

/** The bytes to send of a body that is kept: the client's, with the fallback's name in place of the model. */
export function bytesOf({ body: { bytes }, names, fallback }: Plan): Buffer | null {
  return bytes === null || fallback === null ? bytes : withModelName(bytes, names, fallback);
}

/** A body that streams up gets the length that the client named, if any; that of a kept one is known when it is sent. */
function headersFor(
  { headers, body }: ClientRequest,
  proxyKey: Secret,
  identity: boolean,
): readonly string[] {
  const all = headers.forUpstream(proxyKey, identity);
  const sent = body.isDecoded ? without(all, new Set(['content-encoding'])) : all;
  return body.passing === null || body.length === null
    ? sent
    : [...sent, 'content-length', String(body.length)];
}

/** Presets and interns in the path have models, plugins and tools of their own. */
const ownModel = /^\/(?:presets|interns)\//;

function asksOf(kind: OperationKind, path: string, read: RequestFields): RequestFields {
  if (kind === 'plain') return noRequestFields;
  return ownModel.test(path) ? { ...read, isFree: false, costs: true } : read;
}

/** Free only if every model that may answer is free: presets, and requests that name no model, may cost. */
function classOf(kind: OperationKind, { isFree }: RequestFields): RequestClass {
  if (kind === 'plain') return 'unmetered';
  return isFree ? 'free' : 'paid';
}

/** The response cache is the key's: the same body goes to the key that answered it before. */
function conversationOf(
  { headers, body: { bytes } }: ClientRequest,
  { session, opening }: RequestFields,
): string | null {
  if (bytes !== null && headers.mayBeCached)
    return `${cachedConversation}${bytes.length} ${crc32(bytes.subarray(0, longestCached))}`;
  const named = session === null || session === '' ? headers.session : session;
  return named === null ? opening : String(crc32(named));
}
