/** The sockets of the simulator, and the ways in which they can go bad. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * How idle keep-alive connections end. `destroy`: FIN. `reset`: RST. `halfDead`: nothing is seen until the next
 * request is written, which is answered by RST and never served. `deaf`: the same, but answered by nothing at all.
 */
export type ResetMode = 'destroy' | 'reset' | 'halfDead' | 'deaf';

interface Connection {
  readonly id: number;
  active: number;
  stale: 'halfDead' | 'deaf' | undefined;
}

export class Connections {
  private readonly bySocket = new Map<Socket, Connection>();
  /** Connections accepted since the start. */
  made = 0;
  /** Requests that came over a connection that was half-dead or deaf; they are not recorded otherwise. */
  staleHits = 0;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.made++;
      this.bySocket.set(socket, { id: this.made, active: 0, stale: undefined });
      socket.once('close', () => this.bySocket.delete(socket));
      // A reset by the client says nothing that the end of the connection does not say.
      socket.on('error', () => undefined);
    });
  }

  get open(): number {
    return this.bySocket.size;
  }

  get active(): number {
    return [...this.bySocket.values()].reduce((sum, connection) => sum + connection.active, 0);
  }

  /** The id of the connection that a request came over, or undefined where the connection is bad. */
  begin(socket: Socket): number | undefined {
    const connection = this.bySocket.get(socket);
    if (connection === undefined) return undefined;
    if (connection.stale !== undefined) {
      this.staleHits++;
      if (connection.stale === 'halfDead') socket.resetAndDestroy();
      return undefined;
    }
    connection.active++;
    return connection.id;
  }

  end(socket: Socket): void {
    const connection = this.bySocket.get(socket);
    if (connection !== undefined) connection.active--;
  }

  /** Spoils every connection without a request; returns how many. */
  reset(mode: ResetMode): number {
    const idle = [...this.bySocket].filter(([, connection]) => connection.active === 0);
    for (const [socket, connection] of idle) {
      switch (mode) {
        case 'destroy':
          socket.destroy();
          break;
        case 'reset':
          socket.resetAndDestroy();
          break;
        case 'halfDead':
        case 'deaf':
          connection.stale = mode;
      }
    }
    return idle.length;
  }
}
