// The environment variables of the command line. Each bad one as a user meets it: test/http/cli.test.ts.
import assert from 'node:assert/strict';
import { givenOf, readConfiguration, type Configuration } from '../../../src/server/options';
import { defaultSettings } from '../../../src/service/settings';

const keys = 'sk-or-v1-aaaaaaaaaaaa,sk-or-v1-bbbbbbbbbbbb:50';

function configured(environment: Readonly<Record<string, string>>): Configuration {
  const read = readConfiguration(givenOf({ OPENROUTER_KEYS: keys, ...environment }));
  assert.ok(read.kind === 'good', JSON.stringify(read));
  return read.configuration;
}

function problems(environment: Readonly<Record<string, string>>): readonly string[] {
  const read = readConfiguration(givenOf({ OPENROUTER_KEYS: keys, ...environment }));
  return read.kind === 'bad' ? read.problems : [];
}

describe('readConfiguration', () => {
  it('needs nothing but keys', () => {
    const { settings, proxyKey, logLevel, stateFile } = configured({});
    assert.deepEqual(settings, defaultSettings);
    assert.deepEqual(
      { proxyKey, logLevel, stateFile },
      { proxyKey: null, logLevel: 'info', stateFile: null },
    );
  });

  it('numbers keys, takes limits, and each key once', () => {
    const list =
      'sk-or-v1-aaaaaaaaaaaa:1000, sk-or-v1-bbbbbbbbbbbb\n sk-or-v1-aaaaaaaaaaaa sk-or-v1-cccccccccccc:0';
    assert.deepEqual(
      configured({ OPENROUTER_KEYS: list }).keys.map(({ key, label, dailyLimit }) => [
        key.slice(9, 10),
        label,
        dailyLimit,
      ]),
      [
        ['a', 'key 1', 1000],
        ['b', 'key 2', null],
        ['c', 'key 3', 0],
      ],
    );
  });

  it('never repeats a key, a proxy key or a base URL in a problem', () => {
    const told = problems({
      OPENROUTER_KEYS: 'sk-or-v1-canary!canary',
      OPENROUTER_BASE_URL: 'https://user:canary@example.org',
      PROXY_API_KEY: 'canary canary',
    });
    assert.equal(told.length, 3);
    assert.ok(!told.join('\n').includes('canary'));
  });

  it('tells no value that belongs to another variable', () => {
    for (const variable of [
      'PORT',
      'MAX_WAITING',
      'EXHAUSTED_STATUS',
      'POLICY_REFUSALS',
      'FREE_ONLY',
    ] as const) {
      const told = problems({ OPENROUTER_KEYS: 'sk-or-v1-aaaa', [variable]: 'canary' });
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', new RegExp(`^${variable}: must be `));
      assert.ok(!told.join().includes('canary'), told.join());
    }
  });

  it('knows the levels of the log by their names alone', () => {
    assert.equal(configured({ LOG_LEVEL: 'WARNING' }).logLevel, 'warn');
    for (const level of ['loud', 'constructor'])
      assert.deepEqual(problems({ LOG_LEVEL: level }), ['LOG_LEVEL: use debug, info, warning or error.']);
  });

  it('takes empty values for missing ones, and the first of two names', () => {
    const { settings, logLevel } = configured({
      HOST: ' ',
      UVICORN_HOST: 'localhost',
      PORT: '1234',
      UVICORN_PORT: 'not looked at',
      LOG_LEVEL: '',
      UVICORN_LOG_LEVEL: 'Warning',
    });
    assert.deepEqual([settings.host, settings.port, logLevel], ['localhost', 1234, 'warn']);
  });

  it('looks at each spelling of the network proxy, and takes it', () => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
      const { proxyUrl } = configured({ [name]: 'proxy:3128' }).settings.networkRoute;
      assert.equal(proxyUrl, 'proxy:3128');
      assert.match(problems({ [name]: 'http://proxy:port' }).join(), new RegExp(`^${name}: is not a URL`));
    }
    const both = { HTTPS_PROXY: 'http://good:1', https_proxy: 'http://other:2' };
    assert.equal(configured(both).settings.networkRoute.proxyUrl, 'http://good:1');
  });

  it('takes off the quotes that Docker leaves around the values of a .env file, and carriage returns', () => {
    for (const quote of ['"', "'"]) {
      const quoted = (text: string): string => `${quote}${text}${quote}\r`;
      const read = configured({
        OPENROUTER_KEYS: quoted(keys),
        PROXY_API_KEY: quoted('kw-own'),
        PORT: quoted('1234'),
        LOG_LEVEL: quoted('debug'),
        STATE_FILE: quoted('/data/state.json'),
        HOST: quoted(''),
      });
      assert.deepEqual(
        [
          read.keys.length,
          read.proxyKey,
          read.settings.port,
          read.logLevel,
          read.stateFile?.text,
          read.settings.host,
        ],
        [2, 'kw-own', 1234, 'debug', '/data/state.json', '127.0.0.1'],
      );
    }
    assert.equal(configured({ PROXY_API_KEY: '"' }).proxyKey, '"');
    const each = keys.split(',').map((key) => `"${key}"`);
    for (const text of [each.join(','), `[${each.join(', ')}]`, `${each.join(';')} # mine, sk-or-v1-old`])
      assert.equal(configured({ OPENROUTER_KEYS: text }).keys.length, each.length);
  });

  it('takes keys as people copy them: with what nobody sees, marks of other languages, and limits behind a blank', () => {
    const [a = '', b = ''] = keys.replaceAll(':50', '').split(',');
    for (const text of [
      `\u200b${a}\u2060,${b}\ufeff`,
      `${a.slice(0, 12)}\u00ad${a.slice(12)} ${b.replaceAll('-', '\u2011')}`,
      `“${a}”，“${b}”`,
      `${a}、${b}`,
      `\`${a}\`|<${b}>`,
      `- ${a}\n- ${b}`,
      `* ${a}\n* ${b}`,
    ])
      assert.deepEqual(
        configured({ OPENROUTER_KEYS: text }).keys.map(({ key }) => key),
        [a, b],
        text,
      );
    assert.deepEqual(
      configured({ OPENROUTER_KEYS: `${a}: 50, ${b}: 1,000` }).keys.map(({ dailyLimit }) => dailyLimit),
      [50, 1000],
    );
  });

  it('reads every setting', () => {
    const { settings } = configured({
      OPENROUTER_BASE_URL: 'http://[::1]:8080/api/v1',
      TIMEZONE: 'Europe/Berlin',
      MAX_WAIT_SECONDS: '12.5',
      MAX_WAITING: '7',
      MAX_UPSTREAM_ATTEMPTS: '8',
      DEADLINE_SECONDS: '30',
      FIRST_TOKEN_TIMEOUT_SECONDS: '31',
      IDLE_TIMEOUT_SECONDS: '32',
      KEEP_ALIVE_AFTER_SECONDS: '33',
      DRAIN_SECONDS: '34',
      EXHAUSTED_STATUS: '402',
      ALLOW_KEY_CHANGES: 'true',
      FALLBACK_MODELS: '{"x/*:free":["y/z:free"]}',
    });
    assert.deepEqual(settings, {
      ...defaultSettings,
      upstreamUrl: 'http://[::1]:8080/api/v1',
      timezone: 'Europe/Berlin',
      maxWaitSeconds: 12.5,
      maxWaiting: 7,
      maxUpstreamAttempts: 8,
      deadlineSeconds: 30,
      firstTokenTimeoutSeconds: 31,
      idleTimeoutSeconds: 32,
      keepAliveAfterSeconds: 33,
      drainSeconds: 34,
      exhaustedStatus: 402,
      allowKeyChanges: true,
      fallbackModels: { 'x/*:free': ['y/z:free'] },
    });
  });

  it('takes an address as URLs have it', () => {
    assert.equal(configured({ HOST: '[::1]' }).settings.host, '::1');
  });

  it('demands a long proxy key beyond loopback alone', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'])
      assert.deepEqual(problems({ HOST: host }), []);
    for (const host of [
      '0.0.0.0',
      '::',
      '[::]',
      '192.168.0.1',
      'example.org',
      '128.0.0.1',
      '127.example.org',
    ]) {
      assert.equal(problems({ HOST: host, PROXY_API_KEY: 'x'.repeat(23) }).length, 1, host);
      assert.deepEqual(problems({ HOST: host, PROXY_API_KEY: 'x'.repeat(24) }), []);
    }
  });

  it('lets keys leave over TLS alone, unless they stay on this machine', () => {
    for (const url of ['https://openrouter.ai/api/v1', 'http://127.0.0.1:1/', 'http://localhost/x'])
      assert.deepEqual(problems({ OPENROUTER_BASE_URL: url }), []);
    for (const url of [
      'http://openrouter.ai',
      'http://127.0.0.1.example.org',
      'ftp://x',
      'https://x/?a=b',
      'https://x/#a',
    ])
      assert.match(problems({ OPENROUTER_BASE_URL: url }).join(), /^OPENROUTER_BASE_URL: /, url);
  });
});
