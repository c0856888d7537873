import assert from 'node:assert/strict';
import { Pieces, TinyPieces } from '../../../src/base/pieces';
import { collectGarbage } from '../../support/garbage';

const mebibyte = 1024 * 1024;

describe('Pieces', () => {
  it('gives back all bytes in their order, whatever the sizes of the pieces', () => {
    const pieces = new Pieces();
    const sizes = [...Array<number>(700).fill(1), 5_000, 3, ...Array<number>(300).fill(4_000), 0, 2];
    for (let round = 0; round < 2; round++) {
      const sent = sizes.map((size, index) => Buffer.alloc(size, index));
      for (const piece of sent) pieces.push(piece);
      const all = Buffer.concat(sent);
      assert.equal(pieces.bytes, all.length);
      assert.ok(pieces.take().equals(all));
      assert.equal(pieces.bytes, 0);
    }
    assert.equal(pieces.take().length, 0);
  });

  it('copies no piece that is alone', () => {
    const pieces = new Pieces();
    const piece = Buffer.from('alone');
    pieces.push(piece);
    assert.equal(pieces.take(), piece);
  });

  it('takes little more memory for a million single bytes than for one piece', () => {
    const source = Buffer.alloc(mebibyte);
    const pieces = new Pieces();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < mebibyte; at++) pieces.push(source.subarray(at, at + 1));
    collectGarbage();
    const took = process.memoryUsage().heapUsed - before;
    assert.ok(took < 16 * mebibyte, `${took} bytes`);
    assert.equal(pieces.take().length, mebibyte);
  });
});

describe('TinyPieces', () => {
  it('are many again and again, and those of usual size never', () => {
    const tiny = new TinyPieces(100);
    const manyOf = (bytes: number): number =>
      Array.from({ length: 1_000 }, () => tiny.areMany(Buffer.alloc(bytes))).filter(Boolean).length;
    assert.deepEqual([manyOf(1), manyOf(200)], [10, 0]);
  });
});
