// One request on its way: from undici's callbacks to a reply, or to what went wrong.
import type { Disposable } from '../base/disposable';
import type { Fault } from './fault';
import { Reply, type Flow } from './reply';

/** What happens on the way, as it happens. */
export interface SendSteps {
  /** The head is being written to a socket: from now on upstream may count it. */
  onSent(): void;
  /** All of a body that goes up as a stream has been taken. */
  onUploaded?(): void;
}

export type Sent = { readonly reply: Reply } | { readonly fault: Fault };

/** What undici gives to steer a dispatched request with. */
interface Controller {
  readonly rawHeaders?: unknown;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

interface SendingPart {
  readonly steps: SendSteps;
  readonly signal: AbortSignal;
  readonly resolve: (sent: Sent) => void;
  /** The head is being written; returns whether its socket has served before. */
  readonly onSent: () => boolean;
  /** The connection is free again, or gone; called once. */
  readonly onOver: () => void;
}

/** Undici's view of one attempt: a dispatch handler of its current API. */
export class Sending implements Flow {
  private controller: Controller | null = null;
  private reply: Reply | null = null;
  private isOver = false;
  private wasSent = false;
  private abortReason: Error | null = null;
  private headTimer: Disposable | null = null;
  private isLate = false;
  private isReused = false;
  private isRunningOut = false;

  constructor(private readonly part: SendingPart) {
    part.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  limitHead(timer: Disposable): void {
    this.headTimer = timer;
  }

  readonly onHeadTimeout = (): void => {
    this.isLate = true;
    this.abort(new Error('No head in time.'));
    this.resolveUnsent({ code: 'notSent', cause: this.abortReason });
  };

  onRequestStart(controller: Controller): void {
    if (this.abortReason !== null) {
      controller.abort(this.abortReason);
      return;
    }
    this.controller = controller;
    this.wasSent = true;
    this.isReused = this.part.onSent();
    this.part.steps.onSent();
  }

  onResponseStart(
    controller: Controller,
    statusCode: number,
    _headers: unknown,
    statusMessage?: string,
  ): void {
    if (statusCode < 200 || this.isOver) return;
    this.headTimer?.dispose();
    controller.pause();
    this.reply = new Reply(statusCode, statusMessage ?? '', rawPairs(controller.rawHeaders), this);
    this.part.resolve({ reply: this.reply });
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.reply?.data(chunk);
  }

  onResponseEnd(): void {
    this.finish();
    this.reply?.end();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.isOver) return;
    this.finish();
    if (this.reply === null) this.part.resolve({ fault: this.faultBeforeHead(error) });
    else this.reply.fault(this.part.signal.aborted ? { code: 'clientGone' } : { code: 'cut', cause: error });
  }

  pause(): void {
    if (!this.isRunningOut) this.controller?.pause();
  }

  resume(): void {
    if (!this.isOver) this.controller?.resume();
  }

  /** Upstream has closed its side: what is left is a socket's buffer at most, and comes now, whether anybody reads or not. */
  letRunOut(): void {
    this.isRunningOut = true;
    this.resume();
  }

  abort(reason: Error): void {
    if (this.isOver) return;
    this.abortReason = reason;
    this.controller?.abort(reason);
  }

  private readonly onAbort = (): void => {
    const reason: unknown = this.part.signal.reason;
    this.abort(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
    this.resolveUnsent({ code: 'clientGone' });
  };

  /** Not on a socket yet: undici tells nothing until it is, and nobody waits that long. */
  private resolveUnsent(fault: Fault): void {
    if (this.controller === null) this.part.resolve({ fault });
  }

  private faultBeforeHead(error: Error): Fault {
    if (this.part.signal.aborted) return { code: 'clientGone' };
    if (this.isLate) return { code: 'headTimeout' };
    if (!this.wasSent) return { code: 'notSent', cause: error };
    const code: unknown = 'code' in error ? error.code : null;
    if (code === 'UND_ERR_HEADERS_OVERFLOW') return { code: 'headTooLarge' };
    const { isReused: reusedSocket } = this;
    if (isUnreadable(error, code)) return { code: 'unreadable', reusedSocket, cause: error };
    return { code: 'resetBeforeHead', reusedSocket, cause: error };
  }

  private finish(): void {
    this.isOver = true;
    this.headTimer?.dispose();
    this.part.signal.removeEventListener('abort', this.onAbort);
    this.part.onOver();
  }
}

/**
 * Whether there was an answer whose head undici does not take. What it reads and rejects, 100 or 101 unasked, only its
 * message tells from a broken connection.
 */
function isUnreadable(error: Error, code: unknown): boolean {
  if (error.name === 'HTTPParserError' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return true;
  return code === 'UND_ERR_SOCKET' && /^bad (?:response|upgrade)$/.test(error.message);
}

function rawPairs(raw: Controller['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part: Buffer | string) => (typeof part === 'string' ? part : part.toString('latin1')));
}
