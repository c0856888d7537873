// The request's place at upstream, and its operation.
import type { Secret } from '../../base/secret';
import { Refusal, type Form } from '../errors/refusal';

/** The request target, read once. */
export interface Target {
  /** Below upstream's base URL: begins with `/`, without the query. `/api/alpha/…` and `/api/beta/…` stand beside `/api/v1`. */
  readonly path: string;
  /** Whether the path ended in a slash: relative links of a page lead elsewhere from there. */
  readonly isFolder: boolean;
  /** With its `?`, or empty; passed on as it came. */
  readonly query: string;
  /** Host and port of a target in absolute form (RFC 9112 3.2.2), or null. */
  readonly authority: string | null;
  /** Whether the path stays within upstream's base, so that it may be sent. */
  readonly isWithinBase: boolean;
}

/**
 * - `models`: runs a model and may be sent again.
 * - `once`: runs a model but makes something that must not be made twice.
 * - `plain`: runs no model.
 */
export type OperationKind = 'models' | 'once' | 'plain';

/** A method at a path, as OpenAPI has it. */
export interface Operation {
  readonly kind: OperationKind;
  readonly form: Form;
}

/** Clients join base URL and path naively: `/api/v1/x`, `/v1/x`, `/x`, `/api/x`, `/v1//x`, `/v1/v1/x` and `/api/v1/api/v1/x/` are all upstream's `/x`. */
export function readTarget(url: string): Target {
  const [, authority = null, own = ''] = /^(?:https?:\/\/([^/?#]*))?([^]*)$/i.exec(url) ?? [];
  const mark = own.indexOf('?');
  const path = mark < 0 ? own : own.slice(0, mark);
  const isWithinBase =
    /^\/[^\s\\#]*$/.test(path) &&
    !/(?:^|[/\\])[\0-\x20]*(?:\.[\0-\x20]*){1,2}(?:[/\\;?#]|$)/.test(decoded(path));
  return {
    path: withoutBase(path === '' ? '/' : path),
    isFolder: path.endsWith('/'),
    query: mark < 0 ? '' : own.slice(mark),
    authority,
    isWithinBase,
  };
}

/** Throws a Refusal for a path that could leave upstream's base, and for one that would tell upstream the proxy key. */
export function checkPath({ path, isWithinBase }: Target, proxyKey: Secret): void {
  if (isWithinBase && !proxyKey.isIn(decoded(path))) return;
  throw new Refusal('path_not_allowed', 'This path is not one of OpenRouter’s API.');
}

/** The base of a client's path: `/api`, `/v1`, or a pasted address (`/v1/messages/v1/messages`); not `/api/alpha` and the like. */
const base =
  /^(?:\/v1(?=\/|$)|\/api(?=\/(?!(?:alpha|beta)(?:\/|$)))|\/(?:chat\/completions|responses|messages)(?:\/api)?(?:\/v1)?(?=\/(?:chat|completions|responses|messages|embeddings|models)(?:\/|$)))+/i;

/** A percent-encoded letter or digit is the same as the plain one (RFC 3986 6.2.2.2): no spelling of a path gets around a rule about it. */
function withoutBase(path: string): string {
  const plain = path.replace(/%[2-7][0-9a-f]/gi, (code) => {
    const character = characterOf(code);
    return /[\w.~-]/.test(character) ? character : code;
  });
  return (
    plain
      .replace(/\/{2,}/g, '/')
      .replace(/\/$/, '')
      .replace(base, '') || '/'
  );
}

const repeatable =
  /^\/(?:(?:(?:presets|interns)\/[^/]+\/|cursor\/)?(?:chat\/completions|completions|responses|messages)|embeddings|rerank|systemone)$/;
const makesOnce = /^\/(?:images(?:\/.*)?|audio\/.*|videos)$/;

export function operationOf(method: string, path: string): Operation {
  const form = formOf(path);
  if (method !== 'POST') return { kind: 'plain', form };
  if (repeatable.test(path)) return { kind: 'models', form };
  return { kind: makesOnce.test(path) ? 'once' : 'plain', form };
}

export function needsNoKey(method: string, path: string): boolean {
  return /^(?:GET|HEAD)$/.test(method) && /^\/models(?:\/(?!user$).*)?$/.test(path);
}

/** Whether the path asks about the key itself; `/auth/key` is the older name. */
export function isKeyPath(path: string): boolean {
  return /^\/(?:auth\/)?key$/i.test(path);
}

/** Paths of keys and other secrets, and of settings about who sees the requests. */
const keyAdministration =
  /^\W*(?:(?:api|v\d+|alpha|beta)(?:;[^/\\]*)?[/\\]\W*)*(?:auth|oauth|keys?|byok|provider-?keys|guardrails|workspaces|organizations?|vault|scim|observability)(?![\w-])/i;

/** Finds every spelling of such a path: servers decode it more than once, drop the part after a `;`, or read `\` as `/`. */
export function changesKeys(method: string, path: string): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method) && keyAdministration.test(decoded(path));
}

/** Uploads of files, token counts, and the end of a batch cost nothing. */
const costless =
  /^(?:\/api\/(?:alpha|beta))?\/(?:files(?:\/.*)?|messages\/count_tokens|batches\/[^/]+\/cancel)$/;

/** Whether a request that runs no model may cost all the same: a batch runs models later, and an unknown path may do anything. */
export function mayCost(method: string, path: string, kind: OperationKind): boolean {
  if (kind !== 'plain' || /^(?:GET|HEAD|OPTIONS|DELETE)$/.test(method)) return false;
  return !costless.test(path) && !changesKeys(method, path);
}

const mostDecodings = 3;

/** The path as the last of several servers may read it. */
function decoded(path: string): string {
  let text = path;
  for (let round = 0; round < mostDecodings && text.includes('%'); round++)
    text = text.replace(/%[0-9a-f]{2}/gi, characterOf);
  return text;
}

function characterOf(code: string): string {
  return String.fromCharCode(Number.parseInt(code.slice(1), 16));
}

const things = /^(?:\/api\/(?:alpha|beta))?\/(?:videos|files|batches|containers)(?:\/([^/]+)|$)/;

/** The id of the thing that the request is about, which only its maker's account can see; null if there is none. */
export function madeThing({ path, query }: Target): string | null {
  if (/^\/generation(?:\/.*)?$/.test(path)) return new URLSearchParams(query).get('id');
  return things.exec(path)?.[1] ?? null;
}

/** Whether an answer of the operation names a thing that will be asked for later. */
export function makesThings(method: string, path: string): boolean {
  const match = method === 'POST' ? things.exec(path) : null;
  return match !== null && match[1] === undefined;
}

function formOf(path: string): Form {
  if (/\/messages(?:\/|$)/.test(path)) return 'anthropic';
  return /\/responses(?:\/|$)/.test(path) ? 'responses' : 'openai';
}

/** The query unchanged, except for parameters that hold the secret: upstream has no use for the proxy key. */
export function queryWithout(secret: Secret, query: string): string {
  if (query.length <= 1) return query;
  const kept = query
    .slice(1)
    .split('&')
    .filter((part) => !secret.isIn(decoded(part)));
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}
