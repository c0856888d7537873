// Request bodies: those of models, and short ones, are read whole and kept for retries, within bounds; others stream up once.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Clock } from '../../base/clock';
import { decoded, decoding, isCoded } from '../../base/coding';
import { Pieces, TinyPieces } from '../../base/pieces';
import { SilenceWatch } from '../../base/silence';
import { ended, type Canceller, type Signal } from '../../base/signal';
import { Refusal } from '../errors/refusal';
import type { ClientHeaders } from './headers';

const mebibyte = 1024 * 1024;
/** A body that stands still for this long gives its room back. */
const stillMs = 60_000;

const mostTinyPieces = 1024;

const usualBounds = {
  /** The bound of one model request's body, decoded too: images and audio fit into it. */
  longestBytes: 64 * mebibyte,
  /** The bound of all bodies that are kept. */
  togetherBytes: 256 * mebibyte,
  /** A longer body that runs no model streams up unread. */
  shortBytes: mebibyte,
};

export type Body = Readonly<Pick<IncomingBody, 'bytes' | 'isDecoded' | 'length' | 'passing' | 'release'>>;

/** The request for which a body is read. */
export interface BodyReader {
  readonly headers: ClientHeaders;
  readonly runsModel: boolean;
  /** Aborted where the body stands still, which ends the whole request. */
  readonly signal: Canceller;
  /** The request's own watch; at rest again once the body is here. */
  readonly watch: SilenceWatch;
}

const noBody: Body = { bytes: null, isDecoded: false, length: null, passing: null, release: () => undefined };

export class Bodies {
  /** The bytes of all bodies that are held. Read from outside. */
  kept = 0;

  constructor(
    private readonly clock: Clock,
    private readonly bounds = usualBounds,
  ) {}

  /** The body. Throws a Refusal where it is too long, in an unknown coding, or without room; rejects with the reason of an aborted signal. */
  async read(request: IncomingMessage, reader: BodyReader): Promise<Body> {
    const { headers, runsModel, signal, watch } = reader;
    const { longestBytes, shortBytes } = this.bounds;
    const length = headers.bodyLength;
    if (length === 0) return noBody;
    const stand = (): void =>
      signal.abort(
        new Refusal('body_incomplete', 'Nothing of the request came for 60 s, and its body is not complete.'),
      );
    const body = new IncomingBody(request, length, (bytes) => this.take(bytes));
    if (runsModel) {
      if (length !== null && length > longestBytes) throw tooLarge();
    } else if (length === null || length > shortBytes) return body.pass(new SilenceWatch(this.clock), stand);
    try {
      watch.watch(stillMs, stand);
      await body.gather(longestBytes, signal, watch);
      watch.stop();
      if (runsModel && headers.mayBeCoded) await body.decode(longestBytes, signal);
      return body;
    } catch (error: unknown) {
      watch.stop();
      body.release();
      throw error;
    }
  }

  /** Takes room, or gives it back (`bytes` below zero). Only bytes that have come count: a length that is only announced blocks nobody. */
  private take(bytes: number): void {
    if (bytes > 0 && this.kept + bytes > this.bounds.togetherBytes)
      throw new Refusal(
        'busy_with_bodies',
        'Keywheel already holds 256 MiB of request bodies. Try again shortly.',
        { retryAtMs: this.clock.wallMs() + 5_000 },
      );
    this.kept += bytes;
  }
}

class IncomingBody {
  /** The whole body, decoded where a model runs; null where there is none, where it streams up unread, and after `release`. */
  bytes: Buffer | null = null;
  /** Whether `bytes` were decoded: the headers still name the coding. */
  isDecoded = false;
  /** For a body that streams up unread: makes a stream of it, to be read once. */
  passing: (() => Readable) | null = null;
  private counted = 0;
  private onPiece: (piece: Buffer) => void = () => undefined;
  private ownWatch: SilenceWatch | null = null;
  private readonly tiny = new TinyPieces(mostTinyPieces);
  /** The reader of a body that streams up has enough for now. */
  private isFull = false;

  constructor(
    private readonly request: IncomingMessage,
    /** The length of a body that streams up; null where the client did not name it. */
    readonly length: number | null,
    private readonly take: (bytes: number) => void,
  ) {}

  /** Resolves when the whole body is here; an error or an abort leaves the connection open, as the answer goes over it. */
  async gather(longestBytes: number, signal: Signal, watch: SilenceWatch): Promise<void> {
    const { request } = this;
    const pieces = new Pieces();
    signal.throwIfAborted();
    const failure = await ended<Error | null>(signal, (end) => {
      const done = (): void => end(null);
      this.onPiece = (piece) => {
        watch.noteProgress();
        this.restAfter(piece);
        try {
          this.count(piece, longestBytes);
          pieces.push(piece);
        } catch (error: unknown) {
          end(error instanceof Error ? error : new Error(String(error)));
        }
      };
      request.on('data', this.onPiece).on('end', done);
      return { dispose: () => request.off('data', this.onPiece).off('end', done) };
    });
    if (failure !== null) throw failure;
    this.bytes = whole(pieces);
  }

  async decode(longestBytes: number, signal: Signal): Promise<void> {
    const { bytes: coded } = this;
    if (coded === null || !isCoded(this.request.rawHeaders)) return;
    const decoders = decoding(this.request.rawHeaders, coded, longestBytes, true);
    if (decoders === null) throw unknownCoding();
    const codedBytes = this.counted;
    const pieces = new Pieces();
    this.counted = 0;
    try {
      for await (const piece of decoded(Readable.from([coded]), decoders)) {
        signal.throwIfAborted();
        this.count(piece, longestBytes);
        pieces.push(piece);
      }
    } catch (error: unknown) {
      throw error instanceof Refusal || signal.aborted ? error : unknownCoding(error);
    } finally {
      this.take(-codedBytes);
    }
    this.bytes = whole(pieces);
    this.isDecoded = true;
  }

  /** Lets the body stream up, to be read once. While nobody reads it, it may stand still. */
  pass(watch: SilenceWatch, onStill: () => void): Body {
    const { request } = this;
    this.ownWatch = watch;
    this.passing = () => {
      const stream = new Readable({
        read: () => {
          this.isFull = false;
          watch.watch(stillMs, onStill);
          request.resume();
        },
      });
      // All pieces that come in one turn of the event loop go on as one.
      const pieces = new Pieces();
      const passOn = (): void => {
        if (pieces.bytes === 0 || stream.destroyed || stream.push(pieces.take())) return;
        this.isFull = true;
        watch.stop();
        request.pause();
      };
      this.onPiece = (piece) => {
        watch.noteProgress();
        this.restAfter(piece);
        if (stream.destroyed) return;
        if (pieces.bytes === 0) setImmediate(passOn);
        pieces.push(piece);
      };
      request.on('data', this.onPiece).once('end', () => {
        watch.dispose();
        passOn();
        stream.push(null);
      });
      // The reader of the stream handles errors while it needs the body; a later error must not end the process.
      stream.on('error', () => undefined);
      return stream;
    };
    return this;
  }

  /** The body is not needed any more: gives its room back, and drops the rest that was not read. */
  release(): void {
    this.bytes = null;
    this.ownWatch?.dispose();
    this.take(-this.counted);
    this.counted = 0;
    // A connection with an unread body would serve no further request.
    if (!this.request.readableEnded) this.request.off('data', this.onPiece).resume();
  }

  /** Lets other work go first, after many tiny pieces. */
  private restAfter(piece: Buffer): void {
    if (!this.tiny.areMany(piece)) return;
    this.request.pause();
    setImmediate(() => {
      if (!this.isFull) this.request.resume();
    });
  }

  private count(piece: Buffer, longestBytes: number): void {
    if (this.counted + piece.length > longestBytes) throw tooLarge();
    this.take(piece.length);
    this.counted += piece.length;
  }
}

function whole(pieces: Pieces): Buffer | null {
  return pieces.bytes === 0 ? null : pieces.take();
}

function tooLarge(): Refusal {
  return new Refusal(
    'body_too_large',
    'The body of a request that runs a model may have 64 MiB at most, decoded.',
  );
}

function unknownCoding(cause?: unknown): Refusal {
  return new Refusal(
    'body_coding_unknown',
    'The Content-Encoding of this request cannot be decoded. Send the body without one.',
    { cause },
  );
}
