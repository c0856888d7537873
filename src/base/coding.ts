// Content codings, decoded within bounds to look inside a body; the body is relayed as it came.
import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { headerValues } from './http';

type Options = Pick<zlib.ZlibOptions, 'finishFlush'>;

interface Coding {
  /** `bytes`: the bytes to decode, or their beginning; null where they are not known yet. */
  readonly decoder: (options: Options, bytes: Buffer | null) => Transform;
  /** The flush mode that gives out all that can be decoded of an incomplete body. */
  readonly flush: number;
}

/** Only newer versions of Node have zstd: it is looked for at run time. */
interface ZstdZlib {
  readonly createZstdDecompress?: Coding['decoder'];
}

/** The lower half of a zlib wrapper's first byte (RFC 1950 2.2). */
const deflateMethod = 8;
/** The flush mode of zstd's `ZSTD_e_flush`. */
const zstdFlush = 1;
/** No real sender codes a body more often; a longer chain only costs work (CVE-2022-32206). */
const mostCodings = 5;

export function isCoded(headers: readonly string[]): boolean {
  return codingsOf(headers).length > 0;
}

/** The decoded bytes, piece by piece; nothing is decoded before the reader asks for it. */
export function decoded(source: Readable, decoders: readonly Transform[]): AsyncIterable<Buffer> {
  const last = decoders.at(-1) ?? source;
  pipeline([source, ...decoders], () => {
    // The reader of the last stream gets errors and the end.
  });
  return last as AsyncIterable<Buffer>;
}

/**
 * The decoders of a body that begins with the bytes, in the order of use. Null where the coding is unknown. Each but the
 * last fails once it gave more than `mostBytes`: the next may make nothing of them. `isWhole`: an early end is an error.
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

/** In the order of decoding: the last coding of the header first, as it was applied last (RFC 9110 8.4). */
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

/** Some senders leave out the zlib wrapper; its first byte shows whether it is there. Clients read both forms. */
function createInflate(options: Options, bytes: Buffer | null): Transform {
  const isWrapped = bytes === null || ((bytes[0] ?? deflateMethod) & 0x0f) === deflateMethod;
  return isWrapped ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}
