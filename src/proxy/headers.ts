// Which headers cross the proxy. Lists are raw: name, value, name, value, in the sender's order and case.
import { headerValues } from './rawHeaders';

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

/** The client's ways to show the proxy key, and what else could tell upstream who it is to us. None of them leaves. */
const credentials: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'apikey',
  'cookie',
  'origin',
  'referer',
]);

/** Ours to write: the connection is another one, and the body is sent as a whole. */
const rewritten: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/**
 * The client's headers that go upstream, without any credential. With `identity` upstream is asked for an uncoded
 * answer, so that its first events can be read before the client sees them.
 */
export function requestHeaders(raw: readonly string[], identity: boolean): string[] {
  const dropped = connectionNames(raw);
  const kept: string[] = [];
  forEachHeader(raw, (name, lower, value) => {
    if (hopByHop.has(lower) || credentials.has(lower) || rewritten.has(lower) || dropped.has(lower)) return;
    if (identity && lower === 'accept-encoding') return;
    kept.push(name, value);
  });
  if (identity) kept.push('accept-encoding', 'identity');
  return kept;
}

/** Upstream's headers that go to the client. */
export function responseHeaders(raw: readonly string[]): string[] {
  const dropped = connectionNames(raw);
  const kept: string[] = [];
  forEachHeader(raw, (name, lower, value) => {
    if (!hopByHop.has(lower) && !dropped.has(lower)) kept.push(name, value);
  });
  return kept;
}

/** The list without the named headers (lower case). */
export function without(raw: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  forEachHeader(raw, (name, lower, value) => {
    if (!names.has(lower)) kept.push(name, value);
  });
  return kept;
}

/** The first value of the header, or null; `name` in lower case. */
export function headerValue(raw: readonly string[], name: string): string | null {
  return headerValues(raw, name)[0] ?? null;
}

/** A sender may name further headers of its connection (RFC 9110 7.6.1): they stay here too. */
function connectionNames(raw: readonly string[]): ReadonlySet<string> {
  const names = headerValues(raw, 'connection');
  if (names.length === 0) return nothing;
  return new Set(names.flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase())));
}

const nothing: ReadonlySet<string> = new Set();

function forEachHeader(
  raw: readonly string[],
  visit: (name: string, lower: string, value: string) => void,
): void {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    visit(name, name.toLowerCase(), raw[index + 1] ?? '');
  }
}
