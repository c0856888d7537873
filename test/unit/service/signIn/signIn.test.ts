/** The request to OpenRouter's sign-in page, and the reading of its answers. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  callbackUrlOf,
  challengeOf,
  codeIn,
  newVerifier,
  signInUrl,
} from '../../../../src/service/signIn/signIn';

describe('a sign-in', () => {
  it('has a verifier of 43 characters that nobody else has, and its hash as challenge', () => {
    const verifier = newVerifier();
    assert.match(verifier.reveal(), /^[\w-]{43}$/);
    assert.notEqual(newVerifier().reveal(), verifier.reveal());
    const hash = createHash('sha256').update(verifier.reveal()).digest('base64url');
    assert.equal(challengeOf(verifier), hash);
    assert.equal(JSON.stringify({ verifier }), '{"verifier":"[secret]"}');
  });

  it('goes to the page beside the API that the proxy uses', () => {
    for (const [upstreamUrl, expected] of [
      ['https://openrouter.ai/api/v1', 'https://openrouter.ai/auth'],
      ['https://openrouter.ai/api/v1/', 'https://openrouter.ai/auth'],
      ['http://127.0.0.1:8080/api/v1', 'http://127.0.0.1:8080/auth'],
      ['https://example.com/openrouter/api/v1', 'https://example.com/openrouter/auth'],
    ]) {
      const url = new URL(signInUrl(upstreamUrl ?? '', 'C', 'http://localhost:9/a/b'));
      assert.equal(url.origin + url.pathname, expected);
      assert.deepEqual(Object.fromEntries(url.searchParams), {
        callback_url: 'http://localhost:9/a/b',
        code_challenge: 'C',
        code_challenge_method: 'S256',
      });
    }
  });

  it('asks for a code to paste where nothing can be called back', () => {
    const upstreamUrl = 'https://openrouter.ai/api/v1';
    const url = new URL(signInUrl(upstreamUrl, 'C', null));
    assert.equal(url.searchParams.has('callback_url'), false);
    assert.equal(url.searchParams.get('key_label'), 'Keywheel');
  });

  it('is called back at localhost or over https, and nowhere else', () => {
    assert.equal(callbackUrlOf('http://127.0.0.1:4711/a/b'), 'http://localhost:4711/a/b');
    assert.equal(callbackUrlOf('http://localhost:4711/a/b'), 'http://localhost:4711/a/b');
    assert.equal(callbackUrlOf('https://x-4711.github.dev/a/b'), 'https://x-4711.github.dev/a/b');
    for (const url of ['http://10.0.0.7:8443/proxy/4711/a/b', 'vscode://x/y', 'https://x.dev/a?tkn=1', ''])
      assert.equal(callbackUrlOf(url), null, url);
  });

  it('takes a pasted code, or the address that the browser ended at', () => {
    assert.equal(codeIn(' 0123abcd-_ \n'), '0123abcd-_');
    assert.equal(codeIn('http://localhost:4711/a/b?code=0123abcd'), '0123abcd');
    for (const text of ['', 'abc', 'two words', 'http://localhost:4711/a/b', 'https://x.y/?code=%3Cb%3E'])
      assert.equal(codeIn(text), null, text);
  });
});
