// Upstream's answer from its head on; paused until a reader takes its body.
import type { Fault } from '../errors/outcome';
import { isCoded } from '../../base/coding';
import { responseHeaders } from '../request/headers';

/** The reader of a body: gets chunks as they come, then exactly one of `end` and `fault`. */
export interface Sink {
  data(chunk: Buffer): void;
  end(): void;
  fault(fault: Fault): void;
}

/** Controls the flow from the socket. */
export interface Flow {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** The year of an HTTP date has four digits (RFC 9110 5.6.7); for some later years JavaScript could make no date. */
const longestDateMs = Date.UTC(10_000, 0);

export class Reply implements Sink {
  readonly forClient: readonly string[];
  readonly isEventStream: boolean;
  readonly isJson: boolean;
  readonly isCoded: boolean;
  /** Whether HTTP marks the end of the body: a body that ends there is whole. */
  readonly isFramed: boolean;
  /** The id of the generation that a model has made, or null. */
  readonly generation: string | null;
  /** Upstream's time of the answer, as it names it; null without one, and with an `Age`, as the answer comes out of a cache. */
  readonly date: string | null;
  private sink: Sink | null = null;
  /** Tells a reader how the body ended; null until it has. */
  private ending: ((sink: Sink) => void) | null = null;
  private early: Buffer[] = [];

  constructor(
    readonly status: number,
    readonly statusText: string,
    /** Name, value, name, value, as upstream sent them. */
    readonly headers: readonly string[],
    private readonly flow: Flow,
  ) {
    const { forClient, values } = responseHeaders(headers);
    this.forClient = forClient;
    const type = values.get('content-type') ?? '';
    this.isEventStream = /^text\/event-stream\b/i.test(type);
    this.isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
    this.isCoded = values.has('content-encoding') && isCoded(headers);
    this.isFramed = values.has('content-length') || values.has('transfer-encoding');
    this.generation = values.get('x-generation-id') ?? null;
    this.date = values.has('age') ? null : (values.get('date') ?? null);
  }

  get dateMs(): number | null {
    const dateMs = this.date === null ? Number.NaN : Date.parse(this.date);
    return dateMs < longestDateMs ? dateMs : null;
  }

  get isRead(): boolean {
    return this.sink !== null;
  }

  /** Lets the body flow into `sink`, earlier chunks first. A reader that hands over to another calls `pause` first. */
  readInto(sink: Sink): void {
    this.sink = sink;
    for (let chunk = this.early.shift(); chunk !== undefined; chunk = this.early.shift()) {
      sink.data(chunk);
      // The reader may have handed over: the next reader goes on.
      if (this.sink !== sink) return;
    }
    if (this.ending === null) this.flow.resume();
    else this.ending(sink);
  }

  pause(): void {
    this.flow.pause();
  }

  resume(): void {
    this.flow.resume();
  }

  /** Stops reading: later chunks are kept for the next reader, who reads at once or calls `pause`. */
  release(): void {
    this.sink = null;
  }

  /** Ends the exchange with upstream at once; no reader is called any more. */
  abort(reason: Error): void {
    this.sink = silent;
    this.early = [];
    if (this.ending === null) this.flow.abort(reason);
  }

  data(chunk: Buffer): void {
    if (this.sink === null) this.early.push(chunk);
    else this.sink.data(chunk);
  }

  end(): void {
    this.finish((sink) => sink.end());
  }

  fault(fault: Fault): void {
    this.finish((sink) => sink.fault(fault));
  }

  private finish(ending: (sink: Sink) => void): void {
    if (this.ending !== null) return;
    this.ending = ending;
    if (this.sink !== null) ending(this.sink);
  }
}

/** The reader of a body that is not wanted any more. */
const silent: Sink = { data: () => undefined, end: () => undefined, fault: () => undefined };
