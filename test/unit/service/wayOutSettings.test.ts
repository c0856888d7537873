import assert from 'node:assert/strict';
import { directly } from '../../../src/proxy/upstream/wayOut';
import { wayOutOf } from '../../../src/service/wayOutSettings';

describe('wayOutOf', () => {
  it('goes directly where nobody says otherwise', () => {
    assert.deepEqual(wayOutOf({}), directly);
    assert.deepEqual(wayOutOf({ HTTPS_PROXY: ' ', no_proxy: '' }, { proxy: '', noProxy: [] }), directly);
  });

  it('reads both spellings of each variable, the small one first, and HTTP_PROXY where there is no other', () => {
    const all = { https_proxy: 'a', HTTPS_PROXY: 'b', http_proxy: 'c', HTTP_PROXY: 'd' };
    for (const expected of ['a', 'b', 'c', 'd']) {
      const rest = Object.fromEntries(Object.entries(all).filter(([, value]) => value >= expected));
      assert.equal(wayOutOf(rest).proxyUrl, expected);
    }
    assert.equal(wayOutOf({ NO_PROXY: 'x,y' }).noProxy, 'x,y');
    assert.equal(wayOutOf({ no_proxy: 'z', NO_PROXY: 'x' }).noProxy, 'z');
    assert.equal(wayOutOf({ NODE_EXTRA_CA_CERTS: '/ca.pem' }).extraCaFile, '/ca.pem');
  });

  it('takes the settings of VS Code before the environment', () => {
    const environment = { HTTPS_PROXY: 'http://env:1', NO_PROXY: 'env' };
    const http = { proxy: 'http://code:2', noProxy: ['one', '*.two'] };
    const wayOut = wayOutOf(environment, http);
    assert.deepEqual([wayOut.proxyUrl, wayOut.noProxy], ['http://code:2', 'one,*.two']);
    assert.equal(wayOutOf(environment, { proxy: '', proxySupport: 'override' }).proxyUrl, 'http://env:1');
    assert.equal(wayOutOf(environment, { ...http, proxySupport: 'off' }).proxyUrl, '');
  });

  it('verifies and trusts the system, unless VS Code’s settings say no', () => {
    const { isStrict, systemCertificates } = wayOutOf({}, { proxyStrictSSL: true, systemCertificates: true });
    assert.deepEqual([isStrict, systemCertificates], [true, true]);
    const off = wayOutOf({}, { proxyStrictSSL: false, systemCertificates: false });
    assert.deepEqual([off.isStrict, off.systemCertificates], [false, false]);
  });

  it('takes nothing that is no text or list', () => {
    assert.deepEqual(wayOutOf({}, { proxy: 7, noProxy: 'x', proxySupport: null }), directly);
  });
});
