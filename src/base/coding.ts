// Content codings, undone to look inside, within bounds; what is relayed stays as it came.
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { headerValues } from './http';
import { codeOf } from './systemError';

type Options = Pick<zlib.ZlibOptions, 'finishFlush' | 'maxOutputLength'>;

/** One coding, undone in one call, beside other work, or as a stream. */
interface Coding {
  readonly now: (bytes: Buffer, options: Options) => Buffer;
  readonly later: (bytes: Buffer, options: Options) => Promise<Buffer>;
  readonly stream: (options: Options) => Transform;
  /** The flush that gives out what a body that is not over holds so far. */
  readonly flush: number;
}

/** Newer Node only: looked for at run time. */
interface ZstdZlib {
  readonly zstdDecompressSync?: Coding['now'];
  readonly zstdDecompress?: typeof zlib.gunzip;
  readonly createZstdDecompress?: Coding['stream'];
}

/** The lower half of a zlib wrapper's first byte (RFC 1950 2.2). */
const deflateMethod = 8;
/** The flush mode of zstd's `ZSTD_e_flush`. */
const zstdFlush = 1;
/** Nobody codes a body more often; a longer chain only costs work (CVE-2022-32206). */
const mostCodings = 5;

export function isCoded(headers: readonly string[]): boolean {
  return codingsOf(headers).length > 0;
}

/** So little is decoded at once, and if it gives no more than that. However few bytes are dear, if there are thousands of them. */
const shortCoded = 16 * 1024;
const shortDecoded = 64 * 1024;

/**
 * As much of the body as can be decoded from its beginning; a promise where that takes a while. Null where the coding is
 * not known, where the bytes are not of it, and where they decode to more than `mostBytes`.
 */
export function decodeStart(
  headers: readonly string[],
  bytes: Buffer,
  mostBytes: number,
): Buffer | null | Promise<Buffer | null> {
  const codings = knownCodings(headers);
  if (codings === null) return null;
  if (bytes.length > shortCoded) return decodeLater(codings, bytes, mostBytes);
  const maxOutputLength = Math.min(mostBytes, shortDecoded);
  try {
    return codings.reduce(
      (coded, { now, flush }) => now(coded, { finishFlush: flush, maxOutputLength }),
      bytes,
    );
  } catch (error: unknown) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? decodeLater(codings, bytes, mostBytes) : null;
  }
}

async function decodeLater(
  codings: readonly Coding[],
  bytes: Buffer,
  maxOutputLength: number,
): Promise<Buffer | null> {
  let text = bytes;
  try {
    for (const { later, flush } of codings) text = await later(text, { finishFlush: flush, maxOutputLength });
    return text;
  } catch {
    // Too few bytes to begin with, not of this coding, or a bomb: nothing is read of them.
    return null;
  }
}

/**
 * Decodes a body as it comes; nothing is decoded ahead of its reader. Null where the coding is not known. What each coding
 * but the last gives has `mostBytes`: more is an error, as nothing may come of it. `isWhole`: so is a body that ends early.
 */
export function decoding(
  headers: readonly string[],
  mostBytes: number,
  isWhole = false,
): readonly Transform[] | null {
  const options = (flush: number): Options => (isWhole ? {} : { finishFlush: flush });
  const decoders = knownCodings(headers)?.map(({ stream, flush }) => stream(options(flush))) ?? null;
  for (const decoder of decoders?.slice(0, -1) ?? []) {
    let bytes = 0;
    decoder.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > mostBytes) decoder.destroy(new RangeError(`More than ${mostBytes} bytes.`));
    });
  }
  return decoders;
}

/** The last coding first: it was applied last (RFC 9110 8.4). */
function knownCodings(headers: readonly string[]): readonly Coding[] | null {
  const names = codingsOf(headers);
  if (names.length > mostCodings) return null;
  const codings = names.map(codingOf).filter((coding) => coding !== null);
  return codings.length === names.length ? codings.reverse() : null;
}

function codingsOf(headers: readonly string[]): readonly string[] {
  return headerValues(headers, 'content-encoding')
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}

function codingOf(name: string): Coding | null {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  switch (name) {
    case 'gzip':
    case 'x-gzip': {
      const { gunzipSync: now, gunzip, createGunzip: stream } = zlib;
      return { now, later: promisify(gunzip), stream, flush: Z_SYNC_FLUSH };
    }
    case 'deflate':
      return { now: inflate, later: inflateLater, stream: zlib.createInflate, flush: Z_SYNC_FLUSH };
    case 'br': {
      const { brotliDecompressSync: now, brotliDecompress, createBrotliDecompress: stream } = zlib;
      return { now, later: promisify(brotliDecompress), stream, flush: BROTLI_OPERATION_FLUSH };
    }
    case 'zstd':
      return zstd();
    default:
      return null;
  }
}

/** Some senders leave out the wrapper, whose first byte tells; clients read them all the same. */
function isWrapped(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === deflateMethod;
}

function inflate(bytes: Buffer, options: Options): Buffer {
  return isWrapped(bytes) ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options);
}

async function inflateLater(bytes: Buffer, options: Options): Promise<Buffer> {
  return await promisify(isWrapped(bytes) ? zlib.inflate : zlib.inflateRaw)(bytes, options);
}

function zstd(): Coding | null {
  const { zstdDecompressSync: now, zstdDecompress, createZstdDecompress: stream } = zlib as ZstdZlib;
  if (now === undefined || zstdDecompress === undefined || stream === undefined) return null;
  return { now, later: promisify(zstdDecompress), stream, flush: zstdFlush };
}
