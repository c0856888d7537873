// The client's side of an exchange: one answer, begun once, ended once.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import { Alarm, type Clock } from '../../base/clock';
import { parseJson } from '../../base/json';
import { wordsOf } from '../errors/errorBody';
import { errorEvent, type Form, type Refusal } from '../errors/refusal';
import { endResponse, isSending } from '../request/connection';
import { responseHeaders } from '../request/headers';
import type { HeldError } from '../upstream/judge';

/** `keptAlive`: an event stream of our own has begun, upstream's answer has not. */
type AnswerState = 'waiting' | 'keptAlive' | 'begun' | 'ended';

/** Gets a copy of all that the client is sent, and the end of the exchange. */
export interface AnswerCopy {
  head(status: number, headers: readonly string[]): void;
  data(chunk: Buffer | string): void;
  end(): void;
}

const everyMs = 10_000;
/** After upstream's first preamble the first comment goes out within this time. */
const afterPreambleMs = 4_000;
/** No comment may begin with `: ping`: Continue's reader stops at it. */
const comment = ': keywheel is waiting for a free slot\n\n';

/** A client that does not take the last event within this time is disconnected. */
const flushTimeoutMs = 5_000;

export class Answer {
  copy: AnswerCopy | null = null;
  /** Adds headers to the answer's head; the early head of a stream of our own gets none of these. */
  extraHeaders: () => readonly string[] = () => [];
  private state: AnswerState = 'waiting';
  private isStream = false;
  /** The alarm of the next comment; null where no more are to come. */
  private comments: Alarm | null = null;
  status: number | null = null;
  /** The error in the words that the client got, or null. */
  message: string | null = null;
  /** The name of the request in its answer's head, in refusals and in the log: 12 hex digits. */
  readonly requestId = randomUUID().slice(-12);

  constructor(
    private readonly response: ServerResponse,
    private readonly clock: Clock,
    readonly form: Form,
    /** Whether the answer ends at once, even while the client still sends. */
    private readonly isHurried: () => boolean = () => true,
  ) {}

  get hasBegun(): boolean {
    return this.state !== 'waiting';
  }

  /** Whether the client holds an open event stream that we began ourselves. */
  get isKeptAlive(): boolean {
    return this.state === 'keptAlive';
  }

  /**
   * For a streaming client, which would give up in silence: a comment after `afterMs` and then every 10 s, until the
   * answer begins or `keepAliveNoMore`. The first one begins an event stream of our own; errors are events then.
   */
  keepAliveAfter(afterMs: number): void {
    this.comments ??= new Alarm(this.clock, () => this.keepAlive());
    this.comments.set(this.clock.elapsedMs() + afterMs);
  }

  keepAliveNoMore(): void {
    this.comments?.dispose();
    this.comments = null;
  }

  /** Upstream has begun without saying anything: the first comment goes out within 4 s. */
  hasten(): void {
    const dueAtMs = this.comments?.atMs ?? 0;
    const isFar = dueAtMs > this.clock.elapsedMs() + afterPreambleMs;
    if (this.state === 'waiting' && isFar) this.keepAliveAfter(afterPreambleMs);
  }

  /** Passes on a head that is no answer yet (102, 103), if the client speaks HTTP/1.1, has no head yet and reads what is sent. */
  inform(status: number, headers: readonly string[]): void {
    const { socket, req } = this.response;
    const isKnown = req.httpVersionMajor === 1 && req.httpVersionMinor >= 1;
    if (this.state !== 'waiting' || socket === null || !isKnown || (status !== 102 && status !== 103)) return;
    if (socket.writableNeedDrain) return;
    const lines = [`HTTP/1.1 ${status} ${status === 102 ? 'Processing' : 'Early Hints'}`];
    const own = responseHeaders(headers).forClient;
    for (let index = 0; index + 1 < own.length; index += 2) lines.push(`${own[index]}: ${own[index + 1]}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }

  /** Writes upstream's head, unless a stream of our own has begun. This is the commit. `isStream`: errors may follow as events. */
  begin(status: number, statusText: string, headers: readonly string[], isStream = false): void {
    if (this.state === 'waiting') {
      this.isStream = isStream;
      this.writeHead(status, statusText, headers);
    }
    this.state = 'begun';
  }

  /** Sends the head now instead of with the first bytes: clients do not wait for a head without end. */
  showHead(): void {
    this.response.flushHeaders();
  }

  /** False: the client reads more slowly than we write; wait for `onDrain`. */
  write(chunk: Buffer | string): boolean {
    this.copy?.data(chunk);
    return this.response.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.response.on('drain', listener);
  }

  end(): void {
    this.state = 'ended';
    endResponse(this.response, this.clock, this.isHurried);
  }

  /** Begins and ends the answer with a complete body; a 204 has no body, and names no length (RFC 9110 8.6). */
  whole(status: number, headers: readonly string[], body: Buffer | string): void {
    const length = status === 204 ? [] : ['content-length', String(Buffer.byteLength(body))];
    this.writeHead(status, '', [...headers, ...length]);
    this.write(body);
    this.end();
  }

  /** Breaks the connection: the client must not take a part for a whole answer. */
  cut(): void {
    this.state = 'ended';
    this.response.destroy();
  }

  /**
   * Ends with an answer of our own, in the operation's form: an error answer, or the last event of a begun stream, which
   * does not end like a whole one. Any other begun answer is cut.
   */
  refuse(refusal: Refusal, model: string | null = null): void {
    if (this.state === 'ended') return;
    this.message = refusal.message;
    if (this.hasBegun && !this.isStream) {
      this.cut();
      return;
    }
    if (this.state === 'waiting')
      this.whole(
        refusal.status,
        refusal.headers(this.clock.wallMs()),
        refusal.body(this.form, this.requestId),
      );
    else this.endBroken(refusal.event(this.form, model, this.requestId));
  }

  /** Ends with upstream's own error: as it came, or as the last event of a begun stream. */
  giveBack(error: HeldError, headers: readonly string[], model: string | null): void {
    this.message = wordsOf(error.body);
    if (this.state === 'waiting') this.whole(error.status, headers, error.body);
    else this.endBroken(givenBackEvent(this.form, error, model));
  }

  /**
   * Sends a last event of ours and ends the connection without the body's end: some clients ignore error events, and
   * would take the stream for whole. FIN waits for the written bytes; a destroy would lose the event.
   */
  private endBroken(event: string): void {
    this.state = 'ended';
    const { response } = this;
    const hangUp = (): void => {
      response.socket?.setTimeout(flushTimeoutMs);
      response.socket?.end();
    };
    this.copy?.data(event);
    // Without a socket the answer still waits behind other answers of its connection.
    const waits = response.socket === null;
    response.write(event, waits ? hangUp : undefined);
    // From Node 26 on the event reaches its socket only in the next tick.
    if (!waits) process.nextTick(hangUp);
  }

  private keepAlive(): void {
    if (this.state === 'waiting') {
      this.state = 'keptAlive';
      this.isStream = true;
      this.extraHeaders = () => [];
      this.writeHead(200, '', ['content-type', 'text/event-stream', 'cache-control', 'no-cache']);
    }
    if (this.state !== 'keptAlive') return;
    this.write(comment);
    this.keepAliveAfter(everyMs);
  }

  private writeHead(status: number, statusText: string, headers: readonly string[]): void {
    this.status = status;
    const all = [...headers, ...this.extraHeaders(), 'x-keywheel-request-id', this.requestId];
    // Java's client would send its next request behind half of this body; a client that awaits 100 Continue may leave the body out.
    if (isSending(this.response.req)) this.response.shouldKeepAlive = false;
    this.copy?.head(status, all);
    // The characters that a status line allows (RFC 9112 4); Node throws at others.
    if (/^[\t\x20-\x7e\x80-\xff]+$/.test(statusText)) this.response.writeHead(status, statusText, all);
    else this.response.writeHead(status, all);
  }
}

/** The rest of a longer text that is no JSON is of no use. */
const longestText = 16_384;

const fields = v.record(v.string(), v.unknown());
const bodySchema = v.object({
  error: v.object({ message: v.string(), metadata: v.fallback(v.optional(fields), undefined) }),
  metadata: v.fallback(v.optional(v.nullable(fields)), undefined),
});

/** Upstream's own error as a stream's last event: message, status and metadata; other text than JSON is shown as it came. */
function givenBackEvent(form: Form, { status, body, kind }: HeldError, model: string | null): string {
  const text = kind === 'coded' ? '' : body.toString('utf8');
  const read = v.safeParse(bodySchema, parseJson(text));
  const message = read.success ? read.output.error.message : 'OpenRouter answered with an error.';
  const said = { status, code: 'upstream_error', message };
  const raw = { raw: text.slice(0, longestText) };
  try {
    const metadata = read.success ? { ...read.output.metadata, ...read.output.error.metadata } : raw;
    return errorEvent(form, { ...said, metadata }, model);
  } catch {
    // The metadata is nested too deeply to be written.
    return errorEvent(form, { ...said, metadata: raw }, model);
  }
}
