// A whole answer of upstream's as text, for the few that the service itself reads.
import type { Clock } from '../base/clock';
import type { Fault } from '../proxy/fault';
import type { Reply } from '../proxy/reply';

const mostBytes = 256 * 1024;

/** Null where it broke off, takes longer than `timeoutMs`, or is larger than 256 KiB. */
export async function replyText(reply: Reply, clock: Clock, timeoutMs: number): Promise<string | null> {
  return await new Promise<string | null>((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (text: string | null): void => {
      timer.dispose();
      if (text === null) reply.abort(new Error('No answer that can be read.'));
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

/** Null where the text is no JSON. */
export function jsonOf(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    // Not JSON: then it is no answer of the API's either.
    return null;
  }
}

/** The system's code of what went wrong, such as ECONNREFUSED, else the fault's own. */
export function causeCode(fault: Fault): string {
  const cause = 'cause' in fault ? fault.cause : undefined;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : fault.code;
}
