// The pieces of a body: a sender may cut it into single bytes, each of which costs as much as a large piece.

const tinyBytes = 64;

export class TinyPieces {
  private count = 0;

  constructor(private readonly most: number) {}

  /** Whether `most` more tiny pieces have come, so that other work should go first. */
  areMany(piece: Buffer): boolean {
    return piece.length < tinyBytes && ++this.count % this.most === 0;
  }
}

/** A Buffer takes hundreds of bytes of its own, and keeps all that was read with it: so many small ones are joined to one. */
const mostApart = 256;
const smallBytes = 1024;

/** Gathers a body in about as much memory as its bytes take. */
export class Pieces {
  bytes = 0;
  private readonly together: Buffer[] = [];
  private apart: Buffer[] = [];
  private apartBytes = 0;

  push(piece: Buffer): void {
    this.bytes += piece.length;
    this.apartBytes += piece.length;
    if (this.apart.push(piece) < mostApart) return;
    if (this.apartBytes > mostApart * smallBytes) this.together.push(...this.apart);
    else this.together.push(Buffer.concat(this.apart, this.apartBytes));
    this.apart = [];
    this.apartBytes = 0;
  }

  /** All bytes since the last call; none of them are held any more. A single piece is not copied. */
  take(): Buffer {
    const all = [...this.together.splice(0), ...this.apart.splice(0)];
    const [first] = all;
    const whole = all.length === 1 && first !== undefined ? first : Buffer.concat(all, this.bytes);
    this.bytes = this.apartBytes = 0;
    return whole;
  }
}
