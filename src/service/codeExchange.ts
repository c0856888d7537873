// Trades the code of a sign-in for a key (OAuth PKCE); costs nothing and needs no key.
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import type { Secret } from '../base/secret';
import { Upstream } from '../proxy/upstream';
import { causeCode, jsonOf, replyText } from './replyText';

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
  { upstreamUrl, clock }: { readonly upstreamUrl: string; readonly clock: Clock },
  code: string,
  verifier: Secret,
): Promise<CodeAnswer> {
  const upstream = new Upstream(clock, upstreamUrl);
  try {
    return await ask(upstream, clock, bodyOf(code, verifier));
  } finally {
    upstream.close();
  }
}

async function ask(upstream: Upstream, clock: Clock, body: Buffer): Promise<CodeAnswer> {
  const sent = await upstream.send(
    {
      method: 'POST',
      path: '/auth/keys',
      headers: [
        'accept',
        'application/json',
        'accept-encoding',
        'identity',
        'content-type',
        'application/json',
      ],
      body,
      fresh: true,
      headTimeoutMs: answerTimeoutMs,
    },
    {
      onSent: () => {
        // No key's request: it counts nowhere.
      },
    },
    new AbortController().signal,
  );
  if ('fault' in sent) return { kind: 'unreachable', detail: causeCode(sent.fault) };
  const { status } = sent.reply;
  const answer = v.safeParse(answerSchema, jsonOf(await replyText(sent.reply, clock, answerTimeoutMs)));
  if (status === 200 && answer.success) return { kind: 'key', key: answer.output.key };
  return status === 400 || status === 403
    ? { kind: 'refused' }
    : { kind: 'unreachable', detail: `status ${status}` };
}

function bodyOf(code: string, verifier: Secret): Buffer {
  return Buffer.from(
    JSON.stringify({ code, code_verifier: verifier.reveal(), code_challenge_method: 'S256' }),
  );
}
