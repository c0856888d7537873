// Decoding of content codings.
import assert from 'node:assert/strict';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { decodeStart } from '../../../src/base/coding';

describe('decodeStart', () => {
  it('undoes deflate with its wrapper and without, within the bound', async () => {
    const headers = ['Content-Encoding', 'deflate'];
    for (const size of [100, 10_000]) {
      const text = '{"error":{"code":400,"message":"No"}}'.repeat(size);
      for (const code of [deflateSync, deflateRawSync]) {
        const coded = code(text);
        assert.equal((await decodeStart(headers, coded, 400_000))?.toString(), text);
        const cut = await decodeStart(headers, coded.subarray(0, -4), 400_000);
        assert.ok(cut?.toString().startsWith('{"error"'));
        assert.equal(await decodeStart(headers, coded, text.length - 1), null);
      }
    }
    assert.equal(await decodeStart(headers, Buffer.from('<html>'), 8_192), null);
  });
});
