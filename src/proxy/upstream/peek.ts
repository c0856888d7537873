// Holds the beginning of an answer until it is clear whether it is an answer or an error: errors hide inside a 200.
import { PassThrough } from 'node:stream';
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import type { SilenceWatch } from '../../base/silence';
import { decoded, decoding } from '../../base/coding';
import { Pieces } from '../../base/pieces';
import { beginsAsEvents, mostParsedBytes, parseShortJson } from '../errors/errorBody';
import type { Fault } from '../errors/outcome';
import { behindMark } from '../request/outerFields';
import type { Reply, Sink } from './reply';

const mostHeldBytes = 1024 * 1024;
const mostJsonBytes = 8 * 1024 * 1024;

/** After this many events that say nothing a stream is passed on as it comes. */
const mostPreambles = 256;
/** The length at which a text without a line end is judged by its beginning. */
const decisiveChars = 64;
/** After the head a body has at least this long to come whole, even if the head is overdue for the client. */
const leastHeldMs = 1_000;

/**
 * How much of an answer is held: `none`: nothing · `whole`: all · `unsure`: its type leaves its form open: all if it
 * begins as JSON does, else until the form is clear · `start`: an event stream, until its first event that says
 * something.
 */
export type PeekMode = 'none' | 'whole' | 'unsure' | 'start';

export interface PeekLimits {
  readonly clock: Clock;
  /** The exchange's watch; at rest again once enough is held. */
  readonly watch: SilenceWatch;
  /** The instant at which a stream's first output is due; null: `idleTimeoutMs` of silence fails instead. */
  readonly firstTokenAtMs: number | null;
  readonly idleTimeoutMs: number;
  /** The instant at which an unfinished whole answer is passed on as far as it came: its client would give up waiting for the head. */
  readonly headByMs: number;
  /** Whether silence fails a whole answer too: another model could answer, or a person waits for a list. */
  readonly isUrgent: boolean;
  /** Called when a stream has begun without saying anything, only where events of ours could follow. */
  readonly onPreamble: () => void;
  /** Counts the bytes that are held; false: there is no room, and the answer is passed on as far as it came. */
  readonly hold: (bytes: number) => boolean;
}

export interface StreamEvent {
  readonly name: string | null;
  /** The lines of its data, joined. */
  readonly data: string;
}

/** The bytes that were held, and the end of the holding. */
export interface Held {
  /** As they came; to be relayed first. */
  readonly chunks: readonly Buffer[];
  readonly isWhole: boolean;
  /** Of `start`: the first event that is no preamble, or null where none was found within the bounds. */
  readonly event: StreamEvent | null;
  /** All bytes that were held, decoded; null where the coding is unknown, or the text is longer than may be held. */
  readonly text: Buffer | null;
  readonly fault: Fault | null;
  readonly sawComments: boolean;
}

/** Calls `onPeeked` once enough is held; later bytes wait, paused, unless read at once. A client that leaves is the fault `clientGone`. */
export function peek(reply: Reply, mode: PeekMode, limits: PeekLimits, onPeeked: (held: Held) => void): void {
  if (mode === 'none') onPeeked(passing);
  else reply.readInto(new Holder(reply, mode, limits, onPeeked));
}

const passing: Held = {
  chunks: [],
  isWhole: false,
  event: null,
  text: null,
  fault: null,
  sawComments: false,
};

class Holder implements Sink {
  private readonly pieces = new Pieces();
  /** For `start` alone. */
  private readonly scanner: StartScanner | null;
  /** Takes the pieces of a coded answer to be decoded; null before the first one. */
  private source: PassThrough | null = null;
  /** The text of a coded answer, once its source has ended; null where it cannot be decoded. */
  private text: Promise<Buffer | null> = Promise.resolve(null);
  private beginning = '';
  private isJson = false;
  private isDone = false;
  /** Whether each byte restarts the time of silence. */
  private isMoving = false;
  private headTimer: Disposable | null = null;

  constructor(
    private readonly reply: Reply,
    private readonly mode: Exclude<PeekMode, 'none'>,
    private readonly limits: PeekLimits,
    private readonly onPeeked: (held: Held) => void,
  ) {
    this.scanner = mode === 'start' ? new StartScanner() : null;
    this.startWatch();
  }

  data(chunk: Buffer): void {
    this.pieces.push(chunk);
    const hasRoom = this.limits.hold(chunk.length);
    if (this.isMoving) this.limits.watch.noteProgress();
    if (this.reply.isCoded) (this.source ??= this.decode(chunk)).write(chunk);
    else if (this.mode === 'start') this.scan(chunk);
    else if (this.mode === 'unsure' && !this.isJson) this.look(chunk);
    if (this.pieces.bytes >= this.bound || !hasRoom) this.finish({});
  }

  end(): void {
    const finish = (): void => this.finish({ isWhole: true, event: this.scanner?.end() ?? null });
    this.source?.end();
    if (this.source === null) finish();
    else void this.text.then(finish);
  }

  fault(fault: Fault): void {
    this.finish({ fault });
  }

  /** The first output is due at an instant, whatever comes before; a whole answer may take as long as its client waits. */
  private startWatch(): void {
    const { clock, watch, firstTokenAtMs, idleTimeoutMs, headByMs, isUrgent } = this.limits;
    const nowMs = clock.elapsedMs();
    const headInMs = Math.max(leastHeldMs, headByMs - nowMs);
    const passOn = (): void => this.finish({});
    if (this.mode === 'start' && firstTokenAtMs !== null) {
      watch.watch(firstTokenAtMs - nowMs, () => this.giveUp({ code: 'firstTokenTimeout' }));
      return;
    }
    const isMade = this.mode !== 'start' && this.reply.status < 400;
    this.isMoving = !isMade || isUrgent;
    if (!this.isMoving) {
      watch.watch(headInMs, passOn);
      return;
    }
    watch.watch(idleTimeoutMs, () => this.giveUp({ code: 'idleTimeout' }));
    if (isMade) this.headTimer = clock.after(headInMs, passOn);
  }

  private giveUp(fault: Fault): void {
    this.finish({ fault });
    this.reply.abort(new Error('Too late.'));
  }

  private get bound(): number {
    return this.mode !== 'start' && this.reply.status < 400 ? mostJsonBytes : mostHeldBytes;
  }

  /** Stops holding a body that does not begin as JSON, once its beginning is clear. */
  private look(chunk: Buffer): void {
    this.beginning = (this.beginning + chunk.toString('latin1')).replace(/^(?:\xef\xbb\xbf)?\s+/, '');
    this.isJson = /^(?:\xef\xbb\xbf)?[{[]/.test(this.beginning);
    if (this.isJson) return;
    const isClear = beginsAsEvents(this.beginning) || /[\r\n]/.test(this.beginning);
    if (isClear || this.beginning.length >= decisiveChars) this.finish({});
  }

  private scan(bytes: Buffer): void {
    const event = this.scanner?.push(bytes) ?? null;
    if (event !== null) {
      this.finish({ event });
      return;
    }
    if ((this.scanner?.preambles ?? 0) > 0 && !this.reply.isCoded) this.limits.onPreamble();
  }

  /** Begins to decode. In an unknown coding nothing can be scanned, and the bound ends the holding. */
  private decode(beginning: Buffer): PassThrough {
    const source = new PassThrough();
    const decoders = decoding(this.reply.headers, beginning, this.bound);
    if (decoders === null) source.resume();
    else this.text = this.read(decoded(source, decoders));
    return source;
  }

  /** The text; null where the bytes are not in their coding, or decode to more than may be held. */
  private async read(pieces: AsyncIterable<Buffer>): Promise<Buffer | null> {
    const text = new Pieces();
    try {
      for await (const piece of pieces) {
        text.push(piece);
        if (this.scanner !== null && !this.isDone) this.scan(piece);
        if (text.bytes > this.bound) break;
      }
    } catch {
      // The rest cannot be decoded.
      return null;
    }
    if (text.bytes <= this.bound) return text.take();
    if (this.scanner !== null) this.finish({});
    return null;
  }

  private finish(end: Partial<Pick<Held, 'isWhole' | 'event' | 'fault'>>): void {
    if (this.isDone) return;
    this.isDone = true;
    this.limits.watch.stop();
    this.headTimer?.dispose();
    this.source?.end();
    this.reply.release();
    const all = this.pieces.take();
    const finishWith = (text: Buffer | null): void =>
      this.onPeeked({
        chunks: all.length === 0 ? [] : [all],
        isWhole: end.isWhole ?? false,
        event: end.event ?? null,
        fault: end.fault ?? null,
        sawComments: this.scanner?.sawComments ?? false,
        text,
      });
    if (this.source === null) finishWith(all);
    else {
      this.reply.pause();
      void this.text.then(finishWith);
    }
  }
}

const lf = 0x0a;
const cr = 0x0d;
const colon = 0x3a;

/**
 * Finds the first event that says something at the beginning of a stream (WHATWG HTML 9.2.6). Looks at each byte once,
 * however small the pieces are.
 */
export class StartScanner {
  sawComments = false;
  /** The number of events that said nothing. */
  preambles = 0;
  private line = new Pieces();
  private isFirstLine = true;
  private endedInCr = false;
  private name: string | null = null;
  private data: string[] = [];

  /** The first event that is no preamble, if `bytes` complete it. */
  push(bytes: Buffer): StreamEvent | null {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      const isRestOfCrLf = byte === lf && this.endedInCr;
      this.endedInCr = byte === cr;
      if (byte !== lf && byte !== cr) continue;
      const event = isRestOfCrLf ? null : this.endLine(bytes, from, at);
      from = at + 1;
      if (event !== null) return event;
    }
    if (from < bytes.length) this.line.push(bytes.subarray(from));
    return null;
  }

  /** The event that the stream's end left without its blank line; null for an incomplete one. */
  end(): StreamEvent | null {
    const event = this.endLine(Buffer.alloc(0), 0, 0) ?? this.dispatch();
    const isWhole = event?.name === 'error' || event?.data === '[DONE]' || isJsonText(event?.data ?? '');
    return isWhole ? event : null;
  }

  /** `from`, `to`: the rest of the line in `bytes`. */
  private endLine(bytes: Buffer, from: number, to: number): StreamEvent | null {
    if (bytes[from] === colon && this.line.bytes === 0 && !this.isFirstLine) {
      // No text is made of a comment, however many there are.
      this.sawComments = true;
      return null;
    }
    const end = bytes.subarray(from, to);
    if (this.line.bytes > 0) this.line.push(end);
    const whole = this.line.bytes === 0 ? end : this.line.take();
    const line = this.isFirstLine ? whole.subarray(behindMark(whole)) : whole;
    this.isFirstLine = false;
    if (line.length === 0) return this.dispatch();
    if (line[0] === colon) this.sawComments = true;
    else this.readField(line.toString('utf8'));
    return null;
  }

  private readField(line: string): void {
    if (line.startsWith('data:')) this.data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    else if (line.startsWith('event:')) this.name = line.slice(6).trim();
  }

  /** Fields without data are no event. */
  private dispatch(): StreamEvent | null {
    const event = { name: this.name, data: this.data.join('\n') };
    this.name = null;
    this.data = [];
    if (event.data === '') return null;
    if (this.preambles >= mostPreambles || !isPreamble(event.data)) return event;
    this.preambles++;
    return null;
  }
}

function isJsonText(text: string): boolean {
  return text.length > mostParsedBytes
    ? /[}\]]\s*$/.test(text.slice(-mostParsedBytes))
    : parseShortJson(text) !== undefined;
}

/** The schema of an object in which all fields but the named ones are empty. */
function sayingOnly(...names: readonly string[]): v.GenericSchema {
  const isSilent = ([name, value]: readonly [string, unknown]): boolean =>
    names.includes(name) || value === null || value === '' || (Array.isArray(value) && value.length === 0);
  return v.pipe(
    v.record(v.string(), v.unknown()),
    v.check((fields) => Object.entries(fields).every(isSilent)),
  );
}

const nothing = v.optional(v.nullable(v.literal('')));
const noContent = v.optional(v.pipe(v.array(v.unknown()), v.length(0)));
const silentChoice = v.object({
  delta: v.optional(sayingOnly('role')),
  text: nothing,
  finish_reason: nothing,
  error: nothing,
});
const silentTypes = [
  'response.created',
  'response.in_progress',
  'response.queued',
  'response.debug',
  'keepalive',
  'ping',
  // If the block said something, an earlier event was passed on already.
  'content_block_stop',
];
const preamble = v.union([
  v.object({ type: v.picklist(silentTypes) }),
  v.object({ type: v.literal('message_start'), message: v.object({ content: noContent }) }),
  v.object({ type: v.literal('content_block_start'), content_block: sayingOnly('type') }),
  v.object({ type: v.literal('content_block_delta'), delta: sayingOnly('type') }),
  v.object({
    type: v.literal('response.output_item.added'),
    item: sayingOnly('type', 'id', 'status', 'role', 'phase'),
  }),
  v.object({
    type: v.picklist(['response.content_part.added', 'response.reasoning_summary_part.added']),
    part: sayingOnly('type'),
  }),
  v.object({ type: v.pipe(v.string(), v.regex(/^response\..+\.delta$/)), delta: v.literal('') }),
  v.object({ choices: v.array(silentChoice), error: nothing }),
]);

/** Whether an event is no part of an answer yet: an error may still follow it. */
function isPreamble(data: string): boolean {
  return data.startsWith('{') && v.is(preamble, parseShortJson(data));
}
