/** Cuts a body into chunks that need not respect events, lines or characters. */
import type { FaultSet } from '../fault';
import { randomFrom } from '../random';

export class Cutting {
  private rest: Buffer = Buffer.alloc(0);
  private wanted: number;

  private constructor(private readonly nextSize: () => number) {
    this.wanted = nextSize();
  }

  static of(chunks: FaultSet['chunks']): Cutting | undefined {
    if (chunks === undefined) return undefined;
    if (chunks.kind === 'randomChunks') {
      const random = randomFrom(chunks.seed);
      return new Cutting(() => 1 + Math.floor(random() * chunks.maxBytes));
    }
    const sizes = chunks.sizes.values();
    return new Cutting(() => Math.max(1, sizes.next().value ?? Infinity));
  }

  /** The chunks that are complete now; bytes too few for the next chunk wait for more. */
  add(bytes: Buffer): Buffer[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const chunks: Buffer[] = [];
    while (this.rest.length > 0 && (this.rest.length >= this.wanted || this.wanted === Infinity)) {
      chunks.push(this.rest.subarray(0, this.wanted));
      this.rest = this.rest.subarray(this.wanted);
      this.wanted = this.nextSize();
    }
    return chunks;
  }

  /** The bytes that are left over at the end. */
  end(): Buffer {
    const bytes = this.rest;
    this.rest = Buffer.alloc(0);
    return bytes;
  }
}
