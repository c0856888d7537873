// Checks keys with `GET /key`, which costs no model request.
import type { Clock } from '../../base/clock';
import { accountIdOf } from '../../keys/roster';
import { parseReading, type Reading } from '../../keys/reading';
import { Upstream, type Destination } from '../../proxy/upstream/upstream';
import { askJson } from '../askUpstream';
import { keyOf, plainKey } from './storedKey';

export type KeyAnswer =
  | { readonly kind: 'read'; readonly reading: Reading }
  | { readonly kind: 'refused' }
  /** `detail` is a code or a status, never a text of upstream's. */
  | { readonly kind: 'unreachable'; readonly detail: string };

const answerTimeoutMs = 15_000;

/** Reads one key; never rejects. A body that is no reading counts as `unreachable`. */
export async function readKey(upstream: Upstream, key: string, clock: Clock): Promise<KeyAnswer> {
  const askedAtMs = clock.elapsedMs();
  const request = { method: 'GET', path: '/key', key, body: null, fresh: false, timeoutMs: answerTimeoutMs };
  const answer = await askJson(upstream, clock, request);
  if ('code' in answer) return { kind: 'unreachable', detail: answer.code };
  const { status, body } = answer;
  if (status === 401) return { kind: 'refused' };
  const reading =
    status === 200 && body !== undefined ? parseReading(body, askedAtMs, clock.elapsedMs()) : null;
  return reading === null ? { kind: 'unreachable', detail: `status ${status}` } : { kind: 'read', reading };
}

export type KeyCheck =
  /** A key that can run models; a figure is null if OpenRouter did not report it. */
  | {
      readonly kind: 'good';
      readonly accountId: string;
      readonly freeLimit: number | null;
      readonly freeUsed: number | null;
      readonly capLeft: number | null;
    }
  | { readonly kind: 'management' | 'bad' }
  | { readonly kind: 'unreachable'; readonly detail: string };

function keyCheckOf(key: string, answer: KeyAnswer): KeyCheck {
  switch (answer.kind) {
    case 'refused':
      return { kind: 'bad' };
    case 'unreachable':
      return answer;
    case 'read': {
      const { daily, accountRef, isManagement, capLeft } = answer.reading;
      if (isManagement) return { kind: 'management' };
      const accountId = accountIdOf(keyOf(plainKey(key)), accountRef);
      return {
        kind: 'good',
        accountId,
        freeLimit: daily?.limit ?? null,
        freeUsed: daily?.used ?? null,
        capLeft,
      };
    }
  }
}

const keysAtOnce = 4;

/** The results of `check` in the order of the keys; four run at once. */
export async function checkKeys<Key, Result>(
  keys: readonly Key[],
  check: (key: Key) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < keys.length; from += keysAtOnce)
    results.push(...(await Promise.all(keys.slice(from, from + keysAtOnce).map(check))));
  return results;
}

/** Checks one key on a new connection, whether or not a proxy runs; never rejects. */
export async function checkKeyAt(
  { clock, ...destination }: Destination & { readonly clock: Clock },
  key: string,
): Promise<KeyCheck> {
  const upstream = new Upstream(clock, destination);
  try {
    return keyCheckOf(key, await readKey(upstream, key, clock));
  } finally {
    upstream.close();
  }
}
