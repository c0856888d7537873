// Content codings, undone to look inside, within bounds; what is relayed stays as it came.
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { headerValues } from './rawHeaders';

interface Options {
  readonly finishFlush?: number;
  readonly maxOutputLength?: number;
}

/** One coding, undone in one call or as a stream. */
interface Coding {
  readonly whole: (bytes: Buffer, options: Options) => Buffer;
  readonly stream: (options: Options) => Transform;
  /** The flush that gives out what a body that is not over holds so far. */
  readonly flush: number;
}

/** Newer Node only: looked for at run time. */
interface ZstdZlib {
  readonly zstdDecompressSync?: Coding['whole'];
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

/**
 * As much of the body as can be decoded from its beginning. Null where the coding is not known, where the bytes are not
 * of it, and where they decode to more than `mostBytes`.
 */
export function decodeStart(headers: readonly string[], bytes: Buffer, mostBytes: number): Buffer | null {
  const codings = knownCodings(headers);
  if (codings === null) return null;
  try {
    return codings.reduce(
      (coded, { whole, flush }) => whole(coded, { finishFlush: flush, maxOutputLength: mostBytes }),
      bytes,
    );
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
    case 'x-gzip':
      return { whole: zlib.gunzipSync, stream: zlib.createGunzip, flush: Z_SYNC_FLUSH };
    case 'deflate':
      return { whole: inflate, stream: zlib.createInflate, flush: Z_SYNC_FLUSH };
    case 'br':
      return {
        whole: zlib.brotliDecompressSync,
        stream: zlib.createBrotliDecompress,
        flush: BROTLI_OPERATION_FLUSH,
      };
    case 'zstd':
      return zstd();
    default:
      return null;
  }
}

/** Some senders leave out the wrapper, whose first byte tells; clients read them all the same. */
function inflate(bytes: Buffer, options: Options): Buffer {
  const isWrapped = ((bytes[0] ?? 0) & 0x0f) === deflateMethod;
  return isWrapped ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options);
}

function zstd(): Coding | null {
  const { zstdDecompressSync, createZstdDecompress } = zlib as ZstdZlib;
  if (zstdDecompressSync === undefined || createZstdDecompress === undefined) return null;
  return { whole: zstdDecompressSync, stream: createZstdDecompress, flush: zstdFlush };
}
