// The user's settings, one value at a time.
import assert from 'node:assert/strict';
import { directRoute } from '../../../src/proxy/upstream/networkRoute';
import {
  baseUrlProblem,
  defaultSettings,
  isLoopbackHost,
  networkRouteOf,
  readSettings,
  settingsSchema,
} from '../../../src/service/settings';

describe('readSettings', () => {
  it('takes right values, keeps the last good one for a wrong one, and says which', () => {
    const last = { ...defaultSettings, port: 1111, maxWaiting: 5 };
    const { values, problems } = readSettings(
      settingsSchema,
      { port: 'x', maxWaiting: 6, unknown: 1, timezone: undefined },
      last,
    );
    assert.deepEqual(values, { ...last, maxWaiting: 6 });
    assert.deepEqual(
      problems.map(({ setting }) => setting),
      ['port'],
    );
  });

  it('has bounds for every number', () => {
    for (const [setting, wrong] of [
      ['port', [-1, 65_536, 1.5, Number.NaN]],
      ['maxWaitSeconds', [-1, 3_601]],
      ['maxWaiting', [-1, 10_001, 0.5]],
      ['deadlineSeconds', [0, 3_601]],
      ['firstTokenTimeoutSeconds', [0, 3_601]],
      ['idleTimeoutSeconds', [0, 3_601]],
      ['keepAliveAfterSeconds', [0, 3_601]],
      ['exhaustedStatus', [200, 503]],
    ] as const) {
      for (const value of wrong) {
        const { values, problems } = readSettings(settingsSchema, { [setting]: value }, defaultSettings);
        assert.equal(problems.length, 1, `${setting} ${value}`);
        assert.deepEqual(values, defaultSettings);
      }
    }
  });

  it('says of a base URL what is wrong with it', () => {
    const { problems } = readSettings(settingsSchema, { upstreamUrl: 'http://example.org' }, defaultSettings);
    assert.deepEqual(problems, [{ setting: 'upstreamUrl', problem: baseUrlProblem('http://example.org') }]);
  });

  it('takes a base URL with a slash at its end as the one without', () => {
    for (const end of ['', '/', '//']) {
      const raw = { upstreamUrl: `https://example.org/api/v1${end}` };
      assert.equal(
        readSettings(settingsSchema, raw, defaultSettings).values.upstreamUrl,
        'https://example.org/api/v1',
      );
    }
    const { values } = readSettings(settingsSchema, { upstreamUrl: 'https://example.org/' }, defaultSettings);
    assert.equal(values.upstreamUrl, 'https://example.org');
  });

  it('knows the names of this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])
      assert.ok(isLoopbackHost(host), host);
    for (const host of ['0.0.0.0', '::', '127.0.0.1.example.org', 'localhost.example.org', '10.0.0.1', ''])
      assert.ok(!isLoopbackHost(host), host);
  });
});

describe('networkRouteOf', () => {
  it('goes directly where nobody says otherwise', () => {
    assert.deepEqual(networkRouteOf({}), directRoute);
    assert.deepEqual(
      networkRouteOf({ HTTPS_PROXY: ' ', no_proxy: '' }, { proxy: '', noProxy: [] }),
      directRoute,
    );
  });

  it('reads both spellings of each variable, the small one first, and HTTP_PROXY where there is no other', () => {
    const all = { https_proxy: 'a', HTTPS_PROXY: 'b', http_proxy: 'c', HTTP_PROXY: 'd' };
    for (const expected of ['a', 'b', 'c', 'd']) {
      const rest = Object.fromEntries(Object.entries(all).filter(([, value]) => value >= expected));
      assert.equal(networkRouteOf(rest).proxyUrl, expected);
    }
    assert.equal(networkRouteOf({ NO_PROXY: 'x,y' }).noProxy, 'x,y');
    assert.equal(networkRouteOf({ no_proxy: 'z', NO_PROXY: 'x' }).noProxy, 'z');
    assert.equal(networkRouteOf({ NODE_EXTRA_CA_CERTS: '/ca.pem' }).extraCaFile, '/ca.pem');
  });

  it('takes the settings of VS Code before the environment', () => {
    const environment = { HTTPS_PROXY: 'http://env:1', NO_PROXY: 'env' };
    const http = { proxy: 'http://code:2', noProxy: ['one', '*.two'] };
    const networkRoute = networkRouteOf(environment, http);
    assert.deepEqual([networkRoute.proxyUrl, networkRoute.noProxy], ['http://code:2', 'one,*.two']);
    assert.equal(
      networkRouteOf(environment, { proxy: '', proxySupport: 'override' }).proxyUrl,
      'http://env:1',
    );
    assert.equal(networkRouteOf(environment, { ...http, proxySupport: 'off' }).proxyUrl, '');
  });

  it('verifies and trusts the system, unless VS Code’s settings say no', () => {
    const { isStrict, systemCertificates } = networkRouteOf(
      {},
      { proxyStrictSSL: true, systemCertificates: true },
    );
    assert.deepEqual([isStrict, systemCertificates], [true, true]);
    const off = networkRouteOf({}, { proxyStrictSSL: false, systemCertificates: false });
    assert.deepEqual([off.isStrict, off.systemCertificates], [false, false]);
  });

  it('takes nothing that is no text or list', () => {
    assert.deepEqual(networkRouteOf({}, { proxy: 7, noProxy: 'x', proxySupport: null }), directRoute);
  });
});
