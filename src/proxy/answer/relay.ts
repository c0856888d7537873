// Passes an answer on as it came, with backpressure; an answer that breaks off never looks whole.
import type { SilenceWatch } from '../../base/silence';
import { codeOf } from '../../base/systemError';
import type { Answer } from './answer';
import type { ErrorReply, Fault } from '../errors/outcome';
import { without } from '../request/headers';
import { behindMark } from '../request/outerFields';
import { errorInJson, errorOfEvent } from '../upstream/judge';
import type { Held } from '../upstream/peek';
import type { Plan } from '../request/plan';
import { Refusal } from '../errors/refusal';
import type { Reply, Sink } from '../upstream/reply';
import { endedInError, endedWhole, errorAtEnd, hasFinished, Tail } from './tail';
import { readUsage, usageIn, type Usage } from './usage';

export interface RelayOptions {
  /** The exchange's watch; at rest again at the end. */
  readonly watch: SilenceWatch;
  readonly plan: Plan;
  readonly answer: Answer;
  readonly idleTimeoutMs: number;
  /** The value of an answer that was parsed: see `Answered`. */
  readonly value?: unknown;
}

/** `whole`: the client has all of it · `error`: upstream ended it with an error of its own · `cut`: it broke off · `clientGone`. */
export interface Relayed {
  readonly end: 'whole' | 'error' | 'cut' | 'clientGone';
  readonly usage: Usage | null;
  /** Upstream's own error after the commit: it still teaches about the key, the account and the model. */
  readonly failure: ErrorReply | null;
}

/** An answer that is no stream may be silent as long as the most patient clients wait (OpenAI's SDKs). */
const wholeTimeoutMs = 600_000;
/** A client that reads nothing for this long does not come back. */
const readerTimeoutMs = 300_000;

/** The code that undici gives an answer whose connection was closed here. */
const closedHere = 'UND_ERR_DESTROYED';

/** Calls `onRelayed` when nothing more will be sent to the client; in the same turn if the whole answer is here. */
export function relay(
  reply: Reply,
  held: Held,
  options: RelayOptions,
  onRelayed: (relayed: Relayed) => void,
): void {
  const { answer, plan } = options;
  const isStream = plan.kind === 'models' && reply.isEventStream;
  const mayEndInError = isStream && !reply.isCoded;
  if (answer.isKeptAlive && !mayEndInError) {
    onRelayed(refuseUnfit(reply, options));
    return;
  }
  const inStreamOfOurs = answer.isKeptAlive;
  // An error event would go beyond the length that upstream promised, and into the connection's next answer.
  const sent = mayEndInError ? without(reply.forClient, length) : reply.forClient;
  answer.begin(reply.status, reply.statusText, sent, isStream);
  if (held.isWhole && !isStream) {
    onRelayed(passHeld(reply, held, options));
    return;
  }
  const relaying = new Relaying(reply, options, isStream, onRelayed);
  answer.onDrain(relaying.onDrain);
  relaying.start(inStreamOfOurs ? withoutMark(held.chunks) : held.chunks);
}

/** Relays an answer that is here as a whole, and was judged as a whole. */
function passHeld({ isCoded }: Reply, held: Held, { answer, value }: RelayOptions): Relayed {
  for (const chunk of held.chunks) answer.write(chunk);
  answer.end();
  const text = isCoded ? null : held.text;
  return { end: 'whole', usage: usageIn(value) ?? (text === null ? null : readUsage(text)), failure: null };
}

const length: ReadonlySet<string> = new Set(['content-length']);

/** Removes a byte order mark: behind our comments it would spoil the name of the first field. */
function withoutMark(chunks: readonly Buffer[]): readonly Buffer[] {
  const bytes = Buffer.concat(chunks);
  return [bytes.subarray(behindMark(bytes))];
}

/** Refuses an answer that is no event stream: the client was promised events, and can read nothing else. */
function refuseUnfit(reply: Reply, { answer, plan }: RelayOptions): Relayed {
  const refusal = new Refusal(
    'upstream_unfit',
    `OpenRouter answered with status ${reply.status} and no event stream, after the client had waited for one.`,
  );
  answer.refuse(refusal, plan.model);
  reply.abort(new Error('Not an event stream.'));
  return { end: 'cut', usage: null, failure: null };
}

class Relaying implements Sink {
  private readonly tail = new Tail();
  private readonly readsEvents: boolean;
  private isPaused = false;
  private isOver = false;

  constructor(
    private readonly reply: Reply,
    private readonly options: RelayOptions,
    private readonly isStream: boolean,
    private readonly onRelayed: (relayed: Relayed) => void,
  ) {
    this.readsEvents = isStream && !reply.isCoded;
    this.watchUpstream();
  }

  /** Passes on the held bytes, then the rest. */
  start(held: readonly Buffer[]): void {
    if (held.length === 0) this.options.answer.showHead();
    for (const chunk of held) this.data(chunk);
    this.reply.readInto(this);
    if (this.isPaused) this.reply.pause();
  }

  data(chunk: Buffer): void {
    if (this.isOver) return;
    if (!this.isPaused) this.options.watch.noteProgress();
    this.tail.push(chunk);
    if (this.options.answer.write(chunk) || this.isPaused) return;
    this.isPaused = true;
    // Time in which a client reads slowly is not upstream's silence.
    this.options.watch.watch(readerTimeoutMs, this.onStalledReader);
    this.reply.pause();
  }

  readonly onDrain = (): void => {
    if (!this.isPaused || this.isOver) return;
    this.isPaused = false;
    this.watchUpstream();
    this.reply.resume();
  };

  end(): void {
    const { form } = this.options.plan;
    if (!this.readsEvents || this.hasEnded || hasFinished(form, this.tail.text())) this.endWhole();
    else this.breakOff('OpenRouter ended the answer before it was complete.');
  }

  fault(fault: Fault): void {
    if (fault.code === 'clientGone') {
      // Two SDKs close right after the end marker: they have all that they need.
      this.finish(this.hasEnded ? 'whole' : 'clientGone');
    } else if (this.hasEnded) this.endWhole();
    else if (fault.code === 'cut' && codeOf(fault.cause) === closedHere)
      this.breakOff('Keywheel’s proxy was stopped before the answer was complete.');
    else this.breakOff('OpenRouter’s answer was cut off before it was complete.');
  }

  private watchUpstream(): void {
    const { watch, idleTimeoutMs } = this.options;
    watch.watch(this.isStream ? idleTimeoutMs : Math.max(idleTimeoutMs, wholeTimeoutMs), this.onSilence);
  }

  private readonly onSilence = (): void => {
    if (this.hasEnded) this.endWhole();
    else this.breakOff('OpenRouter stopped sending before its answer was complete.');
    this.reply.abort(new Error('Silent.'));
  };

  private readonly onStalledReader = (): void => {
    this.options.answer.cut();
    this.finish('clientGone');
    this.reply.abort(new Error('The client takes nothing.'));
  };

  /** Whether all of a stream has passed: then the end of its connection does not matter. */
  private get hasEnded(): boolean {
    return this.readsEvents && endedWhole(this.options.plan.form, this.tail.text());
  }

  private endWhole(): void {
    if (this.isOver) return;
    this.options.answer.end();
    const isError = this.readsEvents && endedInError(this.tail.text());
    this.finish(isError ? 'error' : 'whole');
  }

  /** A stream ends in an error event, and without its end marker; any other answer in a broken connection. */
  private breakOff(message: string): void {
    if (this.isOver) return;
    const { answer, plan } = this.options;
    if (this.readsEvents)
      answer.refuse(new Refusal('upstream_cut', `Connection lost: ${message}`), plan.model);
    else answer.cut();
    this.finish('cut');
  }

  private finish(end: Relayed['end']): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.watch.stop();
    const { status, headers, isCoded } = this.reply;
    const body = isCoded ? null : this.failureIn(this.tail.text());
    this.onRelayed({
      end: end === 'whole' && body !== null ? 'error' : end,
      usage: isCoded ? null : readUsage(this.tail.bytes()),
      failure: body === null ? null : { status, headers, body },
    });
  }

  private failureIn(text: string): Buffer | null {
    if (this.isStream) {
      const data = errorAtEnd(text);
      return data === null ? null : errorOfEvent(data);
    }
    // A whole answer was judged before; of a relayed one only the beginning was judged.
    return this.reply.isJson ? errorInJson(text) : null;
  }
}
