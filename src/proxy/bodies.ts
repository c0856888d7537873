// Request bodies: kept for retries, bounded one by one and together; what is beyond the bounds passes through once.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { Refusal } from './refusal';
import { unlessAborted } from './unlessAborted';

const mebibyte = 1024 * 1024;

export interface BodyBounds {
  /** A longer body is not kept: it passes through once. */
  readonly longestBytes: number;
  /** Of all that are kept. */
  readonly togetherBytes: number;
  /** A longer one passes through once where no room is left, a shorter one is refused. */
  readonly shortBytes: number;
}

/** Images and audio fit into one body. */
const usualBounds: BodyBounds = {
  longestBytes: 64 * mebibyte,
  togetherBytes: 256 * mebibyte,
  shortBytes: mebibyte,
};

/** The body of one request. */
export interface Body {
  /** All of it; null where there is none, where it passes through once, and after `release`. */
  readonly bytes: Buffer | null;
  /** What of it is known before it is sent: all of `bytes`, or the first part of what passes. */
  readonly beginning: Buffer | null;
  /** How long it is; null where the client did not say. */
  readonly length: number | null;
  /** Of a body that passes through: a stream of all its bytes, to be read once. */
  readonly passing: (() => Readable) | null;
  /** It is not needed any more: gives its place back, and lets what was not read of it run out. */
  release(): void;
}

export class Bodies {
  private keptBytes = 0;

  constructor(private readonly bounds: BodyBounds = usualBounds) {}

  /** How much is kept now. */
  get kept(): number {
    return this.keptBytes;
  }

  /** The body, as far as it can be kept. Throws a Refusal where there is no room for it; rejects when the client leaves, or with the signal's reason. */
  async read(request: IncomingMessage, nowMs: number, signal: AbortSignal): Promise<Body> {
    const told = request.headers['content-length'];
    const length = told === undefined ? null : Number(told);
    const reading = new Reading(request, length, this.bounds, (bytes) => this.take(bytes));
    try {
      return await unlessAborted(reading.run(), signal);
    } catch (error: unknown) {
      reading.release();
      if (error instanceof NoRoom) throw tooManyTogether(nowMs, error);
      throw error;
    }
  }

  /** False if so much more is too much; less than nothing gives room back. */
  private take(bytes: number): boolean {
    if (bytes > 0 && this.keptBytes + bytes > this.bounds.togetherBytes) return false;
    this.keptBytes += bytes;
    return true;
  }
}

class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** One body on its way in. */
class Reading implements Body {
  bytes: Buffer | null = null;
  passing: (() => Readable) | null = null;
  private chunks: Buffer[] = [];
  private received = 0;
  private counted = 0;
  private isReleased = false;
  private readonly source: AsyncIterableIterator<Buffer>;

  constructor(
    private readonly request: IncomingMessage,
    readonly length: number | null,
    private readonly bounds: BodyBounds,
    private readonly take: (bytes: number) => boolean,
  ) {
    // Giving up half-way must leave the connection open: the answer goes over it.
    this.source = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  }

  get beginning(): Buffer | null {
    if (this.bytes !== null) return this.bytes;
    return this.chunks.length === 0 ? null : Buffer.concat(this.chunks).subarray(0, mebibyte);
  }

  async run(): Promise<Body> {
    const isKept = this.reserve();
    for (;;) {
      const next = await this.source.next();
      // Nobody waits for it any more.
      if (this.isReleased) return this;
      if (next.done === true) return this.keep();
      this.chunks.push(next.value);
      this.received += next.value.length;
      if (isKept && this.hasRoom(next.value.length)) continue;
      // What decides where it goes is looked for in its beginning.
      if (this.received > this.bounds.shortBytes) return this.pass();
      if (isKept) throw new NoRoom('Too many bodies are kept.');
    }
  }

  /** A length that was told is reserved as a whole: no body is accepted and then given up half-way. */
  private reserve(): boolean {
    const { longestBytes, shortBytes } = this.bounds;
    if (this.length === null) return true;
    if (this.length <= longestBytes && this.count(this.length)) return true;
    if (this.length <= shortBytes) throw new NoRoom('Too many bodies are kept.');
    return false;
  }

  release(): void {
    this.isReleased = true;
    this.bytes = null;
    this.chunks = [];
    this.take(-this.counted);
    this.counted = 0;
    void this.runOut();
  }

  /** A connection with an unread body would serve no further request. */
  private async runOut(): Promise<void> {
    if (this.request.readableEnded) return;
    await this.source.return?.();
    this.request.resume();
  }

  private count(bytes: number): boolean {
    if (!this.take(bytes)) return false;
    this.counted += bytes;
    return true;
  }

  private hasRoom(more: number): boolean {
    if (this.length !== null) return true;
    return this.received <= this.bounds.longestBytes && this.count(more);
  }

  private keep(): Body {
    this.bytes = this.received === 0 ? null : Buffer.concat(this.chunks, this.received);
    this.chunks = [];
    return this;
  }

  private pass(): Body {
    this.passing = () => {
      const stream = Readable.from(this.all(), { objectMode: false });
      // Whoever reads it hears of errors as long as they matter; later ones matter to nobody.
      stream.on('error', () => undefined);
      return stream;
    };
    return this;
  }

  private async *all(): AsyncGenerator<Buffer> {
    yield* this.chunks.splice(0);
    this.take(-this.counted);
    this.counted = 0;
    for (;;) {
      const next = await this.source.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
}

/** Another text instead of a kept body: released with it, in its place. */
export class RenewedBody implements Body {
  bytes: Buffer | null;
  readonly length: number;
  readonly passing = null;

  constructor(
    private readonly old: Body,
    text: string,
  ) {
    this.bytes = Buffer.from(text, 'utf8');
    this.length = this.bytes.length;
  }

  get beginning(): Buffer | null {
    return this.bytes;
  }

  release(): void {
    this.bytes = null;
    this.old.release();
  }
}

function tooManyTogether(nowMs: number, cause: unknown): Refusal {
  return new Refusal('Keywheel holds 256 MiB of request bodies already. Try again shortly.', {
    status: 503,
    code: 'busy_with_bodies',
    retryAtMs: nowMs + 5_000,
    cause,
  });
}
