import assert from 'node:assert/strict';
import { reachAdvice } from '../../../src/words/reachReason';
import { reachText } from '../../../src/words/reachText';
import { english } from '../vscode/views';

describe('reachText', () => {
  it('has words for what the system says, and keeps its code', () => {
    for (const [code, words] of [
      ['ENOTFOUND', /address not found/],
      ['EAI_AGAIN', /address not found/],
      ['ECONNREFUSED', /refused/],
      ['ENETUNREACH', /no route/],
      ['ECONNRESET', /connection lost/],
      ['timeout', /timed out/],
      ['UND_ERR_CONNECT_TIMEOUT', /timed out/],
      ['CERT_HAS_EXPIRED', /has expired, or the clock is wrong/],
      ['CERT_NOT_YET_VALID', /not valid yet/],
      ['DEPTH_ZERO_SELF_SIGNED_CERT', /self-signed/],
      ['ERR_TLS_CERT_ALTNAME_INVALID', /for another name/],
      ['SELF_SIGNED_CERT_IN_CHAIN', /authority that is not trusted/],
      ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /authority that is not trusted/],
      ['CERT_REVOKED', /certificate is not accepted/],
      ['PROXY_407', /proxy requires a user name/],
      ['PROXY_ERR_INVALID_URL', /address cannot be used/],
      ['PROXY_403', /proxy does not let it through/],
      ['PROXY_SILENT', /proxy gave no answer/],
      ['PROXY_ECONNREFUSED', /proxy was not reached/],
      ['noHttp', /something else answered/],
    ] as const) {
      const text = reachText(code, english.t);
      assert.match(text, words);
      assert.ok(text.endsWith(`, ${code}`), text);
    }
  });

  it('says what to do about certificates and network proxies', () => {
    for (const [code, advice] of [
      ['CERT_HAS_EXPIRED', /clock/],
      ['DEPTH_ZERO_SELF_SIGNED_CERT', /sign in/],
      ['ERR_TLS_CERT_ALTNAME_INVALID', /upstreamUrl/],
      ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /NODE_EXTRA_CA_CERTS/],
      ['PROXY_407', /http\.proxy/],
      ['PROXY_ERR_INVALID_URL', /http:\/\/proxy:3128/],
      ['PROXY_403', /port 443/],
      ['PROXY_ECONNREFUSED', /HTTPS_PROXY/],
    ] as const)
      assert.match(reachAdvice(code, english.t) ?? '', advice);
    assert.equal(reachAdvice('ECONNREFUSED', english.t), null);
  });

  it('gives anything else as it is, without secrets', () => {
    assert.equal(reachText('status 503', english.t), 'status 503');
    assert.equal(reachText('odd sk-or-v1-secretsecret', english.t), 'odd [secret]');
  });
});
