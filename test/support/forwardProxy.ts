// A network proxy as companies have them: tunnels by CONNECT, with a user name and a password or without.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A number: refuses each tunnel with that status · `silent`: reads and never answers · `hangUp`: closes without an answer. */
export type ProxyManner = 'open' | 'silent' | 'hangUp' | number;

export class ForwardProxy {
  /** The targets of CONNECT, as they were asked for. */
  readonly targets: string[] = [];
  /** The tunnels' bytes towards upstream, as text. */
  seen = '';
  manner: ProxyManner = 'open';
  /** Host names that only this proxy can resolve. */
  readonly names = new Map<string, string>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly credentials: string | null,
  ) {}

  /** Listens on 127.0.0.1; `credentials`: `user:password`, without which it answers 407. */
  static async open(credentials: string | null = null): Promise<ForwardProxy> {
    const server = createServer((_, response) => response.writeHead(405).end());
    const proxy = new ForwardProxy(server, credentials);
    server.on('connect', (request, socket: Socket, head) => proxy.tunnel(request, socket, head));
    server.on('connection', (socket) => {
      proxy.sockets.add(socket);
      socket.on('close', () => proxy.sockets.delete(socket)).on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The proxy's URL, with user and password where the proxy wants them. */
  get url(): string {
    const at =
      this.credentials === null ? '' : `${this.credentials.split(':').map(encodeURIComponent).join(':')}@`;
    return `http://${at}127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const target = request.url ?? '';
    this.targets.push(target);
    const { manner } = this;
    if (manner === 'silent') return;
    if (manner === 'hangUp') socket.destroy();
    else if (typeof manner === 'number') refuse(socket, manner);
    else if (!this.isAllowed(request)) refuse(socket, 407);
    else this.pass(target, socket, head);
  }

  private isAllowed({ headers }: IncomingMessage): boolean {
    if (this.credentials === null) return true;
    const token = /^Basic (.+)$/.exec(headers['proxy-authorization'] ?? '')?.[1] ?? '';
    return Buffer.from(token, 'base64').toString('utf8') === this.credentials;
  }

  private pass(target: string, socket: Socket, head: Buffer): void {
    const [, host = '', port = '443'] = /^(.*?)(?::(\d+))?$/.exec(target) ?? [];
    const upstream = connect(Number(port), this.names.get(host) ?? host);
    upstream.on('error', () => refuse(socket, 502));
    upstream.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      socket.on('data', (chunk: Buffer) => (this.seen += chunk.toString('latin1')));
      socket.pipe(upstream).pipe(socket);
      socket.on('close', () => upstream.destroy());
    });
  }
}

function refuse(socket: Socket, status: number): void {
  const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="company"\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} Refused\r\n${challenge}Content-Length: 7\r\nConnection: close\r\n\r\nrefused`,
  );
}
