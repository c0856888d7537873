// Sign-in with OpenRouter (OAuth PKCE): makes the URL of its page, reads the code that comes back, exchanges it for a key.
import { createHash, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import { Secret } from '../../base/secret';
import { Upstream, type Destination } from '../../proxy/upstream/upstream';
import { askJson } from '../askUpstream';
import { isLoopbackHost } from '../settings';

/** A sign-in ends after this time, as OpenRouter's codes are valid this long. */
export const signInLivesMs = 10 * 60_000;

/** The secret of one sign-in (RFC 7636 4.1: 43 characters of 32 random bytes). */
export function newVerifier(): Secret {
  return new Secret(randomBytes(32).toString('base64url'));
}

/** base64url(SHA-256(verifier)), RFC 7636 4.2. */
export function challengeOf(verifier: Secret): string {
  return createHash('sha256').update(verifier.reveal()).digest('base64url');
}

/** The address of OpenRouter's page: `/auth` beside the `/api/v1` that the proxy uses. Without a callback it shows a code to paste. */
export function signInUrl(upstreamUrl: string, challenge: string, callbackUrl: string | null): string {
  const url = new URL(upstreamUrl);
  url.pathname = `${url.pathname.replace(/\/$/, '').replace(/\/api\/v1$/, '')}/auth`;
  if (callbackUrl !== null) url.searchParams.set('callback_url', callbackUrl);
  url.searchParams.set('code_challenge', challenge);
  url.searchParams.set('code_challenge_method', 'S256');
  if (callbackUrl === null) url.searchParams.set('key_label', 'Keywheel');
  return url.href;
}

/** The listener's address as OpenRouter accepts it (https, or http at localhost), or null if OpenRouter would refuse it. */
export function callbackUrlOf(externalUrl: string): string | null {
  if (!URL.canParse(externalUrl)) return null;
  const url = new URL(externalUrl);
  if (url.search !== '' || url.hash !== '') return null;
  if (url.protocol === 'https:') return url.href;
  if (url.protocol !== 'http:' || !isLoopbackHost(url.hostname)) return null;
  url.hostname = 'localhost';
  return url.href;
}

/** The code in a pasted text: the code itself, or the URL that the browser ended at; null if there is none. */
export function codeIn(pasted: string): string | null {
  const text = pasted.trim();
  const code = URL.canParse(text) ? new URL(text).searchParams.get('code') : text;
  return code !== null && /^[\w.~-]{4,512}$/.test(code) ? code : null;
}

export type CodeAnswer =
  | { readonly kind: 'key'; readonly key: string }
  /** The code is wrong, was used, or is older than ten minutes. */
  | { readonly kind: 'refused' }
  /** `detail` is a code or a status, never a text of upstream's. */
  | { readonly kind: 'unreachable'; readonly detail: string };

const answerTimeoutMs = 20_000;
const answerSchema = v.object({ key: v.pipe(v.string(), v.nonEmpty()) });

/** Asks `POST /auth/keys` on a connection of its own; never rejects. */
export async function exchangeCode(
  { clock, ...destination }: Destination & { readonly clock: Clock },
  code: string,
  verifier: Secret,
): Promise<CodeAnswer> {
  const upstream = new Upstream(clock, destination);
  try {
    const trade = { code, code_verifier: verifier.reveal(), code_challenge_method: 'S256' };
    const body = Buffer.from(JSON.stringify(trade));
    const request = { method: 'POST', path: '/auth/keys', key: null, body, fresh: true };
    const answer = await askJson(upstream, clock, { ...request, timeoutMs: answerTimeoutMs });
    if ('code' in answer) return { kind: 'unreachable', detail: answer.code };
    const { status } = answer;
    const read = v.safeParse(answerSchema, answer.body);
    if (status === 200 && read.success) return { kind: 'key', key: read.output.key };
    return status === 400 || status === 403
      ? { kind: 'refused' }
      : { kind: 'unreachable', detail: `status ${status}` };
  } finally {
    upstream.close();
  }
}
