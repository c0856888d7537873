// One request on its way: turns undici's callbacks into a reply or a fault.
import type { Socket } from 'node:net';
import { TinyPieces } from '../../base/pieces';
import type { Signal } from '../../base/signal';
import type { SilenceWatch } from '../../base/silence';
import type { Fault } from '../errors/outcome';
import { hideInText, PassingMask } from './hiddenKey';
import { Reply, type Flow } from './reply';
import type { SingleDispatcher } from './connectionOpener';

export interface SendSteps {
  /** The head is being written to a socket: from now on upstream may count it. */
  onSent(): void;
  /** All of a body that goes up as a stream has been taken. */
  onUploaded?(): void;
  /** A head that is no answer yet: 102 or 103. */
  onInformation?(status: number, headers: readonly string[]): void;
}

export type SendResult = { readonly reply: Reply } | { readonly fault: Fault };

/** The listeners of an attempt, and the signal that may end it. */
export interface DispatchParts {
  readonly steps: SendSteps;
  readonly signal: Signal;
  readonly watch: SilenceWatch;
  /** Called once, as soon as the head is here, or with the fault before it. */
  readonly onResult: (sent: SendResult) => void;
}

/** A connection, and the attempt that runs on it. */
export class Connection {
  handler: DispatchHandler | null = null;
  private sentOnSocket = 0;
  /** Whether it serves one attempt alone. */
  isFresh = false;
  isOpen = false;

  constructor(
    readonly dispatcher: SingleDispatcher,
    private readonly onOver: (connection: Connection) => void,
  ) {}

  opened(socket: Socket): void {
    this.sentOnSocket = 0;
    this.isOpen = true;
    whenClosed(socket, () => this.handler?.letRunOut());
  }

  /** The head is being written; returns whether the socket has served before. */
  beginAttempt(): boolean {
    return ++this.sentOnSocket > 1;
  }

  /** The connection is free again, or gone; called once an attempt. */
  endAttempt(): void {
    this.handler = null;
    this.onOver(this);
  }
}

/**
 * Lets a paused answer run out before undici learns that its connection has closed. Undici asserts that an answer which
 * ends with its connection (`Connection: close`, or no length) is not paused then: the assertion would end the process
 * while a client reads slowly (undici issue 5360). After a reset nothing can run out: it becomes the error of any broken
 * socket. To be called before undici listens itself.
 */
function whenClosed(socket: Socket, letRunOut: () => void): void {
  socket.on('end', letRunOut);
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
  });
}

/** A server that works for an hour may send a head every few seconds; without a bound it could send heads alone, without end. */
const mostHeads = 1_000;
const endless = new Error('Upstream sent heads without end.');

/** With each pause undici reads up to 64 KiB ahead: this many pieces, with their framing, are more than that. */
const mostTinyPieces = 16 * 1024;

/** Undici's view of one attempt: a dispatch handler of its older API, which builds no object of headers that is not needed. */
export class DispatchHandler implements Flow {
  /** Null until the head is being written. */
  private abortConnection: ((reason: Error) => void) | null = null;
  private resumeConnection: (() => void) | null = null;
  private isPaused = false;
  /** Paused until other work has gone first. */
  private isYielding = false;
  private readonly tiny = new TinyPieces(mostTinyPieces);
  /** The number of heads that were no answer. */
  private heads = 0;
  private reply: Reply | null = null;
  /** Null where there is no key, and where the body is coded: its bytes pass as they came. */
  private mask: PassingMask | null = null;
  private isOver = false;
  private hasReported = false;
  private abortReason: Error | null = null;
  private isLate = false;
  private isReused = false;
  private isRunningOut = false;

  /** `key`: see `UpstreamRequest`. */
  constructor(
    private readonly connection: Connection,
    private readonly key: string | null,
    private readonly parts: DispatchParts,
  ) {
    parts.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  onHeadTimeout(): void {
    this.isLate = true;
    this.abort(new Error('No head in time.'));
    this.reportUnsent({ code: 'notSent', cause: this.abortReason });
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.abortReason !== null) {
      abort(this.abortReason);
      return;
    }
    this.abortConnection = abort;
    this.isReused = this.connection.beginAttempt();
    this.parts.steps.onSent();
  }

  /** False: no body is to come before `resume`. */
  onHeaders(code: number, headers: readonly Buffer[], resume: () => void, message: string): boolean {
    if (this.isOver) return true;
    if (code < 200) {
      if (++this.heads > mostHeads) this.abort(endless);
      this.parts.steps.onInformation?.(code, this.pairsOf(headers));
      return true;
    }
    this.resumeConnection = resume;
    this.parts.watch.stop();
    const statusText = hideInText(message, this.key);
    // A status beyond 599 counts as a server's error (RFC 9110 15); clients would fail at a status that they do not know.
    const status = code > 599 ? 502 : code;
    this.reply = new Reply(status, statusText, this.pairsOf(headers), this);
    if (this.key !== null && !this.reply.isCoded) this.mask = new PassingMask(this.key);
    this.report({ reply: this.reply });
    return this.mayGoOn(this.reply);
  }

  onData(chunk: Buffer): boolean {
    const { reply } = this;
    this.give(this.mask?.push(chunk) ?? chunk);
    if (this.tiny.areMany(chunk)) this.yieldTurn();
    return reply === null || this.mayGoOn(reply);
  }

  onComplete(): void {
    this.finish();
    this.give(this.mask?.flush());
    this.reply?.end();
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.finish();
    this.give(this.mask?.flush());
    if (this.reply === null) this.report({ fault: this.faultBeforeHead(error) });
    else this.reply.fault(this.parts.signal.aborted ? { code: 'clientGone' } : { code: 'cut', cause: error });
  }

  pause(): void {
    if (!this.isRunningOut && !this.isOver) this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused || this.isOver) return;
    this.isPaused = false;
    if (!this.isYielding) this.resumeConnection?.();
  }

  /** Upstream has closed its side: at most a socket's buffer is left, and comes now, whether it is read or not. */
  letRunOut(): void {
    this.isRunningOut = true;
    this.isPaused ||= this.isYielding;
    this.isYielding = false;
    this.resume();
  }

  abort(reason: Error): void {
    if (this.isOver) return;
    this.abortReason = reason;
    this.abortConnection?.(reason);
  }

  private give(bytes: Buffer | undefined): void {
    if (bytes !== undefined && bytes.length > 0) this.reply?.data(bytes);
  }

  /** Paused until a reader takes the body. */
  private mayGoOn(reply: Reply): boolean {
    if (!reply.isRead) this.pause();
    return !this.isPaused && !this.isYielding;
  }

  /** Lets other work go first. */
  private yieldTurn(): void {
    if (this.isRunningOut || this.isYielding) return;
    this.isYielding = true;
    setImmediate(() => {
      this.isYielding = false;
      if (!this.isPaused && !this.isOver) this.resumeConnection?.();
    });
  }

  private pairsOf(headers: readonly Buffer[]): string[] {
    return headers.map((part) => hideInText(part.toString('latin1'), this.key));
  }

  private readonly onAbort = (): void => {
    this.abort(this.parts.signal.reason);
    this.reportUnsent({ code: 'clientGone' });
  };

  /** The attempt is not on a socket yet: undici calls back only once it is, which may take long. */
  private reportUnsent(fault: Fault): void {
    if (this.abortConnection === null) this.report({ fault });
  }

  private report(sent: SendResult): void {
    if (this.hasReported) return;
    this.hasReported = true;
    this.parts.onResult(sent);
  }

  private faultBeforeHead(error: Error): Fault {
    if (this.parts.signal.aborted) return { code: 'clientGone' };
    if (this.isLate) return { code: 'headTimeout' };
    if (this.abortConnection === null) return { code: 'notSent', cause: error };
    const code: unknown = 'code' in error ? error.code : null;
    if (code === 'UND_ERR_HEADERS_OVERFLOW') return { code: 'headTooLarge' };
    const { isReused: reusedSocket } = this;
    if (isUnreadable(error, code)) return { code: 'unreadable', reusedSocket, cause: error };
    return { code: 'resetBeforeHead', reusedSocket, cause: error };
  }

  private finish(): void {
    this.isOver = true;
    if (!this.hasReported) this.parts.watch.stop();
    this.parts.signal.removeEventListener('abort', this.onAbort);
    this.connection.endAttempt();
  }
}

/**
 * Whether there was an answer whose head undici does not accept. A head that it reads and rejects (100 or 101 unasked)
 * differs from a broken connection only by the error's message.
 */
function isUnreadable(error: Error, code: unknown): boolean {
  if (error === endless || error.name === 'HTTPParserError' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return true;
  return code === 'UND_ERR_SOCKET' && /^bad (?:response|upgrade)$/.test(error.message);
}
