// One request on its way: turns undici's callbacks into a reply or a fault.
import type { Socket } from 'node:net';
import { TinyPieces } from '../../base/pieces';
import type { Signal } from '../../base/signal';
import type { SilenceWatch } from '../../base/silence';
import type { Fault } from '../errors/outcome';
import { hideInText, PassingMask } from './hiddenKey';
import { Reply, type Flow } from './reply';
import type { SingleDispatcher } from './way';

export interface SendSteps {
  /** The head is being written to a socket: from now on upstream may count it. */
  onSent(): void;
  /** All of a body that goes up as a stream has been taken. */
  onUploaded?(): void;
  /** A head that is no answer yet: 102 or 103. */
  onInformation?(status: number, headers: readonly string[]): void;
}

export type Sent = { readonly reply: Reply } | { readonly fault: Fault };

/** The listeners of an attempt, and the signal that may end it. */
export interface Dispatched {
  readonly steps: SendSteps;
  readonly signal: Signal;
  readonly watch: SilenceWatch;
  /** Called once, as soon as the head is here, or with the fault before it. */
  readonly tell: (sent: Sent) => void;
}

/** A connection, and the attempt that runs on it. */
export class Connection {
  sending: Sending | null = null;
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
    whenClosed(socket, () => this.sending?.letRunOut());
  }

  /** The head is being written; returns whether the socket has served before. */
  begun(): boolean {
    return ++this.sentOnSocket > 1;
  }

  /** The connection is free again, or gone; called once an attempt. */
  over(): void {
    this.sending = null;
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
export class Sending implements Flow {
  /** Null until the head is being written. */
  private abortConnection: ((reason: Error) => void) | null = null;
  private resumeConnection: (() => void) | null = null;
  private isPaused = false;
  /** Paused until other work has gone first. */
  private isResting = false;
  private readonly tiny = new TinyPieces(mostTinyPieces);
  /** The number of heads that were no answer. */
  private heads = 0;
  private reply: Reply | null = null;
  /** Null where there is no key, and where the body is coded: its bytes pass as they came. */
  private mask: PassingMask | null = null;
  private isOver = false;
  private hasTold = false;
  private abortReason: Error | null = null;
  private isLate = false;
  private isReused = false;
  private isRunningOut = false;

  /** `key`: see `UpstreamRequest`. */
  constructor(
    private readonly connection: Connection,
    private readonly key: string | null,
    private readonly part: Dispatched,
  ) {
    part.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  onHeadTimeout(): void {
    this.isLate = true;
    this.abort(new Error('No head in time.'));
    this.tellUnsent({ code: 'notSent', cause: this.abortReason });
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.abortReason !== null) {
      abort(this.abortReason);
      return;
    }
    this.abortConnection = abort;
    this.isReused = this.connection.begun();
    this.part.steps.onSent();
  }

  /** False: no body is to come before `resume`. */
  onHeaders(code: number, headers: readonly Buffer[], resume: () => void, message: string): boolean {
    if (this.isOver) return true;
    if (code < 200) {
      if (++this.heads > mostHeads) this.abort(endless);
      this.part.steps.onInformation?.(code, this.pairsOf(headers));
      return true;
    }
    this.resumeConnection = resume;
    this.part.watch.rest();
    const statusText = hideInText(message, this.key);
    // A status beyond 599 counts as a server's error (RFC 9110 15); clients would fail at a status that they do not know.
    const status = code > 599 ? 502 : code;
    this.reply = new Reply(status, statusText, this.pairsOf(headers), this);
    if (this.key !== null && !this.reply.isCoded) this.mask = new PassingMask(this.key);
    this.tell({ reply: this.reply });
    return this.mayGoOn(this.reply);
  }

  onData(chunk: Buffer): boolean {
    const { reply } = this;
    this.give(this.mask?.push(chunk) ?? chunk);
    if (this.tiny.areMany(chunk)) this.rest();
    return reply === null || this.mayGoOn(reply);
  }

  onComplete(): void {
    this.finish();
    this.give(this.mask?.rest());
    this.reply?.end();
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.finish();
    this.give(this.mask?.rest());
    if (this.reply === null) this.tell({ fault: this.faultBeforeHead(error) });
    else this.reply.fault(this.part.signal.aborted ? { code: 'clientGone' } : { code: 'cut', cause: error });
  }

  pause(): void {
    if (!this.isRunningOut && !this.isOver) this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused || this.isOver) return;
    this.isPaused = false;
    if (!this.isResting) this.resumeConnection?.();
  }

  /** Upstream has closed its side: at most a socket's buffer is left, and comes now, whether it is read or not. */
  letRunOut(): void {
    this.isRunningOut = true;
    this.isPaused ||= this.isResting;
    this.isResting = false;
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
    return !this.isPaused && !this.isResting;
  }

  /** Lets other work go first. */
  private rest(): void {
    if (this.isRunningOut || this.isResting) return;
    this.isResting = true;
    setImmediate(() => {
      this.isResting = false;
      if (!this.isPaused && !this.isOver) this.resumeConnection?.();
    });
  }

  private pairsOf(headers: readonly Buffer[]): string[] {
    return headers.map((part) => hideInText(part.toString('latin1'), this.key));
  }

  private readonly onAbort = (): void => {
    this.abort(this.part.signal.reason);
    this.tellUnsent({ code: 'clientGone' });
  };

  /** The attempt is not on a socket yet: undici calls back only once it is, which may take long. */
  private tellUnsent(fault: Fault): void {
    if (this.abortConnection === null) this.tell({ fault });
  }

  private tell(sent: Sent): void {
    if (this.hasTold) return;
    this.hasTold = true;
    this.part.tell(sent);
  }

  private faultBeforeHead(error: Error): Fault {
    if (this.part.signal.aborted) return { code: 'clientGone' };
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
    if (!this.hasTold) this.part.watch.rest();
    this.part.signal.removeEventListener('abort', this.onAbort);
    this.connection.over();
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
