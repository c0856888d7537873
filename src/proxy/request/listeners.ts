// The proxy's listening sockets: one port on both loopback families, never another port.
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '../../base/systemError';

/** Node's own 5 s would reset a client's next POST; clients keep their connections for up to 90 s. */
const idleClientMs = 95_000;

/** `headMs`: the time for a connection's first head, or to complete a later one. `readerMs`: the time without a read of an ended answer. */
const usualLimits = { headMs: 60_000, checkEveryMs: 15_000, readerMs: 300_000 };

const methodNotAllowed = 'HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

export type Serve = (request: IncomingMessage, response: ServerResponse) => void;

export interface Listeners {
  /** The port that is bound: differs from the requested one only if that was 0. */
  readonly port: number;
  /** `EADDRINUSE` where another program serves `[::1]`, else null: a machine without IPv6 is no fault. */
  readonly strangerOnIpv6: string | null;
  /** Resolves as soon as the port is free for others; connections with a running answer stay, idle ones are closed. */
  close(): Promise<void>;
  /** Closes the port and every connection, including those with a running answer. */
  destroy(): void;
}

/** Listens on `host`, and on `[::1]` too where host is 127.0.0.1. Rejects with the system's error if the port cannot be bound. */
export async function listen(
  host: string,
  port: number,
  serve: Serve,
  limits = usualLimits,
): Promise<Listeners> {
  const first = await bind(host, port, serve, limits);
  const bound = (first.address() as AddressInfo).port;
  const servers = [first];
  let strangerOnIpv6: string | null = null;
  if (host === '127.0.0.1') {
    try {
      servers.push(await bind('::1', bound, serve, limits));
    } catch (error: unknown) {
      strangerOnIpv6 = codeOf(error) === 'EADDRINUSE' ? 'EADDRINUSE' : null;
    }
  }
  return {
    port: bound,
    strangerOnIpv6,
    close: async () => {
      for (const server of servers) {
        // The listening socket is closed within this call; the server itself ends with its last connection.
        server.close();
        server.closeIdleConnections();
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
    destroy: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function bind(
  host: string,
  port: number,
  serve: Serve,
  { headMs, checkEveryMs, readerMs }: typeof usualLimits,
): Promise<HttpServer> {
  const server = createServer(
    {
      keepAliveTimeout: idleClientMs,
      // A long upload or answer is no fault; with a limit of 0 Node keeps the limit of the head.
      requestTimeout: 0,
      headersTimeout: headMs,
      connectionsCheckingInterval: checkEveryMs,
      noDelay: true,
    },
    serve,
  );
  // Node would drop further headers in silence; they are bounded by the head's 16 KiB, and each one is checked.
  server.maxHeadersCount = 0;
  // The client sends its body once the request is admitted.
  server.on('checkContinue', serve);
  const answering = new WeakMap<object, number>();
  const count: Serve = ({ socket }, response) => {
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    response.on('prefinish', () => {
      answering.set(socket, (answering.get(socket) ?? 1) - 1);
      // Nearly every answer is in the system's buffer by now, and needs no time limit.
      if (socket.writableLength === 0) return;
      socket.setTimeout(readerMs);
      // Node sets its own limit for a kept connection after this listener.
      response.prependOnceListener('finish', () => socket.setTimeout(0));
    });
  };
  server.prependListener('request', count).prependListener('checkContinue', count);
  server.on('connect', ({ socket }) => {
    // Node no longer handles the socket: without a listener its error would end the process, and nothing would close it.
    socket.on('error', () => socket.destroy()).setTimeout(headMs, () => socket.destroy());
    // Behind a request that is not answered yet the refusal would be taken for its answer.
    if (socket.writableEnded || (answering.get(socket) ?? 0) > 0) socket.destroy();
    else socket.end(methodNotAllowed);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host === '::1' }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
