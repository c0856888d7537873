// Sends one attempt; the only importer of undici. Undici repeats nothing by itself here: one request a connection at a time.
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buildConnector, Client } from 'undici';
import type { Clock } from '../base/clock';
import { AddressBook } from './addressBook';
import type { Fault } from './fault';
import { Sending, type SendSteps, type Sent } from './sending';
import { Standstill } from './upload';

export interface UpstreamRequest {
  readonly method: string;
  /** Below the base URL, with the query. */
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Buffer | Readable | null;
  /** On a connection of its own: the pooled ones may be dead. */
  readonly fresh: boolean;
  /** How long the answer's head may take: from the call on, or from a body's latest `piece` (see `inPieces`). */
  readonly headTimeoutMs: number;
}

/** Undici's 4 s would cost a TLS handshake a turn of a conversation. */
const idleSocketMs = 60_000;
const connectTimeoutMs = 10_000;
const longestHeadBytes = 64 * 1024;

/** One connection, and whether it has served before. */
interface Line {
  readonly client: Client;
  sentOnSocket: number;
  /** What runs on it. */
  sending: Sending | null;
}

export class Upstream {
  private readonly origin: string;
  private readonly basePath: string;
  private readonly book: AddressBook;
  private made: buildConnector.connector | null = null;
  /** Used last is taken first: the others may grow old and close. */
  private idle: Line[] = [];
  private readonly busy = new Set<Line>();
  private isClosed = false;

  constructor(
    private readonly clock: Clock,
    baseUrl: string,
  ) {
    const url = new URL(baseUrl);
    this.origin = url.origin;
    this.basePath = url.pathname.replace(/\/$/, '');
    this.book = new AddressBook(clock, url.hostname);
  }

  /** Looks upstream's address up, so that the first request does not wait for it. */
  warm(): void {
    if (!/^[\d.]+$|^\[/.test(new URL(this.origin).hostname)) this.book.renew();
  }

  /**
   * Resolves with upstream's answer as soon as its head is here (heads below 200 are skipped), paused; or with what
   * went wrong before that. Aborting the signal ends the attempt at once, whatever its state.
   */
  async send(request: UpstreamRequest, steps: SendSteps, signal: AbortSignal): Promise<Sent> {
    if (signal.aborted) return { fault: { code: 'clientGone' } };
    const sent = await this.dispatch(request, steps, signal);
    if ('fault' in sent && isSilence(sent.fault)) this.retire();
    return sent;
  }

  /** Closes every idle connection: after a change of networks they may all be dead without knowing it. */
  retire(): void {
    for (const line of this.idle.splice(0)) destroy(line.client);
  }

  /** Closes what is idle now, and each connection with its running answer's end. */
  leave(): void {
    this.isClosed = true;
    this.retire();
  }

  /** Connections that carry an answer or stand ready for one. */
  get connections(): number {
    return this.busy.size + this.idle.length;
  }

  /** Ends every connection, those with a running answer too. */
  close(): void {
    this.leave();
    for (const line of this.busy) destroy(line.client);
    this.busy.clear();
  }

  private async dispatch(request: UpstreamRequest, steps: SendSteps, signal: AbortSignal): Promise<Sent> {
    const line = this.take(request.fresh);
    return await new Promise<Sent>((resolve) => {
      const sending = new Sending({
        steps,
        signal,
        resolve,
        onSent: () => ++line.sentOnSocket > 1,
        onOver: () => this.give(line, request.fresh),
      });
      const standstill = new Standstill(this.clock, request.headTimeoutMs, sending.onHeadTimeout);
      line.sending = sending;
      sending.limitHead(standstill);
      if (request.body instanceof Readable) {
        request.body.on('piece', () => standstill.moved()).once('end', () => steps.onUploaded?.());
      }
      try {
        line.client.dispatch(
          {
            method: request.method,
            path: this.basePath + request.path,
            headers: [...request.headers],
            body: request.body,
            // Both limits are the exchange's business: it knows what kind of answer runs.
            headersTimeout: 0,
            bodyTimeout: 0,
          },
          sending,
        );
      } catch (error: unknown) {
        sending.onResponseError(null, error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  private take(fresh: boolean): Line {
    const line = (fresh ? undefined : this.idle.pop()) ?? this.open();
    this.busy.add(line);
    return line;
  }

  private give(line: Line, fresh: boolean): void {
    line.sending = null;
    this.busy.delete(line);
    if (fresh || this.isClosed || line.client.destroyed) destroy(line.client);
    else this.idle.push(line);
  }

  private open(): Line {
    const client: Client = new Client(this.origin, {
      connect: (options, connected) => {
        this.connector(options, (...[error, socket]) => {
          if (error !== null) {
            connected(error, null);
            return;
          }
          whenClosed(socket, () => line.sending?.letRunOut());
          connected(null, socket);
        });
      },
      pipelining: 1,
      keepAliveTimeout: idleSocketMs,
      keepAliveMaxTimeout: idleSocketMs,
      maxHeaderSize: longestHeadBytes,
    });
    const line: Line = { client, sentOnSocket: 0, sending: null };
    client.on('connect', () => (line.sentOnSocket = 0));
    client.on('disconnect', () => {
      const index = this.idle.indexOf(line);
      if (index < 0) return;
      this.idle.splice(index, 1);
      destroy(client);
    });
    return line;
  }

  /** Made for the first connection: until then the library is not read. */
  private get connector(): buildConnector.connector {
    return (this.made ??= buildConnector({
      timeout: connectTimeoutMs,
      lookup: this.book.lookup,
      keepAlive: true,
      allowH2: false,
    }));
  }
}

/**
 * Undici asserts that an answer is not paused when the connection that it came on closes, and is announced to (`Connection:
 * close`, or no length): its assertion would end the process while a client reads slowly (undici issue 5360). So what is
 * paused runs out before undici hears of the end. After a reset nothing can: that takes the way of any other broken socket.
 * To be called before undici listens itself.
 */
function whenClosed(socket: Socket, letRunOut: () => void): void {
  socket.on('end', letRunOut);
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
  });
}

/** After silence on one connection the idle ones are not trusted either: the network may be another one. */
function isSilence(fault: Fault): boolean {
  if (fault.code === 'headTimeout') return true;
  const cause = fault.code === 'notSent' ? fault.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'UND_ERR_CONNECT_TIMEOUT';
}

function destroy(client: Client): void {
  client.destroy().catch(() => {
    // It is on its way out; how it went tells nobody anything.
  });
}
