/** Choices of a seeded run: the same seed makes the same cases. */
import { randomFrom } from '../simulator/random';

export class Chance {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  /** From 0 up to, not including, `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  of<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('Nothing to choose from.');
    return picked;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** The bytes with a few of them changed, doubled, put in or left out. */
  mutated(bytes: Buffer): Buffer {
    let mutant = bytes;
    for (let times = 1 + this.below(4); times > 0; times--) {
      const at = this.below(mutant.length + 1);
      const to = Math.min(mutant.length, at + this.below(24));
      const [before, part, after] = [mutant.subarray(0, at), mutant.subarray(at, to), mutant.subarray(to)];
      switch (this.below(6)) {
        case 0:
          mutant = Buffer.concat([before, after]);
          break;
        case 1:
          mutant = Buffer.concat([before, part, part, after]);
          break;
        case 2:
          mutant = Buffer.concat([before, this.bytes(1 + this.below(4)), after]);
          break;
        case 3:
          mutant = Buffer.concat([before, Buffer.from(this.of(stings), 'latin1'), after]);
          break;
        case 4:
          mutant = Buffer.concat([before, this.bytes(part.length), after]);
          break;
        default:
          if (this.happens(0.3)) mutant = before;
      }
    }
    return mutant;
  }
}

const stings = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '\0',
    '\t',
    ' ',
    ':',
    ',',
    ';',
    '"',
    '\\',
    '%',
    '%2e%2e/',
    '../',
    '//',
    '\xff',
  ],
  ...[
    '0\r\n\r\n',
    'ffffffffffffffff',
    '-1',
    '1e9',
    'chunked',
    'data: ',
    '\n\n',
    '{',
    '[',
    '{"error":',
    '\ufeff',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\n',
    'Host: evil\r\n',
    'GET /api/v1/x HTTP/1.1\r\n',
  ],
];
