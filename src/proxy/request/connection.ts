// One client connection: the turns of its requests, and the end of an answer while the client still sends.
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

/** The most requests on a connection: no client sends more ahead, and each is in memory before its proxy key is checked. */
const mostOfConnection = 64;

export class Turns {
  /** The requests that run or wait on a connection, in the order in which they came. */
  private readonly queues = new WeakMap<object, Queued[]>();

  /** Safe requests wait for unsafe ones before them, unsafe ones for all. Null: too many requests are on the connection. */
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

/** Removes the request and starts the ones that may run now: the first, and safe ones up to the next unsafe one. */
function leave(queue: Queued[], queued: Queued): void {
  queue.splice(queue.indexOf(queued), 1);
  for (const [index, other] of queue.entries()) {
    if (index === 0 || other.isSafe) other.go?.();
    if (!other.isSafe) return;
  }
}

/** Whether the client may still send some of the body. Node reports the end of a request without a body late. */
export function isSending({ complete, headers }: IncomingMessage): boolean {
  return (
    !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
  );
}

const longestDrainMs = 30_000;
/** A body refused for its length (over 64 MiB) is still being sent; many clients read nothing before they have sent all. */
const mostDrainedBytes = 256 * 1024 * 1024;
/** Each tiny piece costs as much as a large one, and nobody needs the answer to a sender of these. */
const mostTinyPieces = 1024;

/**
 * Ends the response, once. Before that the rest of the request is read and dropped, within bounds: a connection closed on
 * unread bytes is reset, and the client loses the answer (RFC 9112 9.6). `isHurried`: end at once.
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
