// Asks upstream for one answer over the network path of requests; without a key, so it costs nothing.
import { SystemClock } from '../base/clock';
import { Upstream, type UpstreamPlace } from '../proxy/upstream/upstream';
import { headerValue } from '../proxy/request/headers';
import { causeCode } from './replyText';

export type UpstreamAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** How far this machine’s clock is ahead of upstream’s; null if the answer has no date. */
      readonly aheadMs: number | null;
      /** Until the connection was open, TLS included. */
      readonly connectMs: number;
      readonly headMs: number;
    }
  /** `code`: see `reachText`. */
  | { readonly kind: 'failed'; readonly code: string };

/** A larger difference is reported: resets and waits are computed from this machine's clock. */
export const clockToleranceMs = 60_000;

/** OpenRouter answers 401 to a request without a key. */
export function isOpenRouter({ status }: { readonly status: number }): boolean {
  return status === 401 || status === 200;
}

/** Asks on a connection of its own; never rejects. */
export async function askUpstream(place: UpstreamPlace, timeoutMs = 10_000): Promise<UpstreamAnswer> {
  // Not the service's clock: upstream's dates have corrected that one, as they correct this one once the answer comes.
  const clock = new SystemClock();
  const upstream = new Upstream(clock, place);
  const fromMs = clock.elapsedMs();
  const fromWallMs = clock.wallMs();
  let connectMs = 0;
  try {
    const sent = await upstream.send(
      {
        method: 'GET',
        path: '/key',
        headers: ['accept', 'application/json'],
        key: null,
        body: null,
        fresh: true,
        headTimeoutMs: timeoutMs,
      },
      { onSent: () => (connectMs = clock.elapsedMs() - fromMs) },
      new AbortController().signal,
    );
    if ('fault' in sent) return { kind: 'failed', code: causeCode(sent.fault) };
    const { status, headers } = sent.reply;
    const headMs = clock.elapsedMs() - fromMs;
    const theirMs = Date.parse(headerValue(headers, 'date') ?? '');
    return {
      kind: 'answer',
      status,
      aheadMs: Number.isNaN(theirMs) ? null : fromWallMs + headMs - theirMs,
      connectMs,
      headMs,
    };
  } finally {
    upstream.close();
  }
}
