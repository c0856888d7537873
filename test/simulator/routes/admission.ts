/** The caller of a request, and the answers 401. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorKind } from '../errors/errorKind';
import type { Caller, World } from '../world';

/** The raw key of a request: a bearer, or `x-api-key` where the Anthropic form is spoken. */
export function presentedKey(headers: IncomingHttpHeaders, path: string): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer.trim();
  const apiKey = headers['x-api-key'];
  return path.endsWith('/messages') && typeof apiKey === 'string' ? apiKey : undefined;
}

export type Admitted = { readonly caller: Caller } | { readonly error: ErrorKind };

export function admit(world: World, rawKey: string | undefined, headers: IncomingHttpHeaders): Admitted {
  if (rawKey === undefined) {
    return { error: headers.authorization === undefined ? 'missingHeader' : 'noAuth' };
  }
  const caller = world.caller(rawKey);
  return caller?.key.worksAt(world.nowMs()) === true ? { caller } : { error: 'badKey' };
}
