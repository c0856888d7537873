/** Content codings, those that this Node has. */
import * as zlib from 'node:zlib';
import type { Transform } from 'node:stream';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

interface Coder extends Transform {
  flush(done: () => void): void;
}

/** Whether this Node can write the coding; zstd came with Node 22.15. */
export function codingAvailable(coding: Coding): boolean {
  return coding !== 'zstd' || zstdFactory() !== undefined;
}

function zstdFactory(): (() => Coder) | undefined {
  const factory: unknown = Reflect.get(zlib, 'createZstdCompress');
  return isFactory(factory) ? factory : undefined;
}

function isFactory(value: unknown): value is () => Coder {
  return typeof value === 'function';
}

function coderFor(coding: Coding): Coder {
  switch (coding) {
    case 'gzip':
      return zlib.createGzip();
    case 'deflate':
      return zlib.createDeflate();
    case 'br':
      return zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } });
    case 'zstd': {
      const factory = zstdFactory();
      if (factory === undefined) throw new RangeError('This Node has no zstd');
      return factory();
    }
  }
}

/** Codes a body piece by piece, each piece readable as soon as it was sent. */
export class BodyCoder {
  private readonly coder: Coder;
  private out: Buffer[] = [];

  constructor(coding: Coding) {
    this.coder = coderFor(coding);
    this.coder.on('data', (bytes: Buffer) => this.out.push(bytes));
  }

  async code(bytes: Buffer): Promise<Buffer> {
    this.coder.write(bytes);
    await new Promise<void>((resolve) => this.coder.flush(resolve));
    // The readable side passes flushed bytes on a moment after the flush's own callback.
    await new Promise((resolve) => setImmediate(resolve));
    return this.take();
  }

  async end(): Promise<Buffer> {
    await new Promise((resolve) => this.coder.once('end', resolve).end());
    return this.take();
  }

  close(): void {
    this.coder.destroy();
  }

  private take(): Buffer {
    const bytes = Buffer.concat(this.out);
    this.out = [];
    return bytes;
  }
}
