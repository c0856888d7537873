// TLS in front of a server without it, which so looks like an upstream.
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Identity } from './certificates';

export class TlsFront {
  /** The good handshakes: whether a known session was resumed, and the protocol of ALPN. */
  readonly handshakes: { readonly isReused: boolean; readonly alpn: string | false }[] = [];
  private readonly sockets = new Set<TLSSocket>();
  private readonly bare = new Set<Socket>();
  private tried = 0;

  private constructor(private readonly server: Server) {}

  /** Listens on 127.0.0.1. `alpn`: the protocols that it offers, the best first. */
  static async open(
    toPort: number,
    identity: Identity,
    alpn: string[] = ['h2', 'http/1.1'],
  ): Promise<TlsFront> {
    const server = createServer({ ...identity, ALPNProtocols: alpn });
    const front = new TlsFront(server);
    server.on('connection', (socket: Socket) => {
      front.tried++;
      front.bare.add(socket);
      socket.on('close', () => front.bare.delete(socket)).on('error', () => undefined);
    });
    server.on('secureConnection', (socket) => front.join(socket, connect(toPort, '127.0.0.1')));
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that were opened to it, with good handshakes or bad ones. */
  get connections(): number {
    return this.tried;
  }

  /** A certificate for the handshakes from now on. */
  present(identity: Identity): void {
    this.server.setSecureContext(identity);
  }

  /** Resets every connection, without an end of TLS. */
  reset(): void {
    for (const socket of this.bare) socket.resetAndDestroy();
  }

  /** Ends its side of every connection, in order, and goes on reading. */
  halfClose(): void {
    for (const socket of this.sockets) socket.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(outer: TLSSocket, inner: Socket): void {
    this.sockets.add(outer);
    this.handshakes.push({ isReused: outer.isSessionReused(), alpn: outer.alpnProtocol ?? false });
    outer.on('close', () => {
      this.sockets.delete(outer);
      inner.destroy();
    });
    inner.on('close', () => outer.destroySoon());
    for (const socket of [outer, inner]) socket.on('error', () => undefined);
    outer.pipe(inner);
    inner.pipe(outer);
  }
}
