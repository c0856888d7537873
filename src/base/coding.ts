// Content codings, undone to look inside, within bounds; what is relayed stays as it came.
import { pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { headerValues } from './http';
import { Pieces } from './pieces';

type Options = Pick<zlib.ZlibOptions, 'finishFlush'>;

interface Coding {
  /** `bytes`: those that are to be decoded, or their beginning. */
  readonly decoder: (options: Options, bytes: Buffer | null) => Transform;
  /** The flush that gives out what a body that is not over holds so far. */
  readonly flush: number;
}

/** Newer Node only: looked for at run time. */
interface ZstdZlib {
  readonly createZstdDecompress?: Coding['decoder'];
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
 * As much of the body as can be decoded from its beginning. Null where the coding is not known, where the bytes are not of
 * it, and where they decode to more than `mostBytes`.
 */
export async function decodeStart(
  headers: readonly string[],
  bytes: Buffer,
  mostBytes: number,
): Promise<Buffer | null> {
  const decoders = decoding(headers, bytes, mostBytes);
  if (decoders === null) return null;
  const pieces = new Pieces();
  try {
    for await (const piece of decoded(bytes, decoders)) {
      pieces.push(piece);
      if (pieces.bytes > mostBytes) return null;
    }
    return pieces.take();
  } catch {
    // Too few bytes to begin with, or not of this coding: nothing is read of them.
    return null;
  }
}

/** What the decoders make of the bytes, piece by piece; nothing is decoded ahead of its reader. */
export function decoded(bytes: Buffer, decoders: readonly Transform[]): AsyncIterable<Buffer> {
  const source = Readable.from([bytes]);
  const last = decoders.at(-1) ?? source;
  pipeline([source, ...decoders], () => {
    // Its reader hears of errors, and of the end.
  });
  return last as AsyncIterable<Buffer>;
}

/**
 * What decodes a body that begins with the bytes, as it comes. Null where the coding is not known. What each coding but the
 * last gives has `mostBytes`: more is an error, as nothing may come of it. `isWhole`: so is a body that ends early.
 */
export function decoding(
  headers: readonly string[],
  bytes: Buffer,
  mostBytes: number,
  isWhole = false,
): readonly Transform[] | null {
  const decoders =
    knownCodings(headers)?.map(({ decoder, flush }, nth) =>
      decoder(isWhole ? {} : { finishFlush: flush }, nth === 0 ? bytes : null),
    ) ?? null;
  for (const decoder of decoders?.slice(0, -1) ?? []) {
    let given = 0;
    decoder.on('data', (piece: Buffer) => {
      given += piece.length;
      if (given > mostBytes) decoder.destroy(new RangeError(`More than ${mostBytes} bytes.`));
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
      return { decoder: zlib.createGunzip, flush: Z_SYNC_FLUSH };
    case 'deflate':
      return { decoder: createInflate, flush: Z_SYNC_FLUSH };
    case 'br':
      return { decoder: zlib.createBrotliDecompress, flush: BROTLI_OPERATION_FLUSH };
    case 'zstd': {
      const { createZstdDecompress: decoder } = zlib as ZstdZlib;
      return decoder === undefined ? null : { decoder, flush: zstdFlush };
    }
    default:
      return null;
  }
}

/** Some senders leave out the wrapper, whose first byte tells; clients read them all the same. */
function createInflate(options: Options, bytes: Buffer | null): Transform {
  const isWrapped = bytes === null || ((bytes[0] ?? deflateMethod) & 0x0f) === deflateMethod;
  return isWrapped ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}
