/** An upstream of bare sockets: it reads requests more strictly than any server, and answers with the bytes that it is given. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Seen {
  readonly path: string;
  /** The value of our tag header; null without it. */
  readonly tag: string | null;
  readonly body: string;
}

/** The bytes to send; `close`: how the connection goes on after them. */
export interface Given {
  readonly pieces: readonly Buffer[];
  readonly close: 'no' | 'end' | 'reset';
}

export const TAG = 'x-fuzz-tag';

const requestLine = /^[A-Z-]+ (\/\S*) HTTP\/1\.1$/;
const allowedPath = /^\/api\/(?:v1|alpha|beta)(?:[/?]|$)/;

export class RawUpstream {
  /** Each rule that a request broke. */
  readonly faults: string[] = [];
  requests = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly proxyKey: string,
    private readonly keys: ReadonlySet<string>,
    private readonly answer: (seen: Seen) => Given,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  static async start(options: {
    readonly proxyKey: string;
    readonly keys: readonly string[];
    readonly answer: (seen: Seen) => Given;
  }): Promise<RawUpstream> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawUpstream(server, options.proxyKey, new Set(options.keys), options.answer);
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1`;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    let held: Buffer = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      for (;;) {
        const read = this.read(held);
        if (read === null) return;
        held = held.subarray(read.bytes);
        this.requests++;
        give(socket, this.answer(read.seen));
      }
    });
  }

  /** One whole request at the beginning of the bytes, or null. */
  private read(bytes: Buffer): { readonly bytes: number; readonly seen: Seen } | null {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const head = bytes.toString('latin1', 0, end);
    const [first = '', ...lines] = head.split('\r\n');
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(line.slice(0, Math.max(0, colon))))
        this.blame('a strange header', head);
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
    const valuesOf = (name: string): readonly string[] =>
      headers.filter(([each]) => each === name).map(([, value]) => value);
    this.check(head, first, valuesOf);
    const chunked = valuesOf('transfer-encoding').length > 0;
    const body = chunked
      ? chunkedEnd(bytes, end + 4)
      : { from: end + 4, to: end + 4 + Number(valuesOf('content-length')[0] ?? 0) };
    if (body === null || body.to > bytes.length) return null;
    const path = requestLine.exec(first)?.[1] ?? '';
    const tag = valuesOf(TAG)[0] ?? null;
    return { bytes: body.to, seen: { path, tag, body: bytes.toString('latin1', body.from, body.to) } };
  }

  private check(head: string, first: string, valuesOf: (name: string) => readonly string[]): void {
    const path = requestLine.exec(first)?.[1];
    if (path === undefined) this.blame('no request line', head);
    else if (!allowedPath.test(path) || !allowedPath.test(new URL(`http://x${path}`).pathname + '/'))
      this.blame('another path', head);
    if (valuesOf('host').length !== 1) this.blame('not one Host', head);
    if (valuesOf('content-length').length + valuesOf('transfer-encoding').length > 1)
      this.blame('two framings', head);
    const [authorization, ...others] = valuesOf('authorization');
    if (others.length > 0) this.blame('two Authorizations', head);
    if (authorization !== undefined && !this.keys.has(authorization.replace(/^Bearer /, '')))
      this.blame('an Authorization that is not ours', head);
    if (head.includes(this.proxyKey)) this.blame('the proxy key', head);
  }

  private blame(what: string, head: string): void {
    if (this.faults.length < 20)
      this.faults.push(`upstream got ${what}: ${JSON.stringify(head.slice(0, 2_000))}`);
  }
}

function chunkedEnd(bytes: Buffer, from: number): { readonly from: number; readonly to: number } | null {
  for (let at = from; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    at = end + 2 + size + 2;
    if (size === 0) return { from, to: at };
    if (at > bytes.length) return null;
  }
}

function give(socket: Socket, { pieces, close }: Given): void {
  for (const piece of pieces) socket.write(piece);
  if (close === 'end') socket.end();
  else if (close === 'reset') socket.resetAndDestroy();
}

export function jsonAnswer(value: unknown): Given {
  const body = JSON.stringify(value);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return { pieces: [Buffer.from(head + body)], close: 'no' };
}

/** The answer of `GET /key` for an account that has bought credits. */
export const keyAnswer: Given = jsonAnswer({
  data: { label: 'fuzz', limit: null, limit_remaining: null, usage: 0, is_free_tier: false },
});
