// Reads the whole answer of upstream to a request of the service's own.
import type { Clock } from '../base/clock';
import { parseJson } from '../base/json';
import { codeOf } from '../base/systemError';
import type { Fault } from '../proxy/errors/outcome';
import type { Reply } from '../proxy/upstream/reply';
import type { Upstream, UpstreamRequest } from '../proxy/upstream/upstream';

const mostBytes = 256 * 1024;

interface JsonRequest extends Pick<UpstreamRequest, 'method' | 'path' | 'key' | 'body' | 'fresh'> {
  /** For the head, and again for the body. */
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

/** Null if it breaks off, takes longer than `timeoutMs`, or is larger than 256 KiB. */
async function replyText(reply: Reply, clock: Clock, timeoutMs: number): Promise<string | null> {
  return await new Promise<string | null>((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (text: string | null): void => {
      timer.dispose();
      if (text === null) reply.abort(new Error('The answer cannot be read.'));
      resolve(text);
    };
    const timer = clock.after(timeoutMs, () => finish(null));
    reply.readInto({
      data: (chunk) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > mostBytes) finish(null);
      },
      end: () => finish(Buffer.concat(chunks).toString('utf8')),
      fault: () => finish(null),
    });
  });
}

/** The system's code of what went wrong, such as ECONNREFUSED, else the fault's own. */
export function causeCode(fault: Fault): string {
  return ('cause' in fault && codeOf(fault.cause)) || fault.code;
}
