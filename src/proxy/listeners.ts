// Where the proxy listens: one port on both loopback families, never another port.
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '../base/systemError';

/** Node's own 5 s resets a client's next POST; clients keep their connections for up to 90 s. */
const idleClientMs = 95_000;

export type Serve = (request: IncomingMessage, response: ServerResponse) => void;

export interface Listeners {
  /** The port that is really bound: another than the one asked for only if that was 0. */
  readonly port: number;
  /** Why `[::1]` is not served, or null: no such family is no fault. */
  readonly strangerOnIpv6: string | null;
  /** Resolves as soon as the port is free for others; connections with a running answer stay, idle ones are closed. */
  close(): Promise<void>;
  /** Closes the port and every connection, those with a running answer too. */
  destroy(): void;
}

/** Listens on `host`, and on `[::1]` too where host is 127.0.0.1. Rejects with the system's error if the port cannot be had. */
export async function listen(host: string, port: number, serve: Serve): Promise<Listeners> {
  const first = await bind(host, port, serve);
  const bound = (first.address() as AddressInfo).port;
  const servers = [first];
  let strangerOnIpv6: string | null = null;
  if (host === '127.0.0.1') {
    try {
      servers.push(await bind('::1', bound, serve));
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

async function bind(host: string, port: number, serve: Serve): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: idleClientMs, requestTimeout: 0, noDelay: true }, serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host === '::1' }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
