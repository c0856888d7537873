// The headers that cross the proxy, and the program that they name. Raw lists: name, value, name, value, in the sender's order and case.
import { headerValues } from '../../base/http';
import type { Secret } from '../../base/secret';

/** Hop-by-hop: they speak of one connection, not of the message (RFC 9110 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers in which a client may name its conversation; the first one present counts. */
const sessionHeaders = ['x-session-id', 'session-id', 'x-claude-code-session-id'];
/** Headers in which a client may name itself; the first one present counts. */
const nameHeaders = ['x-openrouter-title', 'x-title', 'originator', 'user-agent'];
/** At most this many headers are compared with the proxy key; more would be as many guesses at once. */
const mostShown = 4;

/** The meaning of a client's header: how it is read, and whether it is sent upstream. */
interface Meaning {
  readonly leaves: boolean;
  readonly read: (headers: ClientHeaders, value: string) => void;
}

function leaves(read: Meaning['read']): Meaning {
  return { leaves: true, read };
}

function stays(read: Meaning['read'] = () => undefined): Meaning {
  return { leaves: false, read };
}

/**
 * Not sent upstream: headers that show the proxy key or tell upstream about the user; headers that the proxy writes
 * itself, as the connection is another one and the body is sent as a whole; and headers that could tell servers before
 * OpenRouter's of another path, method, address or user.
 */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...[...hopByHop, 'cookie', 'referer'].map((name) => [name, stays()] as const),
  ['connection', stays((headers, value) => headers.connections.push(value))],
  ['transfer-encoding', stays((headers) => (headers.bodyLength = null))],
  ['content-length', stays((headers, value) => headers.noteLength(Number(value)))],
  ['content-encoding', leaves((headers) => (headers.mayBeCoded = true))],
  ['expect', stays((headers, value) => (headers.isExpecting = /^100-continue$/i.test(value)))],
  ['host', stays((headers, value) => headers.hosts.push(value))],
  ['origin', stays((headers, value) => headers.origins.push(value))],
  ['sec-fetch-site', leaves((headers, value) => headers.sites.push(value))],
  [
    'authorization',
    stays((headers, value) => headers.noteKey(value, /^bearer\s+(\S+)\s*$/i.exec(value)?.[1])),
  ],
  ...['x-api-key', 'api-key', 'apikey'].map(
    (name) => [name, stays((headers, value) => headers.noteKey(value, value))] as const,
  ),
  ...sessionHeaders.map(
    (name, rank) => [name, leaves((headers, value) => (headers.sessions[rank] ??= value))] as const,
  ),
  ...nameHeaders.map(
    (name, rank) => [name, leaves((headers, value) => (headers.names[rank] ??= value))] as const,
  ),
  ['x-openrouter-cache', leaves((headers, value) => (headers.mayBeCached ||= /^true$/i.test(value)))],
]);

const overriding =
  /^(?:x-(?:original|rewrite|override|http|method|host|forwarded|envoy|vercel|middleware)(?:-.*)?|x-real-ip|.*-client-?ip|forwarded|cdn-loop|cf-.*|x-(?:auth-request|amzn|goog)-.*|remote-.*|.*-jwt-assertion)$/;

/** Some servers read `_` as `-`: a header with `_` could tell them of another message. */
function isHidden(lower: string): boolean {
  const spelled = lower.replaceAll('_', '-');
  return overriding.test(spelled) || hopByHop.has(spelled) || (lower !== spelled && framing.test(spelled));
}

const framing = /^(?:content-length|host|authorization)$/;

/** The facts in a client's headers, read in one pass. */
export class ClientHeaders {
  readonly hosts: string[] = [];
  readonly origins: string[] = [];
  readonly sites: string[] = [];
  /** All values that may be the proxy key. */
  readonly keys: string[] = [];
  /** The values of the headers in which the proxy key belongs, in any form. */
  readonly shown: string[] = [];
  /** The length of the body: null where the client does not name it, 0 where none comes. */
  bodyLength: number | null = 0;
  /** Whether the body may be coded (`Content-Encoding`). */
  mayBeCoded = false;
  /** Whether the client waits for 100 Continue before it sends its body. */
  isExpecting = false;
  mayBeCached = false;
  readonly connections: string[] = [];
  /** By their rank in `sessionHeaders`, and in `nameHeaders`. */
  readonly sessions: (string | undefined)[] = [];
  readonly names: (string | undefined)[] = [];
  private readonly kept: string[] = [];

  constructor(raw: readonly string[]) {
    forEachHeader(raw, (name, lower, value) => {
      const meaning = meanings.get(lower);
      meaning?.read(this, value);
      if (meaning?.leaves !== false && !isHidden(lower)) this.kept.push(name, value);
    });
  }

  /** A chunked body has no known length, even with a `Content-Length`. */
  noteLength(bytes: number): void {
    if (this.bodyLength !== null) this.bodyLength = bytes;
  }

  noteKey(shown: string, key = ''): void {
    if (this.shown.length === mostShown) return;
    if (key !== '') this.keys.push(key);
    if (!/^(?:bearer)?\s*$/i.test(shown)) this.shown.push(shown);
  }

  get session(): string | null {
    return this.sessions.find((id) => id !== undefined && id !== '') ?? null;
  }

  /** The program that calls: a known name, else the first name found in a header, else `unknown`. */
  get client(): string {
    const values = this.names.filter((name) => name !== undefined);
    for (const text of values) {
      const match = known.find(([pattern]) => pattern.test(text));
      if (match !== undefined) return match[1];
    }
    return values.map(programIn).find((name) => name !== '') ?? 'unknown';
  }

  /**
   * The headers that go upstream, without any credential. With `identity` upstream is asked for an uncoded answer, so
   * that its first events can be read before the client gets them.
   */
  forUpstream(proxyKey: Secret, identity: boolean): string[] {
    const dropped = connectionNames(this.connections, identity ? acceptEncoding : nothing);
    const kept = without(this.kept, dropped, proxyKey);
    if (identity) kept.push('accept-encoding', 'identity');
    return kept;
  }
}

/** Headers of an answer that the proxy itself reads. */
const valuesRead: ReadonlySet<string> = new Set([
  'age',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'transfer-encoding',
  'x-generation-id',
]);

/** Upstream's headers for the client, and the first values of those that the proxy reads; only the proxy writes `x-keywheel-*`. */
export function responseHeaders(raw: readonly string[]): {
  readonly forClient: readonly string[];
  readonly values: ReadonlyMap<string, string>;
} {
  const values = new Map<string, string>();
  const kept: string[] = [];
  forEachHeader(raw, (name, lower, value) => {
    if (valuesRead.has(lower) && !values.has(lower)) values.set(lower, value);
    if (!hopByHop.has(lower) && !lower.startsWith('x-keywheel-')) kept.push(name, value);
  });
  const dropped = values.has('connection')
    ? connectionNames(headerValues(raw, 'connection'), nothing)
    : nothing;
  return { forClient: dropped.size === 0 ? kept : without(kept, dropped), values };
}

/** The list without the named headers (lower case), and without those whose value holds the secret. */
export function without(
  raw: readonly string[],
  names: ReadonlySet<string>,
  secret: Secret | null = null,
): string[] {
  const kept: string[] = [];
  forEachHeader(raw, (name, lower, value) => {
    if (!names.has(lower) && secret?.isIn(value) !== true) kept.push(name, value);
  });
  return kept;
}

/** The first value of the header, or null; `name` in lower case. */
export function headerValue(raw: readonly string[], name: string): string | null {
  return headerValues(raw, name)[0] ?? null;
}

/** A sender may name further headers of its connection (RFC 9110 7.6.1): they are not passed on either, beside the `others`. */
function connectionNames(values: readonly string[], others: ReadonlySet<string>): ReadonlySet<string> {
  if (values.every((value) => /^(?:keep-alive|close)$/i.test(value))) return others;
  const names = values
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => !usual.has(name));
  return names.length === 0 ? others : new Set([...others, ...names]);
}

const usual: ReadonlySet<string> = new Set([...hopByHop, 'close', '']);

const nothing: ReadonlySet<string> = new Set();
const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding']);

function forEachHeader(
  raw: readonly string[],
  visit: (name: string, lower: string, value: string) => void,
): void {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    visit(name, name.toLowerCase(), raw[index + 1] ?? '');
  }
}

const known: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/claude-(?:cli|code)/i, 'Claude Code'],
  [/codex/i, 'Codex'],
  [/opencode/i, 'opencode'],
  [/zoo ?code/i, 'Zoo Code'],
  [/roocode/i, 'Roo Code'],
  [/qwencode/i, 'Qwen Code'],
  [/^pi\//, 'Pi'],
  [/kilo/i, 'Kilo Code'],
  [/cline/i, 'Cline'],
  [/continue/i, 'Continue'],
  [/@openrouter\/sdk/i, 'OpenRouter SDK'],
  [/ai-sdk/i, 'AI SDK'],
  [/openai\/(?:js|python)/i, 'OpenAI SDK'],
  [/curl/i, 'curl'],
];

/** The name without its version: a client that was updated is still the same. */
function programIn(text: string): string {
  const [name = ''] = /^[\w .-]{1,40}/.exec(text) ?? [];
  return name.replace(/[ -]v?\d+(?:\.\d+)+[\w.-]*\s*$/, '').trim();
}
