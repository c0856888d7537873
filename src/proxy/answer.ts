// The client's side of an exchange: one answer, begun once, ended once.
import type { ServerResponse } from 'node:http';
import type { Form } from './form';
import { givenBackEvent } from './givenBack';
import type { HeldError } from './judge';
import type { Refusal } from './refusal';

/** `keptAlive`: an event stream of our own has begun, upstream's answer has not. */
type AnswerState = 'waiting' | 'keptAlive' | 'begun' | 'ended';

/** Sees all that the client is given. */
export interface AnswerCopy {
  head(status: number, headers: readonly string[]): void;
  data(chunk: Buffer | string): void;
}

export class Answer {
  private copy: AnswerCopy | null = null;
  private state: AnswerState = 'waiting';
  private isStream = false;
  private extraHeaders: () => readonly string[] = () => [];
  /** What the client got, or null before. */
  status: number | null = null;

  constructor(
    private readonly response: ServerResponse,
    readonly form: Form,
  ) {}

  /** From now on the answer's head tells how it came about. */
  explain(headers: () => readonly string[]): void {
    this.extraHeaders = headers;
  }

  /** From now on what the client is given goes to `copy` as well. */
  copyTo(copy: AnswerCopy | null): void {
    this.copy = copy;
  }

  get hasBegun(): boolean {
    return this.state !== 'waiting';
  }

  /** Whether the client holds an open event stream that we began ourselves. */
  get isKeptAlive(): boolean {
    return this.state === 'keptAlive';
  }

  get hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** Begins an event stream of our own, for a client that would give up waiting; from now on errors are events. */
  keepAlive(comment: string): void {
    if (this.state === 'waiting') {
      this.state = 'keptAlive';
      this.isStream = true;
      this.writeHead(200, '', ['content-type', 'text/event-stream', 'cache-control', 'no-cache']);
    }
    if (this.state === 'keptAlive') this.write(comment);
  }

  /** Writes upstream's head; nothing is sent where the stream was begun before. This is the commit point. `isStream`: errors may follow as events. */
  begin(status: number, statusText: string, headers: readonly string[], isStream = false): void {
    if (this.state === 'waiting') {
      this.isStream = isStream;
      this.writeHead(status, statusText, headers);
    }
    this.state = 'begun';
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
    this.response.end();
  }

  /** Breaks the connection: the client must not take what it got for a whole answer. */
  cut(): void {
    this.state = 'ended';
    this.response.destroy();
  }

  /**
   * Ends with an answer of our own, in the endpoint's form: an error answer, or the last event of a begun stream. What
   * else has begun is cut.
   */
  refuse(refusal: Refusal, model: string | null, nowMs: number): void {
    if (this.hasEnded) return;
    if (this.hasBegun && !this.isStream) {
      this.cut();
      return;
    }
    if (this.state === 'waiting') {
      const body = refusal.body(this.form);
      this.writeHead(refusal.status, '', [
        ...refusal.headers(nowMs),
        'content-length',
        String(Buffer.byteLength(body)),
      ]);
      this.write(body);
    } else {
      this.write(refusal.event(this.form, model));
    }
    this.end();
  }

  /** Ends with upstream's own error: as it came, or as the last event of a begun stream. */
  giveBack(error: HeldError, headers: readonly string[], model: string | null): void {
    if (this.state === 'waiting') {
      this.writeHead(error.status, '', [...headers, 'content-length', String(error.body.length)]);
      this.write(error.body);
    } else {
      this.write(givenBackEvent(this.form, error, model));
    }
    this.end();
  }

  private writeHead(status: number, statusText: string, headers: readonly string[]): void {
    this.status = status;
    const all = [...headers, ...this.extraHeaders()];
    this.copy?.head(status, all);
    if (isReasonPhrase(statusText)) this.response.writeHead(status, statusText, all);
    else this.response.writeHead(status, all);
  }
}

/** What may stand in a status line (RFC 9112 4); Node throws at anything else. */
function isReasonPhrase(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]+$/.test(text);
}
