import assert from 'node:assert/strict';
import { ClientHeaders } from '../../../../src/proxy/request/headers';

describe('The client that headers name', () => {
  const clientOf = (...raw: readonly string[]): string => new ClientHeaders(raw).client;

  it('is the same in each of its versions', () => {
    for (const agent of [
      'my-agent',
      'my-agent/1.2.3',
      'my-agent/2.0 (linux)',
      'my-agent-1.2.3',
      'my-agent v1.3.0-beta.1',
    ])
      assert.equal(clientOf('User-Agent', agent), 'my-agent', agent);
    assert.equal(clientOf('X-Title', 'My Tool 1.0.1'), clientOf('X-Title', 'My Tool (dev)'));
    assert.equal(clientOf('X-Title', 'Llama 3.3 Helper'), 'Llama 3.3 Helper');
    assert.equal(clientOf('X-Title', 'GPT-4 Chat'), 'GPT-4 Chat');
  });

  it('is told by its title, else by its agent, and by a known name before both', () => {
    assert.equal(clientOf('User-Agent', 'node', 'X-Title', 'My Tool'), 'My Tool');
    assert.equal(clientOf('User-Agent', 'node', 'X-Title', ''), 'node');
    assert.equal(clientOf('User-Agent', 'curl/8.5.0', 'X-Title', 'My Tool'), 'curl');
    assert.equal(clientOf('Accept', '*/*'), 'unknown');
  });
});
