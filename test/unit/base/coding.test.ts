// Content codings, undone.
import assert from 'node:assert/strict';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { decodeStart } from '../../../src/base/coding';

describe('decodeStart', () => {
  it('undoes deflate with its wrapper and without, within the bound', () => {
    const headers = ['Content-Encoding', 'deflate'];
    const text = '{"error":{"code":400,"message":"No"}}'.repeat(100);
    for (const code of [deflateSync, deflateRawSync]) {
      const coded = code(text);
      assert.equal(decodeStart(headers, coded, 8_192)?.toString(), text);
      assert.ok(decodeStart(headers, coded.subarray(0, -4), 8_192)?.toString().startsWith('{"error"'));
      assert.equal(decodeStart(headers, coded, 1_024), null);
    }
    assert.equal(decodeStart(headers, Buffer.from('<html>'), 8_192), null);
  });
});
