// Where a request goes upstream, and what kind of endpoint that is.
import type { Form } from './form';
import { Refusal } from './refusal';

/** A path below upstream's base URL. */
export interface Target {
  /** Begins with `/`; without the query. */
  readonly path: string;
  /** With its `?`, or empty; passed on as it came. */
  readonly query: string;
}

/**
 * - `models`: runs a model and may be sent again.
 * - `once`: runs a model but makes something that must not be made twice.
 * - `plain`: runs no model.
 */
export type EndpointKind = 'models' | 'once' | 'plain';

export interface Endpoint {
  readonly kind: EndpointKind;
  readonly form: Form;
}

/**
 * Clients join paths naively: `/api/v1/x`, `/v1/x`, `/x` and `/v1//x` are all upstream's `/x`. Throws a Refusal for a
 * path that could leave upstream's base.
 */
export function targetOf(url: string): Target {
  // Absolute form (RFC 9112 3.2.2): only its path counts, the target is always the configured upstream.
  const own = url.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = own.indexOf('?');
  const path = mark < 0 ? own : own.slice(0, mark);
  const query = mark < 0 ? '' : own.slice(mark);
  if (/(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|$)/i.test(path) || !/^\/[^\s\\#]*$/.test(path)) {
    throw new Refusal('This path is not one of OpenRouter’s API.', { status: 400, code: 'path_not_allowed' });
  }
  const single = path.replace(/\/{2,}/g, '/');
  return { path: single.replace(/^\/(?:api\/)?v1(?=\/|$)/, '') || '/', query };
}

const repeatable =
  /^\/(?:presets\/[^/]+\/)?(?:chat\/completions|completions|responses|messages|embeddings|rerank)\/?$/;
const makesOnce = /^\/(?:images(?:\/.*)?|audio\/.*|videos)\/?$/;

export function endpointOf(method: string, path: string): Endpoint {
  const form = formOf(path);
  if (method !== 'POST') return { kind: 'plain', form };
  if (repeatable.test(path)) return { kind: 'models', form };
  return { kind: makesOnce.test(path) ? 'once' : 'plain', form };
}

/** What upstream answers without any key. */
export function needsNoKey(method: string, path: string): boolean {
  return method === 'GET' && /^\/models(?:\/(?!user\/?$).*)?$/.test(path);
}

/** The id of the thing that the request is about, which only its maker's account can see; null if there is none. */
export function madeThing({ path, query }: Target): string | null {
  if (/^\/generation(?:\/content)?\/?$/.test(path)) return new URLSearchParams(query).get('id');
  return /^\/(?:videos|files)\/([^/]+)/.exec(path)?.[1] ?? null;
}

/** Whether an answer of the endpoint names a thing that will be asked for later. */
export function makesThings(method: string, path: string): boolean {
  return method === 'POST' && /^\/(?:videos|files)\/?$/.test(path);
}

function formOf(path: string): Form {
  if (/\/messages(?:\/|$)/.test(path)) return 'anthropic';
  return /\/responses(?:\/|$)/.test(path) ? 'responses' : 'openai';
}
