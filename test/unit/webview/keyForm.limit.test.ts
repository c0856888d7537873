import assert from 'node:assert/strict';
import { parseLimit } from '../../../src/webview/keyForm';

describe('parseLimit', () => {
  it('takes whole numbers and nothing', () => {
    assert.equal(parseLimit(' 200 '), 200);
    assert.equal(parseLimit('0'), 0);
    assert.equal(parseLimit(' '), null);
  });

  it('takes nothing else', () => {
    for (const text of ['-1', '1.5', '1e3', 'many', '1000001', '1,000'])
      assert.equal(parseLimit(text), undefined, text);
  });
});
