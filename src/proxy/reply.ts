// Upstream's answer from its head on: paused until somebody reads its body.
import type { Fault } from './fault';

/** Who reads a body: chunks as they come, then exactly one of `end` and `fault`. */
export interface Sink {
  data(chunk: Buffer): void;
  end(): void;
  fault(fault: Fault): void;
}

/** What controls the flow from the socket. */
export interface Flow {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

type Ending = { readonly kind: 'end' } | { readonly kind: 'fault'; readonly fault: Fault };

export class Reply implements Sink {
  private sink: Sink | null = null;
  private ending: Ending | null = null;
  private early: Buffer[] = [];

  constructor(
    readonly status: number,
    readonly statusText: string,
    /** Name, value, name, value, as upstream sent them. */
    readonly headers: readonly string[],
    private readonly flow: Flow,
  ) {}

  /** Lets the body flow into `sink`; what came before comes first. A reader that gives over to another calls `pause` first. */
  readInto(sink: Sink): void {
    this.sink = sink;
    const early = this.early;
    this.early = [];
    for (const chunk of early) sink.data(chunk);
    if (this.ending === null) this.flow.resume();
    else this.tell(sink, this.ending);
  }

  pause(): void {
    this.flow.pause();
  }

  resume(): void {
    this.flow.resume();
  }

  /** Stops reading for now; chunks that still come are kept for the next reader. */
  release(): void {
    this.flow.pause();
    this.sink = null;
  }

  /** Ends the exchange with upstream at once; nothing more is told to any reader. */
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
    this.finish({ kind: 'end' });
  }

  fault(fault: Fault): void {
    this.finish({ kind: 'fault', fault });
  }

  private finish(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = ending;
    if (this.sink !== null) this.tell(this.sink, ending);
  }

  private tell(sink: Sink, ending: Ending): void {
    if (ending.kind === 'end') sink.end();
    else sink.fault(ending.fault);
  }
}

const silent: Sink = {
  data: () => {
    // Nobody reads any more.
  },
  end: () => {
    // Nobody reads any more.
  },
  fault: () => {
    // Nobody reads any more.
  },
};
