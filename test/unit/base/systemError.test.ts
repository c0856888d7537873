import assert from 'node:assert/strict';
import {
  certificateProblem,
  isLasting,
  proxyProblem,
  unreachedCause,
  unreachedCode,
} from '../../../src/base/systemError';

describe('unreachedCause', () => {
  it('tells certificates, network proxies, names and the rest of the network apart', () => {
    for (const [code, cause] of [
      ['CERT_HAS_EXPIRED', 'certificate'],
      ['INVALID_PURPOSE', 'certificate'],
      ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
      ['PROXY_407', 'proxy'],
      ['PROXY_ECONNREFUSED', 'proxy'],
      ['PROXY_CERT_HAS_EXPIRED', 'proxy'],
      ['ENOTFOUND', 'name'],
      ['EAI_AGAIN', 'name'],
      ['ECONNREFUSED', 'network'],
      ['UND_ERR_CONNECT_TIMEOUT', 'network'],
      ['ERR_SSL_WRONG_VERSION_NUMBER', 'network'],
    ] as const)
      assert.equal(unreachedCause(code), cause, code);
  });

  it('knows what lasts until a person changes something', () => {
    for (const code of [
      'PROXY_ERR_INVALID_URL',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'PROXY_407',
      'PROXY_403',
    ])
      assert.ok(isLasting(code), code);
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'PROXY_502', 'PROXY_SILENT', 'PROXY_ECONNREFUSED'])
      assert.ok(!isLasting(code), code);
    for (const code of ['PROXY_408', 'PROXY_425', 'PROXY_429']) assert.ok(!isLasting(code), code);
  });

  it('tells the problems of proxies apart', () => {
    const codes = [
      'PROXY_ERR_INVALID_URL',
      'PROXY_407',
      'PROXY_403',
      'PROXY_502',
      'PROXY_SILENT',
      'PROXY_ENOTFOUND',
      'ENOTFOUND',
    ];
    const problems = ['unusable', 'credentials', 'refused', 'refused', 'silent', 'unreached', null];
    assert.deepEqual(codes.map(proxyProblem), problems);
  });

  it('takes no name of an object for a code', () => {
    assert.equal(certificateProblem('constructor'), null);
    assert.equal(certificateProblem('toString'), null);
  });

  it('reads a code where there is one', () => {
    assert.equal(unreachedCode(Object.assign(new Error(), { code: 'EPIPE' })), 'EPIPE');
    assert.equal(unreachedCode(null), 'timeout');
  });
});
