// A long body on its way out: in pieces, so that it is let go as it is sent, and that it shows whether it moves.
import { Readable } from 'node:stream';

/** Up to here a body is given away as a whole: undici holds it until the answer has ended. */
const shortBytes = 1024 * 1024;
/** Small enough that even a slow line takes one piece long before silence would fail it. */
const pieceBytes = 64 * 1024;

export function isLong(bytes: Buffer | null): bytes is Buffer {
  return bytes !== null && bytes.length > shortBytes;
}

/** A stream of the body, with an event `piece` for each piece that is taken; nothing else of it holds on to the body. */
export function inPieces(body: Buffer): Readable {
  const stream: Readable = Readable.from(
    pieces(body, () => stream.emit('piece')),
    { objectMode: false },
  );
  return stream;
}

function* pieces(body: Buffer, onPiece: () => void): Generator<Buffer> {
  for (let from = 0; from < body.length; from += pieceBytes) {
    onPiece();
    yield body.subarray(from, from + pieceBytes);
  }
}
