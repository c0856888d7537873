// Content codings, undone to look inside; what is relayed stays as it came.
import * as zlib from 'node:zlib';
import { headerValue } from './headers';

type Decode = (bytes: Buffer) => Buffer;

/** Newer Node only: looked for at run time. */
interface ZstdZlib {
  zstdDecompressSync?: (bytes: Buffer, options: { finishFlush: number }) => Buffer;
}

/** The flush mode of zstd's `ZSTD_e_flush`. */
const zstdFlush = 1;

/** Whether the body is coded at all. */
export function isCoded(headers: readonly string[]): boolean {
  const coding = headerValue(headers, 'content-encoding');
  return coding !== null && coding.toLowerCase() !== 'identity';
}

/** As much of the body as can be decoded from its beginning; null where the coding is not known or the bytes are not of it. */
export function decodeStart(headers: readonly string[], bytes: Buffer): Buffer | null {
  if (!isCoded(headers)) return bytes;
  const decode = decoderOf(headerValue(headers, 'content-encoding')?.trim().toLowerCase() ?? '');
  if (decode === null) return null;
  try {
    return decode(bytes);
  } catch {
    // Too few bytes to begin with, or not of this coding: nothing can be read of them.
    return null;
  }
}

function decoderOf(coding: string): Decode | null {
  const { zstdDecompressSync } = zlib as ZstdZlib;
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return (bytes) => zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    case 'deflate':
      return (bytes) => zlib.inflateSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    case 'br':
      return (bytes) =>
        zlib.brotliDecompressSync(bytes, { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return zstdDecompressSync === undefined
        ? null
        : (bytes) => zstdDecompressSync(bytes, { finishFlush: zstdFlush });
    default:
      return null;
  }
}
