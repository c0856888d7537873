// Asks GET /key: what the server says of a key costs no model request.
import type { Clock } from '../base/clock';
import { parseReading, type Reading } from '../keys/reading';
import type { Upstream } from '../proxy/upstream';
import { causeCode, jsonOf, replyText } from './replyText';

export type KeyAnswer =
  | { readonly kind: 'read'; readonly reading: Reading }
  | { readonly kind: 'refused' }
  /** `detail` is a code or a status, never a text of upstream's. */
  | { readonly kind: 'unreachable'; readonly detail: string };

const answerTimeoutMs = 15_000;

/** Never rejects; a body that is no reading counts as unreachable. */
export async function readKey(upstream: Upstream, key: string, clock: Clock): Promise<KeyAnswer> {
  const askedAtMs = clock.nowMs();
  const never = new AbortController();
  const sent = await upstream.send(
    {
      method: 'GET',
      path: '/key',
      headers: [
        'accept',
        'application/json',
        'accept-encoding',
        'identity',
        'authorization',
        `Bearer ${key}`,
      ],
      body: null,
      fresh: false,
      headTimeoutMs: answerTimeoutMs,
    },
    {
      onSent: () => {
        // A reading counts nowhere.
      },
    },
    never.signal,
  );
  if ('fault' in sent) return { kind: 'unreachable', detail: causeCode(sent.fault) };
  const body = jsonOf(await replyText(sent.reply, clock, answerTimeoutMs));
  const { status } = sent.reply;
  if (status === 401) return { kind: 'refused' };
  const reading = status === 200 && body !== null ? parseReading(body, askedAtMs, clock.nowMs()) : null;
  return reading === null ? { kind: 'unreachable', detail: `status ${status}` } : { kind: 'read', reading };
}
