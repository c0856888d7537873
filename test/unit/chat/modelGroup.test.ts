/** The group of models for VS Code's provider Custom Endpoint. */
import assert from 'node:assert/strict';
import { modelGroup, originIn } from '../../../src/chat/modelGroup';
import { offeredModels } from '../../../src/chat/offer';

describe('the group of models for a custom endpoint', () => {
  it('names address, tools, images and limits of each model, and all that VS Code demands', () => {
    const [router] = offeredModels([], [], []);
    assert.ok(router);
    const group = modelGroup({ origin: 'https://keywheel.example.com', proxyKey: 'kw-1' }, [router]);
    assert.deepEqual(group, {
      vendor: 'customendpoint',
      name: 'Keywheel Server',
      apiKey: 'kw-1',
      apiType: 'chat-completions',
      models: [
        {
          id: 'openrouter/free',
          name: 'Free Models Router',
          url: 'https://keywheel.example.com/api/v1/chat/completions',
          toolCalling: true,
          vision: false,
          maxInputTokens: 98_304,
          maxOutputTokens: 32_768,
        },
      ],
    });
  });

  it('takes an address with or without the path of a base URL', () => {
    for (const path of ['', '/', '/api', '/api/', '/api/v1', '/api/v1/', '/v1'])
      assert.equal(
        originIn(` https://keywheel.example.com:8443${path} `),
        'https://keywheel.example.com:8443',
      );
    assert.equal(originIn('http://10.0.0.2:9999/proxy/api/v1'), 'http://10.0.0.2:9999/proxy');
    for (const none of ['', 'keywheel.example.com', 'localhost:9999', 'ftp://a/b'])
      assert.equal(originIn(none), null);
  });
});
