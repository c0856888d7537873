import assert from 'node:assert/strict';
import { reachText } from '../../../src/vscode/reachText';
import { english } from './views';

describe('reachText', () => {
  it('has words for what the system says, and keeps its code', () => {
    for (const [code, words] of [
      ['ENOTFOUND', /address was not found/],
      ['EAI_AGAIN', /address was not found/],
      ['ECONNREFUSED', /refused/],
      ['ENETUNREACH', /no way there/],
      ['ECONNRESET', /broken off/],
      ['timeout', /no answer in time/],
      ['UND_ERR_CONNECT_TIMEOUT', /no answer in time/],
      ['SELF_SIGNED_CERT_IN_CHAIN', /certificate not trusted/],
      ['noHttp', /something else answers/],
    ] as const) {
      const text = reachText(code, english.t);
      assert.match(text, words);
      assert.ok(text.endsWith(`, ${code}`), text);
    }
  });

  it('gives anything else as it is, without secrets', () => {
    assert.equal(reachText('status 503', english.t), 'status 503');
    assert.equal(reachText('odd sk-or-v1-secretsecret', english.t), 'odd [secret]');
  });
});
