// A long body on its way out: in pieces, so that it is let go as it is sent, and that it shows whether it moves.
import { Readable } from 'node:stream';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';

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

/** Tells once, when nothing has moved for so long. One timer, set anew only when it fires: a piece costs none. */
export class Standstill implements Disposable {
  private lastMoveAtMs: number;
  private timer: Disposable;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly onStandstill: () => void,
  ) {
    this.lastMoveAtMs = clock.nowMs();
    this.timer = clock.after(limitMs, this.look);
  }

  moved(): void {
    this.lastMoveAtMs = this.clock.nowMs();
  }

  dispose(): void {
    this.timer.dispose();
  }

  private readonly look = (): void => {
    const leftMs = this.lastMoveAtMs + this.limitMs - this.clock.nowMs();
    if (leftMs > 0) this.timer = this.clock.after(leftMs, this.look);
    else this.onStandstill();
  };
}
