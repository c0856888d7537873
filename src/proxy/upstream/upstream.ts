// Sends attempts upstream, one at a time on each connection, so that undici never repeats a request by itself.
import { Readable } from 'node:stream';
import type { Clock } from '../../base/clock';
import type { Signal } from '../../base/signal';
import { SilenceWatch } from '../../base/silence';
import { codeOf } from '../../base/systemError';
import { AddressBook, type Look } from './addressBook';
import type { Fault } from '../errors/outcome';
import { Reachability } from './reachability';
import { ConnectionOpener, type SingleDispatcher } from './connectionOpener';
import type { NetworkRoute } from './networkRoute';
import {
  Connection,
  DispatchHandler,
  type DispatchParts,
  type SendResult,
  type SendSteps,
} from './dispatchHandler';

export interface UpstreamRequest {
  readonly method: string;
  /** Below the base URL, with the query; `/api/alpha/…` and `/api/beta/…` stand beside it. */
  readonly path: string;
  /** Name, value, name, value; the connection takes the list as it is. */
  readonly headers: string[];
  /** The key in the headers, masked in the answer's head and in an uncoded body; null without one. */
  readonly key: string | null;
  readonly body: Buffer | Readable | null;
  /** Whether it gets a connection of its own: the pooled ones may be dead. */
  readonly fresh: boolean;
  /** How long the answer's head may take: from the call on, or from a body's latest `piece` (see `inPieces`). */
  readonly headTimeoutMs: number;
}

export interface Destination {
  readonly upstreamUrl: string;
  readonly networkRoute: NetworkRoute;
}

export class Upstream {
  private readonly origin: string;
  private readonly basePath: string;
  private readonly book: AddressBook;
  private readonly opener: ConnectionOpener;
  /** The connection that was used last is taken first, so that the others can grow old and close. */
  private idle: Connection[] = [];
  private readonly busy = new Set<Connection>();
  private isClosed = false;
  readonly reachability: Reachability;
  /** The `Date` that was noted last: answers of the same second add nothing. */
  private lastDate: string | null = null;

  /** `onReach` is called when `reachability.unreached` has changed. `look`: default is the system's look-up of names. */
  constructor(
    private readonly clock: Clock,
    { upstreamUrl, networkRoute }: Destination,
    onReach: () => void = () => undefined,
    look?: Look,
  ) {
    this.reachability = new Reachability(clock, onReach);
    const url = new URL(upstreamUrl);
    this.origin = url.origin;
    this.basePath = url.pathname.replace(/\/$/, '');
    this.book = new AddressBook(clock, url.hostname, look);
    this.opener = new ConnectionOpener(upstreamUrl, networkRoute, this.book);
  }

  /** Looks upstream's address up, so that the first request does not wait for it. */
  warm(): void {
    if (!/^[\d.]+$|^\[/.test(new URL(this.origin).hostname)) this.book.renew();
  }

  /** Like `dispatch`, with a watch of its own: resolves with the result. */
  async send(request: UpstreamRequest, steps: SendSteps, signal: Signal): Promise<SendResult> {
    const watch = new SilenceWatch(this.clock);
    const sent = await new Promise<SendResult>((resolve) =>
      this.dispatch(request, { steps, signal, watch, onResult: resolve }),
    );
    watch.dispose();
    return sent;
  }

  /**
   * Calls `onResult` once: with upstream's answer as soon as its head is here, or with the fault before it. Heads below 200
   * go to `onInformation` alone. The answer is paused unless it is read at once. `watch` watches for the head; it is at
   * rest once `onResult` is called. Aborting the signal ends the attempt at once, in any state.
   */
  dispatch(request: UpstreamRequest, { steps, signal, watch, onResult }: DispatchParts): void {
    const { body, fresh, key, headTimeoutMs } = request;
    const held = this.idle.length > 0 && !fresh ? null : this.reachability.connectionFault();
    const fault: Fault | null = signal.aborted ? { code: 'clientGone' } : held;
    if (fault !== null) {
      onResult({ fault });
      return;
    }
    const connection = this.take(fresh);
    const handler = new DispatchHandler(connection, key, {
      steps,
      signal,
      watch,
      onResult: (sent) => onResult(this.learnFrom(sent)),
    });
    connection.handler = handler;
    watch.watch(headTimeoutMs, () => handler.onHeadTimeout());
    if (body instanceof Readable)
      body.on('piece', () => watch.noteProgress()).once('end', () => steps.onUploaded?.());
    try {
      connection.dispatcher.dispatch(
        {
          method: request.method,
          path: this.pathOf(request.path),
          headers: request.headers,
          body,
          // The exchange sets both limits: it knows the kind of the answer.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error: unknown) {
      handler.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Closes every idle connection: after a change of networks all of them may be dead without notice. */
  retire(): void {
    for (const connection of this.idle.splice(0)) destroy(connection.dispatcher);
  }

  /** Closes the idle connections now, and each other one at the end of its running answer. */
  leave(): void {
    this.isClosed = true;
    this.retire();
  }

  /** Ends every connection, including those with a running answer. */
  close(): void {
    this.leave();
    for (const connection of this.busy) destroy(connection.dispatcher);
    this.busy.clear();
  }

  /** Learns from the result, and returns it. */
  private learnFrom(sent: SendResult): SendResult {
    const noted = this.reachability.note(sent);
    if ('fault' in noted) {
      if (isSilence(noted.fault)) this.retire();
      return noted;
    }
    const { reply } = noted;
    if (reply.date === this.lastDate) return noted;
    this.lastDate = reply.date;
    if (reply.dateMs !== null) this.clock.noteServerDate(reply.dateMs);
    return noted;
  }

  /** OpenRouter's `/api/alpha` and `/api/beta` stand beside its `/api/v1`, in the base's parent. */
  private pathOf(path: string): string {
    const beside = /^\/api(\/(?:alpha|beta)\/.*)$/.exec(path)?.[1];
    return beside === undefined ? this.basePath + path : this.basePath.replace(/\/[^/]*$/, '') + beside;
  }

  private take(fresh: boolean): Connection {
    const connection = (fresh ? undefined : this.idle.pop()) ?? this.open();
    connection.isFresh = fresh;
    this.busy.add(connection);
    return connection;
  }

  private give(connection: Connection): void {
    this.busy.delete(connection);
    // A connection that was never opened is destroyed: undici waits on it for ever after a certificate of another name.
    if (connection.isFresh || this.isClosed || !connection.isOpen) destroy(connection.dispatcher);
    else this.idle.push(connection);
  }

  private open(): Connection {
    const dispatcher = this.opener.open({
      opened: (socket) => connection.opened(socket),
      closed: () => {
        connection.isOpen = false;
        const index = this.idle.indexOf(connection);
        if (index < 0) return;
        this.idle.splice(index, 1);
        destroy(dispatcher);
      },
    });
    const connection: Connection = new Connection(dispatcher, (over) => this.give(over));
    return connection;
  }
}

/** Whether the fault is silence: then the idle connections are not trusted either, as the network may be another one. */
function isSilence(fault: Fault): boolean {
  if (fault.code === 'headTimeout') return true;
  const cause = fault.code === 'notSent' ? fault.cause : null;
  return codeOf(cause) === 'UND_ERR_CONNECT_TIMEOUT';
}

function destroy(dispatcher: SingleDispatcher): void {
  dispatcher.destroy().catch(() => {
    // The connection is not needed any more; an error of its closing changes nothing.
  });
}
