import assert from 'node:assert/strict';
import { typedModel } from '../../../../src/service/clients/modelList';

describe('the model that is typed', () => {
  it('is one where it has the form author/model, whether or not it is in the list', () => {
    assert.equal(typedModel('openai/gpt-4o'), 'openai/gpt-4o');
    assert.equal(typedModel('  deepseek/deepseek-chat-v3.1:free '), 'deepseek/deepseek-chat-v3.1:free');
    assert.equal(typedModel('~openai/gpt-latest'), '~openai/gpt-latest');
  });

  it('is none while there is more to type', () => {
    for (const text of ['', ' ', 'gpt-4o', 'openai/', '/gpt-4o', 'openai /gpt-4o', 'openai/gpt 4o'])
      assert.equal(typedModel(text), null, text);
  });
});
