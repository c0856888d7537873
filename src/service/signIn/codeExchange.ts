// Exchanges the code of a sign-in for a key (OAuth PKCE); costs nothing and needs no key.
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import type { Secret } from '../../base/secret';
import { Upstream, type UpstreamPlace } from '../../proxy/upstream/upstream';
import { askJson } from '../replyText';

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
  { clock, ...place }: UpstreamPlace & { readonly clock: Clock },
  code: string,
  verifier: Secret,
): Promise<CodeAnswer> {
  const upstream = new Upstream(clock, place);
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
