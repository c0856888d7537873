// One client connection: whose turn it is on it, and how an answer ends while the client still sends.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock';
import { TinyPieces } from '../../base/pieces';

export interface Turn {
  /** Resolves when the request may run; null: it may run at once. */
  readonly comes: Promise<void> | null;
  end(): void;
}

interface Queued extends Turn {
  readonly isSafe: boolean;
  readonly go: (() => void) | null;
}

/** No client sends more before an answer. Each is in memory before its proxy key is checked. */
const mostOfConnection = 64;

export class Turns {
  /** What runs on a connection, or waits there, in its order. */
  private readonly queues = new WeakMap<object, Queued[]>();

  /** Safe requests wait for unsafe ones before them, unsafe ones for all. Null: there are too many. */
  take(connection: object, isSafe: boolean): Turn | null {
    const queue = this.queues.get(connection) ?? [];
    if (queue.length >= mostOfConnection) return null;
    if (queue.length === 0) this.queues.set(connection, queue);
    let go: Queued['go'] = null;
    const mayRun = queue.length === 0 || (isSafe && queue.every((before) => before.isSafe));
    const comes = mayRun ? null : new Promise<void>((resolve) => (go = resolve));
    const queued: Queued = { isSafe, comes, go, end: () => leave(queue, queued) };
    queue.push(queued);
    return queued;
  }
}

/** Lets those go that may run now: the first one, and the safe ones up to the next that is not. */
function leave(queue: Queued[], queued: Queued): void {
  queue.splice(queue.indexOf(queued), 1);
  for (const [index, other] of queue.entries()) {
    if (index === 0 || other.isSafe) other.go?.();
    if (!other.isSafe) return;
  }
}

/** Whether the client may still have to send some of the body. Node tells the end of a request without one late. */
export function isSending({ complete, headers }: IncomingMessage): boolean {
  return (
    !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
  );
}

const longestDrainMs = 30_000;
/** What is refused for its length, over 64 MiB, has more still to come; many clients read nothing before they have sent all. */
const mostDrainedBytes = 256 * 1024 * 1024;
/** Each costs as much as a large piece, and nobody waits for the sender of these. */
const mostTinyPieces = 1024;

/**
 * Ends the response, once. The rest of the request is read and thrown away before, within bounds: closed on unread bytes a
 * connection is reset, and the client loses the answer (RFC 9112 9.6). `isHurried`: nothing is waited for.
 */
export function endResponse(response: ServerResponse, clock: Clock, isHurried: () => boolean): void {
  const { req: request } = response;
  if (isHurried() || request.complete || request.destroyed) {
    response.end();
    return;
  }
  let bytes = 0;
  const tiny = new TinyPieces(mostTinyPieces);
  const timer = clock.after(longestDrainMs, () => give(false));
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > mostDrainedBytes || tiny.areMany(chunk)) give(false);
  };
  const whole = (): void => give(true);
  const give = (isWhole: boolean): void => {
    timer.dispose();
    request.off('data', count).off('end', whole).off('close', whole);
    response.end(isWhole ? undefined : () => request.destroy());
  };
  request.on('data', count).once('end', whole).once('close', whole);
  request.resume();
}
