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

  it('counts a prompt from the cache as one, which Anthropic’s form tells beside the rest and OpenAI’s in it', () => {
    const cached = '"cache_creation_input_tokens":200,"cache_read_input_tokens":60000';
    const ofMessages = readUsage(Buffer.from(`{"usage":{"input_tokens":5,${cached},"output_tokens":7}}`));
    assert.deepEqual(ofMessages, { promptTokens: 60_205, completionTokens: 7, cost: null });
    const details = '"prompt_tokens_details":{"cached_tokens":60000}';
    const ofChat = readUsage(
      Buffer.from(`{"usage":{"prompt_tokens":60205,"completion_tokens":7,${details}}}`),
    );
    assert.deepEqual(ofChat, ofMessages);
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
