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

/** Sees all that the client is given, and the end of the exchange. */
export interface AnswerCopy {
  head(status: number, headers: readonly string[]): void;
  data(chunk: Buffer | string): void;
  end(): void;
}

const everyMs = 10_000;
/** So long after upstream's first preamble the first comment goes out at the latest. */
const afterPreambleMs = 4_000;
/** Never one that begins with `: ping`: Continue's reader stops at it. */
const comment = ': keywheel is waiting for a free slot\n\n';

/** A client that takes nothing of a last event for so long is let go. */
const flushTimeoutMs = 5_000;

export class Answer {
  copy: AnswerCopy | null = null;
  /** Headers that the answer's head gets besides; the early head of a stream of our own gets none. */
  extraHeaders: () => readonly string[] = () => [];
  private state: AnswerState = 'waiting';
  private isStream = false;
  /** When the next comment is due; null where none is to come. */
  private comments: Alarm | null = null;
  status: number | null = null;
  /** The error in the words that the client got, or null. */
  message: string | null = null;
  /** Names the request in its answer's head, in refusals and in the log: 12 hex digits. */
  readonly requestId = randomUUID().slice(-12);

  constructor(
    private readonly response: ServerResponse,
    private readonly clock: Clock,
    readonly form: Form,
    /** Whether it ends at once, whatever the client still sends. */
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
   * For a streaming client, which would give up on silence: a comment after `afterMs` and every 10 s then, until the
   * answer begins or `keepAliveNoMore`. With the first one an event stream of our own begins; errors are events then.
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

  /** Passes on a head that is no answer yet (102, 103), to a client that knows such heads, has none so far and takes what comes. */
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

  /** Writes upstream's head; nothing is sent where the stream was begun before. This is the commit point. `isStream`: errors may follow as events. */
  begin(status: number, statusText: string, headers: readonly string[], isStream = false): void {
    if (this.state === 'waiting') {
      this.isStream = isStream;
      this.writeHead(status, statusText, headers);
    }
    this.state = 'begun';
  }

  /** The head goes out with the first bytes, or now: clients do not wait for it without end. */
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

  /** Begins and ends with all of an answer that is here; a 204 has no body, and tells no length (RFC 9110 8.6). */
  whole(status: number, headers: readonly string[], body: Buffer | string): void {
    const length = status === 204 ? [] : ['content-length', String(Buffer.byteLength(body))];
    this.writeHead(status, '', [...headers, ...length]);
    this.write(body);
    this.end();
  }

  /** Breaks the connection: the client must not take what it got for a whole answer. */
  cut(): void {
    this.state = 'ended';
    this.response.destroy();
  }

  /**
   * Ends with an answer of our own, in the endpoint's form: an error answer, or the last event of a begun stream, which
   * does not end as a whole one. What else has begun is cut.
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
   * The last event of ours, and a connection that ends after it without the body's end: some clients ignore error events,
   * and would take the rest for whole. FIN waits for what is written; a destroy would lose the event.
   */
  private endBroken(event: string): void {
    this.state = 'ended';
    const { response } = this;
    const hangUp = (): void => {
      response.socket?.setTimeout(flushTimeoutMs);
      response.socket?.end();
    };
    this.copy?.data(event);
    // Without a socket it waits behind other answers of its connection.
    const waits = response.socket === null;
    response.write(event, waits ? hangUp : undefined);
    // From Node 26 on the event is on its socket only then.
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
    // Java's client would send its next request behind half of this one's body; one that awaits 100 Continue may leave it out.
    if (isSending(this.response.req)) this.response.shouldKeepAlive = false;
    this.copy?.head(status, all);
    // What may stand in a status line (RFC 9112 4); Node throws at anything else.
    if (/^[\t\x20-\x7e\x80-\xff]+$/.test(statusText)) this.response.writeHead(status, statusText, all);
    else this.response.writeHead(status, all);
  }
}

/** More of a page that is no JSON tells nobody anything. */
const longestText = 16_384;

const fields = v.record(v.string(), v.unknown());
const bodySchema = v.object({
  error: v.object({ message: v.string(), metadata: v.fallback(v.optional(fields), undefined) }),
  metadata: v.fallback(v.optional(v.nullable(fields)), undefined),
});

/** Upstream's own error as the last event of a stream of ours: its message, status and metadata; what is not its JSON is shown as it came. */
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
    // Metadata that is nested deeper than can be written.
    return errorEvent(form, { ...said, metadata: raw }, model);
  }
}
