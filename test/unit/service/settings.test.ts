// What the user sets, one value at a time.
import assert from 'node:assert/strict';
import { baseUrlProblem, defaultSettings, isLoopbackHost, readSettings } from '../../../src/service/settings';

describe('readSettings', () => {
  it('takes right values, keeps the last good one for a wrong one, and says which', () => {
    const last = { ...defaultSettings, port: 1111, maxWaiting: 5 };
    const { settings, problems } = readSettings(
      { port: 'x', maxWaiting: 6, unknown: 1, timezone: undefined },
      last,
    );
    assert.deepEqual(settings, { ...last, maxWaiting: 6 });
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
        const { settings, problems } = readSettings({ [setting]: value }, defaultSettings);
        assert.equal(problems.length, 1, `${setting} ${value}`);
        assert.deepEqual(settings, defaultSettings);
      }
    }
  });

  it('says of a base URL what is wrong with it', () => {
    const { problems } = readSettings({ upstreamUrl: 'http://example.org' }, defaultSettings);
    assert.deepEqual(problems, [{ setting: 'upstreamUrl', problem: baseUrlProblem('http://example.org') }]);
  });

  it('takes a base URL with a slash at its end as the one without', () => {
    for (const end of ['', '/', '//']) {
      const raw = { upstreamUrl: `https://example.org/api/v1${end}` };
      assert.equal(readSettings(raw, defaultSettings).settings.upstreamUrl, 'https://example.org/api/v1');
    }
    const { settings } = readSettings({ upstreamUrl: 'https://example.org/' }, defaultSettings);
    assert.equal(settings.upstreamUrl, 'https://example.org');
  });

  it('knows the names of this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])
      assert.ok(isLoopbackHost(host), host);
    for (const host of ['0.0.0.0', '::', '127.0.0.1.example.org', 'localhost.example.org', '10.0.0.1', ''])
      assert.ok(!isLoopbackHost(host), host);
  });
});
