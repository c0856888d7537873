import assert from 'node:assert/strict';
import { directRoute, networkProxyFor } from '../../../../src/proxy/upstream/networkRoute';

const upstream = 'https://openrouter.ai/api/v1';

function proxied(noProxy: string, url = upstream): boolean {
  return networkProxyFor(url, { ...directRoute, proxyUrl: 'http://proxy:3128', noProxy }) !== null;
}

describe('networkProxyFor', () => {
  it('is none where none is named', () => {
    assert.equal(networkProxyFor(upstream, directRoute), null);
  });

  it('takes user name and password out of the URL, with any sign in them', () => {
    for (const [proxyUrl, plain] of [
      ['http://us%20er:p%3Aw%40d@proxy:3128', 'us er:p:w@d'],
      ['http://user@proxy:3128', 'user:'],
      ['http://user:100%@proxy:3128', 'user:100%'],
      ['user:word@proxy:3128', 'user:word'],
    ] as const) {
      const proxy = networkProxyFor(upstream, { ...directRoute, proxyUrl });
      assert.equal(proxy?.url, 'http://proxy:3128/');
      assert.equal(proxy.token, `Basic ${Buffer.from(plain).toString('base64')}`);
    }
  });

  it('takes a name without a scheme for http, and leaves what is no URL to whoever connects', () => {
    assert.deepEqual(networkProxyFor(upstream, { ...directRoute, proxyUrl: 'proxy:3128' }), {
      url: 'http://proxy:3128/',
      host: 'proxy:3128',
      token: null,
    });
    assert.deepEqual(networkProxyFor(upstream, { ...directRoute, proxyUrl: 'http://' }), {
      url: 'http://',
      host: null,
      token: null,
    });
  });

  it('leaves out the hosts of NO_PROXY, with their subdomains and of the port that is named', () => {
    for (const entry of ['openrouter.ai', '.openrouter.ai', '*.openrouter.ai', 'OpenRouter.AI', 'ai', '*'])
      assert.equal(proxied(`example.org, ${entry}`), false, entry);
    for (const entry of ['', 'router.ai', 'openrouter.ai.example', 'api.openrouter.ai', 'openrouter.ai:8443'])
      assert.equal(proxied(entry), true, entry);
    assert.equal(proxied('openrouter.ai:443'), false);
    assert.equal(proxied('localhost', 'https://localhost:8443/api/v1'), false);
    assert.equal(proxied('', 'https://localhost:8443/api/v1'), true);
  });

  it('is none for an upstream without TLS: that is on this machine', () => {
    assert.equal(proxied('', 'http://127.0.0.1:8080/api/v1'), false);
  });
});
