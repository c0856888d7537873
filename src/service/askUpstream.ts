// Sends the service's own requests to upstream: they run no model and cost nothing.
import { SystemClock, type Clock } from '../base/clock';
import { parseJson } from '../base/json';
import { Pieces } from '../base/pieces';
import { codeOf } from '../base/systemError';
import type { Fault } from '../proxy/errors/outcome';
import { headerValue } from '../proxy/request/headers';
import type { Reply } from '../proxy/upstream/reply';
import { Upstream, type Destination, type UpstreamRequest } from '../proxy/upstream/upstream';

export type UpstreamAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Whether the answer is HTML, such as the sign-in page of a network. */
      readonly isPage: boolean;
      /** How far this machine’s clock is ahead of upstream’s; null if the answer has no date. */
      readonly aheadMs: number | null;
      /** Time until the connection was open, TLS included. */
      readonly connectMs: number;
      readonly headMs: number;
    }
  /** `code`: see `reachText`. */
  | { readonly kind: 'failed'; readonly code: string };

/** A larger error of this machine's clock is reported: resets and waits are computed from that clock. */
export const clockToleranceMs = 60_000;

/** `trouble`: OpenRouter, or a server in front of it, answers with 429 or 5xx · `stranger`: another program answers. */
export function whoAnswers(answer: UpstreamAnswer): 'nobody' | 'openRouter' | 'trouble' | 'stranger' {
  if (answer.kind === 'failed') return 'nobody';
  const { status, isPage } = answer;
  if (status >= 500 || status === 429) return 'trouble';
  // OpenRouter answers 401 to a request without a key.
  return !isPage && (status === 401 || status === 200) ? 'openRouter' : 'stranger';
}

/** Asks for one answer without a key, on a connection of its own; never rejects. */
export async function askUpstream(destination: Destination, timeoutMs = 10_000): Promise<UpstreamAnswer> {
  // A new clock, as upstream's dates have corrected the service's clock; the answer corrects this one too, but only later.
  const clock = new SystemClock();
  const upstream = new Upstream(clock, destination);
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
      isPage: /\bhtml\b/i.test(headerValue(headers, 'content-type') ?? ''),
      aheadMs: Number.isNaN(theirMs) ? null : fromWallMs + headMs - theirMs,
      connectMs,
      headMs,
    };
  } finally {
    upstream.close();
  }
}

const mostBytes = 256 * 1024;

interface JsonRequest extends Pick<UpstreamRequest, 'method' | 'path' | 'key' | 'body' | 'fresh'> {
  /** The time limit for the head, and again for the body. */
  readonly timeoutMs: number;
}

/** Sends a request that runs no model, and reads its answer; `body` is undefined if it is not JSON. Never rejects. */
export async function askJson(
  upstream: Upstream,
  clock: Clock,
  { timeoutMs, ...request }: JsonRequest,
): Promise<{ readonly status: number; readonly body: unknown } | { readonly code: string }> {
  const { key, body } = request;
  const headers = ['accept', 'application/json', 'accept-encoding', 'identity'];
  if (key !== null) headers.push('authorization', `Bearer ${key}`);
  if (body !== null) headers.push('content-type', 'application/json');
  const onSent = (): void => undefined;
  const never = new AbortController().signal;
  const sent = await upstream.send({ ...request, headers, headTimeoutMs: timeoutMs }, { onSent }, never);
  if ('fault' in sent) return { code: causeCode(sent.fault) };
  const text = await replyText(sent.reply, clock, timeoutMs);
  return { status: sent.reply.status, body: parseJson(text ?? '') };
}

/** The body as text; null if it breaks off, takes longer than `timeoutMs`, or is larger than 256 KiB. */
async function replyText(reply: Reply, clock: Clock, timeoutMs: number): Promise<string | null> {
  return await new Promise<string | null>((resolve) => {
    const pieces = new Pieces();
    const finish = (text: string | null): void => {
      timer.dispose();
      if (text === null) reply.abort(new Error('The answer cannot be read.'));
      resolve(text);
    };
    const timer = clock.after(timeoutMs, () => finish(null));
    reply.readInto({
      data: (chunk) => {
        pieces.push(chunk);
        if (pieces.bytes > mostBytes) finish(null);
      },
      end: () => finish(pieces.take().toString('utf8')),
      fault: () => finish(null),
    });
  });
}

/** The system's error code, such as ECONNREFUSED, else the code of the fault. */
function causeCode(fault: Fault): string {
  return ('cause' in fault && codeOf(fault.cause)) || fault.code;
}
