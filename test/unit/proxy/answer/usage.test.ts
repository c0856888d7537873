import assert from 'node:assert/strict';
import { readUsage } from '../../../../src/proxy/answer/usage';
import { assertCheap } from '../../../support/processorTime';

describe('readUsage', () => {
  it('reads the last usage of a text', () => {
    const text =
      '{"usage":{"prompt_tokens":1}} {"usage":{"input_tokens":3,"output_tokens":4,"x":{"y":1},"cost":0.5}}';
    assert.deepEqual(readUsage(Buffer.from(text)), { promptTokens: 3, completionTokens: 4, cost: 0.5 });
    assert.equal(readUsage(Buffer.from('"usage":null, "usage" : {')), null);
  });

  it('takes no amount that is none: neither sums nor records could hold it', () => {
    const text = Buffer.from('{"usage":{"prompt_tokens":-1,"completion_tokens":1e999,"cost":1e308}}');
    assert.deepEqual(readUsage(text), { promptTokens: 0, completionTokens: 0, cost: null });
  });

  it('is cheap for a text that names usage without end', async () => {
    const text = Buffer.from('"usage":{'.repeat(20_000));
    assert.equal(readUsage(text), null);
    await assertCheap(() => readUsage(text), 1_000);
  });
});
