// Checks a key from this window itself, whether or not a proxy runs.
import type { Clock } from '../base/clock';
import { Upstream } from '../proxy/upstream';
import { keyCheckOf, type KeyCheck } from './keyCheck';
import { readKey } from './keyReader';

/** Asks `GET /key` on a connection of its own, which costs nothing; never rejects. */
export async function checkKeyAt(
  { upstreamUrl, clock }: { readonly upstreamUrl: string; readonly clock: Clock },
  key: string,
): Promise<KeyCheck> {
  const upstream = new Upstream(clock, upstreamUrl);
  try {
    return keyCheckOf(key, await readKey(upstream, key, clock));
  } finally {
    upstream.close();
  }
}
