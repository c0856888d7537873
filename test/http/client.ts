// Clients of the proxy that show every byte: node:http, and bare sockets.
import assert from 'node:assert/strict';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Asked {
  readonly method?: string;
  /** Default `/api/v1/chat/completions`. */
  readonly path?: string;
  readonly model?: string;
  readonly stream?: boolean;
  /** Instead of the usual body of a model request; null: none. */
  readonly body?: string | Buffer | Readonly<Record<string, unknown>> | null;
  /** Name, value, name, value. */
  readonly headers?: readonly string[];
  /** Sent as a bearer; null: none. */
  readonly proxyKey?: string | null;
  readonly host?: string;
  readonly signal?: AbortSignal;
  /** Called with each piece as it comes. */
  readonly onData?: (text: string, leave: () => void) => void;
}

export interface Reply {
  readonly status: number;
  readonly statusText: string;
  /** Raw: name, value, name, value. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** Whether the answer ended as HTTP says that it should. */
  readonly isWhole: boolean;
  header(name: string): string | undefined;
  json(): unknown;
}

/** The body of a model request, in the form of the path. */
export function bodyFor({
  path = '',
  model = 'x/y:free',
  stream = false,
}: Asked): Readonly<Record<string, unknown>> {
  if (/\/responses$/.test(path)) return { model, stream, input: 'Hi' };
  if (/\/embeddings$/.test(path)) return { model, input: 'Hi' };
  return { model, stream, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
}

/** One request on a connection of its own; rejects only if no head comes. */
export async function ask(port: number, asked: Asked): Promise<Reply> {
  const { method = 'POST', path = '/api/v1/chat/completions', proxyKey = null, headers = [] } = asked;
  const body = bytesOf(asked, method);
  const all: string[] = ['Host', asked.host ?? `127.0.0.1:${port}`, ...headers];
  if (proxyKey !== null) all.push('Authorization', `Bearer ${proxyKey}`);
  const has = (name: string): boolean =>
    all.some((part, index) => index % 2 === 0 && part.toLowerCase() === name);
  if (body !== null && !has('content-type')) all.push('Content-Type', 'application/json');
  if (body !== null && !has('content-length') && !has('transfer-encoding')) {
    all.push('Content-Length', String(body.length));
  }
  return await new Promise<Reply>((resolve, reject) => {
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: all,
      agent: false,
      signal: asked.signal,
    });
    sent.on('error', reject);
    // Errors after the whole answer, while the body still goes up, are ignored.
    sent.once('socket', (socket) => socket.on('error', () => undefined));
    sent.once('response', (response) => {
      sent.on('error', () => undefined);
      collect(sent, response, asked).then(resolve, reject);
    });
    sent.end(body ?? undefined);
  });
}

function bytesOf(asked: Asked, method: string): Buffer | null {
  const { body } = asked;
  if (body === null || (body === undefined && method !== 'POST')) return null;
  const content = body ?? bodyFor(asked);
  if (Buffer.isBuffer(content)) return content;
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
}

async function collect(sent: ClientRequest, response: IncomingMessage, { onData }: Asked): Promise<Reply> {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    onData?.(chunk.toString('utf8'), () => sent.destroy());
  });
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.on('error', () => resolve());
  });
  return replyOf(response, Buffer.concat(chunks));
}

function replyOf(response: IncomingMessage, body: Buffer): Reply {
  const text = body.toString('utf8');
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    rawHeaders: response.rawHeaders,
    body,
    text,
    isWhole: response.complete,
    header: (name) => headersOf(response.rawHeaders, name)[0],
    json: () => JSON.parse(text) as unknown,
  };
}

/** All values of a header. */
export function headersOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** A connection on which every byte is written and read by hand. */
export class RawSocket {
  private readonly chunks: Buffer[] = [];
  private closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => undefined);
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawSocket> {
    const socket = connect(port, host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawSocket(socket);
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Resolves with all that came as soon as it fits. */
  async until(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const endAtMs = performance.now() + timeoutMs;
    while (!pattern.test(this.text)) {
      assert.ok(
        performance.now() < endAtMs,
        `Not within ${timeoutMs} ms: ${String(pattern)} in ${this.text}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return this.text;
  }

  async untilClosed(): Promise<string> {
    if (!this.closed) await new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    return this.text;
  }

  /** Closes the connection as a process that dies does. */
  leave(): void {
    this.socket.destroy();
  }
}

/** A chat request as text, for a raw socket. */
export function rawChat(proxyKey: string, body: string, extra = ''): string {
  return `POST /api/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${proxyKey}\r\nContent-Type: application/json\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The data of the events in a stream's text. */
export function dataOf(text: string): readonly string[] {
  return text
    .split(/\r?\n\r?\n/)
    .map((event) => /^data: (.*)$/m.exec(event)?.[1])
    .filter((data) => data !== undefined);
}
