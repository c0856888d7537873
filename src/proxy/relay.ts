// Passes an answer on as it came, with backpressure; an answer that breaks off never looks whole.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Answer } from './answer';
import { isCoded } from './coding';
import type { Fault } from './fault';
import { responseHeaders, without } from './headers';
import { isEventStream, type Held } from './peek';
import type { Plan } from './plan';
import { Refusal } from './refusal';
import type { Reply, Sink } from './reply';
import { endedInError, endedWhole, readUsage, Tail, type Usage } from './tail';

export interface RelayOptions {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly answer: Answer;
  /** Silence after which a stream is given up. */
  readonly idleTimeoutMs: number;
}

/** `whole`: the client has all of it · `error`: upstream ended it with an error of its own · `cut`: it broke off · `clientGone`. */
export interface Relayed {
  readonly end: 'whole' | 'error' | 'cut' | 'clientGone';
  readonly usage: Usage | null;
}

/** Resolves when nothing more will be sent to the client; never rejects. */
export async function relay(reply: Reply, held: Held, options: RelayOptions): Promise<Relayed> {
  const { answer, plan } = options;
  const isStream = plan.kind === 'models' && isEventStream(reply.headers);
  const mayEndInError = isStream && !isCoded(reply.headers);
  if (answer.isKeptAlive && !mayEndInError) return refuseUnfit(reply, options);
  const headers = responseHeaders(reply.headers);
  // An error event would go beyond the length that upstream promised, and into the connection's next answer.
  const sent = mayEndInError ? without(headers, length) : headers;
  answer.begin(reply.status, reply.statusText, sent, isStream);
  return await new Promise<Relayed>((resolve) => {
    const relaying = new Relaying(reply, options, isStream, resolve);
    answer.onDrain(relaying.onDrain);
    for (const chunk of held.chunks) relaying.data(chunk);
    relaying.watch();
    reply.readInto(relaying);
  });
}

const length: ReadonlySet<string> = new Set(['content-length']);

/** The client was told that events come, and gets no other bytes. */
function refuseUnfit(reply: Reply, { answer, plan, clock }: RelayOptions): Relayed {
  const refusal = new Refusal(
    `OpenRouter answered with status ${reply.status} and no event stream, after the client had waited for one.`,
    { status: 502, code: 'upstream_unfit' },
  );
  answer.refuse(refusal, plan.model, clock.nowMs());
  reply.abort(new Error('Not an event stream.'));
  return { end: 'cut', usage: null };
}

class Relaying implements Sink {
  private readonly tail = new Tail();
  private readonly isReadable: boolean;
  private lastByteAtMs: number;
  private isPaused = false;
  private isOver = false;
  private timer: Disposable | null = null;

  constructor(
    private readonly reply: Reply,
    private readonly options: RelayOptions,
    private readonly isStream: boolean,
    private readonly resolve: (relayed: Relayed) => void,
  ) {
    this.isReadable = !isCoded(reply.headers);
    this.lastByteAtMs = options.clock.nowMs();
  }

  data(chunk: Buffer): void {
    if (this.isOver) return;
    this.lastByteAtMs = this.options.clock.nowMs();
    this.tail.push(chunk);
    if (this.options.answer.write(chunk)) return;
    this.isPaused = true;
    this.reply.pause();
  }

  readonly onDrain = (): void => {
    if (!this.isPaused || this.isOver) return;
    this.isPaused = false;
    this.lastByteAtMs = this.options.clock.nowMs();
    this.reply.resume();
  };

  end(): void {
    if (this.isStream && this.isReadable && !this.hasEnded) {
      this.breakOff('OpenRouter ended the stream before its end.');
      return;
    }
    this.endWhole();
  }

  fault(fault: Fault): void {
    if (fault.code === 'clientGone') {
      // Two SDKs close right after the end marker: they have what they wanted.
      this.finish(this.hasEnded ? 'whole' : 'clientGone');
    } else if (this.hasEnded) this.endWhole();
    else this.breakOff('The connection to OpenRouter broke in the middle of the answer.');
  }

  /** One timer a stream, set anew only when it fires: a chunk costs no timer. A client that reads slowly is not upstream's silence. */
  watch(): void {
    if (!this.isStream || this.isOver) return;
    const { clock, idleTimeoutMs } = this.options;
    const nowMs = clock.nowMs();
    const leftMs = (this.isPaused ? nowMs : this.lastByteAtMs) + idleTimeoutMs - nowMs;
    if (leftMs > 0) {
      this.timer = clock.after(leftMs, () => this.watch());
      return;
    }
    if (this.hasEnded) this.endWhole();
    else this.breakOff('OpenRouter went silent in the middle of the answer.');
    this.reply.abort(new Error('Silent.'));
  }

  /** Whether all of a stream has passed: whatever its connection does then, the client has what it wanted. */
  private get hasEnded(): boolean {
    return this.isStream && this.isReadable && endedWhole(this.options.plan.form, this.tail.text());
  }

  private endWhole(): void {
    if (this.isOver) return;
    this.options.answer.end();
    this.finish(this.isStream && endedInError(this.options.plan.form, this.tail.text()) ? 'error' : 'whole');
  }

  /** A stream ends in an error event, and without its end marker; anything else in a broken connection. */
  private breakOff(message: string): void {
    if (this.isOver) return;
    const { answer, plan, clock } = this.options;
    if (this.isStream && this.isReadable) {
      answer.refuse(new Refusal(message, { status: 502, code: 'upstream_cut' }), plan.model, clock.nowMs());
    } else {
      answer.cut();
    }
    this.finish('cut');
  }

  private finish(end: Relayed['end']): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.dispose();
    this.resolve({ end, usage: this.isReadable ? readUsage(this.tail.text()) : null });
  }
}
