// The program without VS Code: its output, its refusals, its end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Simulator } from '../simulator/simulator';
import { CliBundle, type CliProcess, type Environment } from '../support/cliProcess';
import { freePort } from '../support/freePort';
import { ask } from './client';
import { accountsOf, FREE, keyFor } from './support';

const proxyKey = 'kw-own-0123456789abcdef0123456789';
const canaryBody = { model: FREE, messages: [{ role: 'user', content: 'canary' }] };

describe('the command line', () => {
  let cli: CliBundle;
  let simulator: Simulator;
  const running = new Set<CliProcess>();

  before(async () => {
    cli = await CliBundle.open();
    simulator = await Simulator.start({ accounts: accountsOf('a', 'b') });
  });

  after(async () => {
    await simulator.stop();
    await cli.dispose();
  });

  afterEach(async () => {
    for (const each of running) await each.kill('SIGKILL');
    running.clear();
    simulator.clearScript();
  });

  function start(environment: Environment = {}, words: readonly string[] = []): CliProcess {
    const process = cli.start(
      {
        OPENROUTER_KEYS: `${keyFor('a')},${keyFor('b')}:20`,
        OPENROUTER_BASE_URL: simulator.baseUrl,
        PORT: '0',
        PROXY_API_KEY: proxyKey,
        ...environment,
      },
      words,
    );
    running.add(process);
    return process;
  }

  async function status(port: number): Promise<KeyStatus> {
    const reply = await ask(port, { method: 'GET', path: '/key-status', proxyKey });
    assert.equal(reply.status, 200);
    return reply.json() as KeyStatus;
  }

  /** The program's one line of error, without its name. */
  async function problem(environment: Environment, words: readonly string[] = []): Promise<string> {
    const { code, out, errors } = await start(environment, words).ended;
    assert.equal(code, 2, errors);
    assert.equal(out, '');
    const lines = errors.trimEnd().split('\n');
    assert.equal(lines.length, 1, errors);
    assert.match(errors, /^keywheel: /);
    return (lines[0] ?? '').replace('keywheel: ', '');
  }

  it('masks a key that another variable got by a slip', async () => {
    for (const variable of ['HOST', 'PORT', 'KEYS_FILE']) {
      const { errors } = await start({ [variable]: keyFor('b') }).ended;
      assert.match(errors, new RegExp(`^keywheel: ${variable}(?!.*sk-or-)`), variable);
    }
  });

  for (const [what, environment, expected] of [
    [
      'no keys',
      { OPENROUTER_KEYS: '' },
      /^OPENROUTER_KEYS is missing: .* such as sk-or-…:50,sk-or-…:1000,.*, or KEYS_FILE to /,
    ],
    ['a comment alone', { OPENROUTER_KEYS: '# none yet' }, /^OPENROUTER_KEYS holds no key: /],
    [
      'something that is no key',
      { OPENROUTER_KEYS: `${keyFor('a')},sk-ant-x` },
      /^OPENROUTER_KEYS: entry 2 cannot be read/,
    ],
    [
      'a limit that is no number',
      { OPENROUTER_KEYS: `${keyFor('a')}:many` },
      /^OPENROUTER_KEYS: entry 1 cannot be read/,
    ],
    ['a port that is no number', { PORT: 'http' }, /^PORT: /],
    ['a port that is too high', { PORT: '65536' }, /^PORT: must be a whole number from 1 to 65535\.$/],
    ['an alias with a bad port', { PORT: '', UVICORN_PORT: '-1' }, /^UVICORN_PORT: /],
    ['a time zone that is none', { TIMEZONE: 'Mars/Olympus' }, /^TIMEZONE: .*Europe\/Berlin/],
    [
      'plain http beyond loopback',
      { OPENROUTER_BASE_URL: 'http://example.org/api/v1' },
      /^OPENROUTER_BASE_URL: .*https/,
    ],
    [
      'a network proxy of SOCKS',
      { HTTPS_PROXY: 'socks5://127.0.0.1:1080' },
      /^HTTPS_PROXY: is not a URL such as http:\/\/proxy:3128/,
    ],
    [
      'a base URL that is none',
      { OPENROUTER_BASE_URL: 'openrouter.ai' },
      /^OPENROUTER_BASE_URL: is not a URL/,
    ],
    [
      'a base URL with a password',
      { OPENROUTER_BASE_URL: 'https://a:b@example.org' },
      /^OPENROUTER_BASE_URL: .*password/,
    ],
    ['a log level that is none', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL: /],
    ['an alias with a bad log level', { UVICORN_LOG_LEVEL: 'loud' }, /^UVICORN_LOG_LEVEL: /],
    ['a wait that is no number', { MAX_WAIT_SECONDS: 'long' }, /^MAX_WAIT_SECONDS: /],
    ['a line that is too long', { MAX_WAITING: '10001' }, /^MAX_WAITING: /],
    ['a deadline of nothing', { DEADLINE_SECONDS: '0' }, /^DEADLINE_SECONDS: /],
    [
      'a first-token timeout that is negative',
      { FIRST_TOKEN_TIMEOUT_SECONDS: '-5' },
      /^FIRST_TOKEN_TIMEOUT_SECONDS: /,
    ],
    ['an idle timeout that is no number', { IDLE_TIMEOUT_SECONDS: '1m' }, /^IDLE_TIMEOUT_SECONDS: /],
    ['a keep-alive of nothing', { KEEP_ALIVE_AFTER_SECONDS: '0' }, /^KEEP_ALIVE_AFTER_SECONDS: /],
    ['another status', { EXHAUSTED_STATUS: '503' }, /^EXHAUSTED_STATUS: must be one of 429, 402\.$/],
    [
      'fallback models that are no JSON',
      { FALLBACK_MODELS: 'a=b' },
      /^FALLBACK_MODELS: must be JSON such as \{"x\/y:free":\["openrouter\/free"\]\}\.$/,
    ],
    ['a proxy key with spaces', { PROXY_API_KEY: 'my own key' }, /^PROXY_API_KEY: /],
    [
      'an open host without a proxy key',
      { HOST: '0.0.0.0', PROXY_API_KEY: '' },
      /^PROXY_API_KEY must have 24 /,
    ],
    [
      'an open host with a short proxy key',
      { HOST: '::', PROXY_API_KEY: 'x'.repeat(23) },
      /^PROXY_API_KEY must have 24 /,
    ],
    [
      'an open alias with a short proxy key',
      { UVICORN_HOST: '0.0.0.0', PROXY_API_KEY: 'x' },
      /^PROXY_API_KEY must have 24 /,
    ],
    [
      'a state file that cannot be made',
      { STATE_FILE: '/dev/null/state.json' },
      /^STATE_FILE \/dev\/null\/state\.json .*(?:EEXIST|ENOTDIR)/,
    ],
    ['a state file that is a folder', { STATE_FILE: '/tmp' }, /^STATE_FILE \/tmp .*EISDIR/],
    ['a file of keys that is none', { KEYS_FILE: '/nowhere/keys' }, /^KEYS_FILE \/nowhere\/keys .*ENOENT/],
    ['a host name that is a URL', { ALLOWED_HOSTS: 'https://a.example' }, /^ALLOWED_HOSTS: /],
    [
      'a network proxy that is no URL',
      { HTTPS_PROXY: 'http://:3128' },
      /^HTTPS_PROXY: is not a URL such as http:\/\/proxy:3128/,
    ],
    [
      'a network proxy that speaks SOCKS',
      { HTTPS_PROXY: 'socks5://proxy:1080' },
      /^HTTPS_PROXY: is not a URL such as http:\/\/proxy:3128/,
    ],
    ['the same in small letters', { http_proxy: 'http://a b' }, /^http_proxy: is not a URL/],
    ['another form of the log', { LOG_FORMAT: 'xml' }, /^LOG_FORMAT: use text or json/],
    ['no attempt at all', { MAX_UPSTREAM_ATTEMPTS: '0' }, /^MAX_UPSTREAM_ATTEMPTS: /],
    ['a drain of days', { DRAIN_SECONDS: '86400' }, /^DRAIN_SECONDS: /],
    ['another way of refusals', { POLICY_REFUSALS: 'never' }, /^POLICY_REFUSALS: /],
    ['a switch that is neither', { FREE_ONLY: 'maybe' }, /^FREE_ONLY: must be true or false\.$/],
    ['another switch that is neither', { ALLOW_KEY_CHANGES: 'maybe' }, /^ALLOW_KEY_CHANGES: /],
  ] satisfies readonly (readonly [string, Environment, RegExp])[]) {
    it(`names the variable and leaves with 2: ${what}`, async () => {
      const told = await problem(environment);
      assert.match(told, expected);
      assert.doesNotMatch(told, /\[secret\]/, 'an example is not masked');
    });
  }

  for (const [words, expected] of [
    [['--openrouter-keys', 'none'], /^--openrouter-keys: entry 1 cannot be read/],
    [['--keys-file', '/nowhere/keys'], /^--keys-file \/nowhere\/keys cannot be read \(ENOENT\)/],
    [['--proxy-api-key', 'my own key'], /^--proxy-api-key: /],
    [['--host', '0.0.0.0', '--proxy-api-key', 'short'], /^--proxy-api-key must have 24 .*openssl rand/],
    [['--port', 'http'], /^--port: /],
    [['--allowed-hosts', 'https://keys.example.org/'], /^--allowed-hosts: .*keys\.example\.org/],
    [['--openrouter-base-url', 'http://example.org'], /^--openrouter-base-url: .*https/],
    [['--timezone', 'Mars/Olympus'], /^--timezone: /],
    [['--https-proxy', 'http://:3128'], /^--https-proxy: is not a URL/],
    [['--http-proxy', 'http://:3128'], /^--http-proxy: is not a URL/],
    [
      ['--node-extra-ca-certs', '/nowhere.pem'],
      /^--node-extra-ca-certs \/nowhere\.pem cannot be read \(ENOENT\)/,
    ],
    [['--node-extra-ca-certs', '/tmp'], /^--node-extra-ca-certs \/tmp cannot be read \(EISDIR\)/],
    [['--state-file', '/dev/null/state.json'], /^--state-file \/dev\/null\/state\.json /],
    [['--log-level', 'loud'], /^--log-level: /],
    [['--log-format', 'xml'], /^--log-format: use text or json/],
    [['--max-wait-seconds', 'long'], /^--max-wait-seconds: /],
    [['--max-waiting', '10001'], /^--max-waiting: /],
    [['--max-upstream-attempts', '0'], /^--max-upstream-attempts: /],
    [['--deadline-seconds', '0'], /^--deadline-seconds: /],
    [['--first-token-timeout-seconds', '0'], /^--first-token-timeout-seconds: /],
    [['--idle-timeout-seconds', '1m'], /^--idle-timeout-seconds: /],
    [['--keep-alive-after-seconds', '0'], /^--keep-alive-after-seconds: /],
    [['--drain-seconds', '3601'], /^--drain-seconds: /],
    [['--exhausted-status', '503'], /^--exhausted-status: /],
    [['--policy-refusals', 'never'], /^--policy-refusals: /],
    [['--free-only=yes'], /--free-only/],
    [['--allow-key-changes=yes'], /--allow-key-changes/],
    [['--fallback-models', 'a=b'], /^--fallback-models: /],
    [['--env-file', '/nowhere/.env'], /^--env-file \/nowhere\/\.env cannot be read \(ENOENT\)/],
    [['--prot', '1'], /^Unknown option '--prot'/],
    [['run'], /^There is no command “run”: use serve, check or status/],
    [
      ['serve', '--free-only', 'true'],
      /^There is no command “serve true”: .*; --free-only and --allow-key-changes take no value/,
    ],
  ] satisfies readonly (readonly [readonly string[], RegExp])[]) {
    it(`names the option and leaves with 2: ${words.join(' ')}`, async () => {
      assert.match(await problem({}, words), expected);
    });
  }

  it('checks keys, accounts, OpenRouter and the clock, and says by its exit code whether any key works', async () => {
    const keys = `${keyFor('a')},${keyFor('nobody')},${keyFor('b')}:20`;
    const checked = await start({ OPENROUTER_KEYS: keys }, ['check']).ended;
    assert.deepEqual([checked.code, checked.errors], [0, '']);
    for (const line of [
      /^Name +Key +Account +Free a day +Left today +Limit left +State$/m,
      /^key 1 +sk-or-v1-\.\.\.000a +account 1 +50 .*no limit +works$/m,
      /^key 2 +sk-or-v1-\.\.\.body +Invalid key$/m,
      /^key 3 +sk-or-v1-\.\.\.000b +account 2 +20 +(?:1?\d|20) .*works$/m,
      /^OpenRouter +answers in \d+ ms$/m,
      /^Clock +agrees/m,
    ])
      assert.match(checked.out, line);
    assert.ok(!checked.out.includes(keyFor('a')));
    assert.equal((await start({ OPENROUTER_KEYS: keyFor('nobody') }, ['check']).ended).code, 1);
    const unreachable = { OPENROUTER_BASE_URL: 'http://127.0.0.1:1/api/v1' };
    const lost = await start(unreachable, ['check']).ended;
    assert.equal(lost.code, 1);
    assert.match(lost.out, /^OpenRouter +cannot be reached: connection refused, ECONNREFUSED/m);
    assert.match(lost.out, /^key 1 .*not checked$/m);
    for (const [status, says] of [
      [503, /^OpenRouter +answers with an error \(status 503\): see status\.openrouter\.ai$/m],
      [
        200,
        /^OpenRouter +something other than OpenRouter answered \(status 200\): correct OPENROUTER_BASE_URL/m,
      ],
    ] as const) {
      const headers = { 'content-type': 'text/html' };
      simulator.script({ path: '/key', fault: { kind: 'respond', status, headers, body: '<html>' } });
      const { code, out } = await start({}, ['check']).ended;
      assert.equal(code, 1);
      assert.match(out, says);
      assert.match(out, /^key 1 .*not checked$/m);
    }
  });

  it('asks a running proxy for its status', async () => {
    const port = String(await start().listening());
    const told = await start({ PORT: port, OPENROUTER_KEYS: '' }, ['status']).ended;
    assert.deepEqual([told.code, told.errors], [0, '']);
    assert.match(
      told.out,
      /^Keywheel at http:\/\/127\.0\.0\.1:\d+: \d+ of \d+ free requests left today, resets \d\d:\d\d(?::\d\d)?\n/,
    );
    assert.match(told.out, /^key 1 +1 +\d+ of 50 .* Ready$/m);
    const wrong = await start({ PORT: port, PROXY_API_KEY: 'kw-wrong' }, ['status']).ended;
    assert.deepEqual([wrong.code, wrong.errors.split('\n').length], [1, 2]);
    assert.equal((await start({ PROXY_API_KEY: '' }, ['status']).ended).code, 2);
    const nobody = await start({ PORT: '1' }, ['status']).ended;
    assert.equal(nobody.code, 1);
    assert.match(nobody.errors, /^keywheel: No Keywheel answers at http:\/\/127\.0\.0\.1:1 /);
  });

  it('says in its status what keeps an account from serving, with the words of the dashboard', async () => {
    simulator.script({ times: 9, path: '/key', fault: { kind: 'error', error: 'badKey' } });
    const unreached = { OPENROUTER_KEYS: keyFor('b'), OPENROUTER_BASE_URL: 'http://127.0.0.1:1/api/v1' };
    const port = await start({ OPENROUTER_KEYS: keyFor('a') }).listening();
    const far = await start({ ...unreached, DEADLINE_SECONDS: '1' }).listening();
    const told = async (at: number): Promise<string> =>
      (await start({ PORT: String(at) }, ['status']).ended).out;
    await eventually(async () => / Invalid key$/m.test(await told(port)));
    assert.match(await told(port), /^Keywheel at http:\/\/127\.0\.0\.1:\d+\n\n/);
    assert.equal((await ask(far, { proxyKey })).status, 502);
    assert.match(
      await told(far),
      /^OpenRouter has been unreachable since \d\d:\d\d \(connection refused, ECONNREFUSED\)\.$/m,
    );
  });

  it('tells a program that refuses, or does not answer, from a proxy with another key in its status', async () => {
    const refusing = createHttpServer((_, response) => response.writeHead(401).end());
    const silent = createServer();
    try {
      for (const [server, says] of [
        [refusing, /^keywheel: Something other than Keywheel answers at \S+ \(status 401\)/],
        [silent, /^keywheel: What listens at \S+ does not answer: restart it/],
      ] as const) {
        await once(server.listen(0, '127.0.0.1'), 'listening');
        const { port } = server.address() as AddressInfo;
        assert.match((await start({ PORT: String(port) }, ['status']).ended).errors, says);
      }
    } finally {
      refusing.close();
      silent.close();
    }
  });

  it('shows the status without the control characters of whatever has the port', async () => {
    const account = { name: '\x1b[2Jevil', state: 'locked', until: null, keys: [] };
    const lock = { reason: '\x9b31m', covers: 'all', until: '2030-01-01T00:00:00Z' };
    const figures = { day: { used: 0, limit: 0, left: 0 }, minute: { used: 0, limit: 0 } };
    const told = {
      free_left: 0,
      free_limit: 0,
      resets_at: null,
      waiting: 0,
      accounts: [{ ...account, ...figures, locks: [lock] }],
    };
    const imitation = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${JSON.stringify(told)}`));
    }).listen(0, '127.0.0.1');
    try {
      await once(imitation, 'listening');
      const { port } = imitation.address() as AddressInfo;
      const { out } = await start({ PORT: String(port) }, ['status']).ended;
      assert.match(out, /u001b\[2Jevil/);
      assert.doesNotMatch(out, /(?!\n)\p{Cc}/u);
    } finally {
      imitation.close();
    }
  });

  it('gives help and its version', async () => {
    const help = await start({}, ['--help']).ended;
    assert.equal(help.code, 0);
    assert.match(help.out, /^keywheel \[serve\|check\|status\] \[options\]/);
    assert.match((await start({}, ['--version']).ended).out, /^\d+\.\d+\.\d+\n$/);
  });

  it('takes keys with a name or “Bearer” before them, and from a file that it reads again', async () => {
    const path = join(cli.folder, 'keys.txt');
    await writeFile(path, keyFor('b'));
    const process = start({ OPENROUTER_KEYS: `MINE=Bearer ${keyFor('a')}`, KEYS_FILE: path });
    const port = await process.listening();
    const labels = async (): Promise<string> =>
      (await status(port)).accounts.flatMap(({ keys }) => keys.map(({ key }) => key.slice(-1))).join('');
    assert.equal(await labels(), 'ab');
    await writeFile(path, `# ${keyFor('b')}\n`);
    await eventually(async () => (await labels()) === 'a');
    await eventually(() => Promise.resolve(/KEYS_FILE .* has changed; keys in use now: 1/.test(process.log)));
  });

  it('logs one JSON object a line where no terminal reads, at debug with heads and without bodies', async () => {
    const process = start({ LOG_LEVEL: 'debug' });
    const port = await process.listening();
    const reply = await ask(port, {
      proxyKey,
      body: canaryBody,
      headers: ['X-Mine', 'shown', 'Cookie', 'c=1', 'X-Custom-Token', 't=1', 'X-Other-Api-Key', 'k=1'],
    });
    assert.equal(reply.status, 200);
    const { errors } = await process.kill('SIGTERM');
    const lines = errors
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
    for (const line of lines) assert.deepEqual(Object.keys(line), ['time', 'level', 'message']);
    const messages = lines.map(({ message }) => message).join('\n');
    assert.match(messages, /^Request POST \/chat\/completions$[^]*^ {2}X-Mine: shown$/m);
    assert.match(messages, /^Answer 200 to POST \/chat\/completions$[^]*content-type/im);
    for (const secret of [keyFor('a'), keyFor('b'), proxyKey, 'canary', 'c=1', 't=1', 'k=1', 'cut in two'])
      assert.ok(!errors.includes(secret), secret);
  });

  it('logs text where that is wanted, and greets in JSON where that is', async () => {
    const text = start({ LOG_FORMAT: 'text' });
    await text.listening();
    assert.match((await text.kill('SIGTERM')).errors, /^\d{4}-\d\d-\S+Z info Listening on /);
    const json = start({ LOG_FORMAT: 'json' });
    await eventually(() => Promise.resolve(json.greeting !== ''));
    const greeting = JSON.parse(json.greeting) as Readonly<Record<string, string>>;
    assert.match(greeting.base_url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/);
    assert.ok(!json.greeting.includes(proxyKey));
  });

  it('greets with an address that clients of this machine can call, wherever it listens', async () => {
    for (const [host, origin] of [
      ['0.0.0.0', '127.0.0.1'],
      ['::', '[::1]'],
    ] as const) {
      const cli = start({ HOST: host, LOG_FORMAT: 'text' });
      const port = await cli.listening();
      await eventually(() => Promise.resolve(cli.greeting.includes('curl')));
      assert.ok(cli.greeting.includes(`http://${origin}:${port}/api/v1/chat/completions`), cli.greeting);
      assert.ok(!cli.greeting.includes(`//${host}`) && !cli.greeting.includes(`[${host}]`));
    }
  });

  it('answers beyond loopback to any name, and to the allowed ones alone where there are some', async () => {
    const open = { HOST: '0.0.0.0' };
    const health = async (port: number, host: string): Promise<number> =>
      (await ask(port, { method: 'GET', path: '/health', host })).status;
    const any = await start(open).listening();
    for (const host of ['10.1.2.3:9999', 'docker-host:9999'])
      assert.equal(await health(any, host), 200, host);
    const some = await start({ ...open, ALLOWED_HOSTS: 'keys.example.org' }).listening();
    for (const host of ['10.1.2.3:9999', 'keys.example.org'])
      assert.equal(await health(some, host), 200, host);
    assert.equal(await health(some, 'docker-host:9999'), 403);
  });

  it('names all bad variables at once', async () => {
    const { code, errors } = await start({ PORT: 'x', TIMEZONE: 'y', OPENROUTER_KEYS: 'z' }).ended;
    assert.equal(code, 2);
    assert.deepEqual(
      errors
        .trimEnd()
        .split('\n')
        .map((line) => /[A-Z_]{4,}/.exec(line)?.[0]),
      ['OPENROUTER_KEYS', 'PORT', 'TIMEZONE'],
    );
  });

  it('greets with base URL, made proxy key and a curl line that works', async () => {
    const process = start({ PROXY_API_KEY: '' });
    const port = await process.listening();
    const { greeting } = process;
    assert.ok(greeting.includes(`http://127.0.0.1:${port}/api/v1`));
    const made = /Proxy key: (kw-[\w-]{32})$/m.exec(greeting)?.[1];
    assert.ok(made !== undefined, greeting);
    const curl = /^ *(curl .*)$/m.exec(greeting)?.[1] ?? '';
    const { stdout } = await promisify(execFile)('sh', ['-c', curl]);
    assert.match(stdout, /"object":\s*"chat\.completion"/);
    assert.ok(!process.log.includes(made));
  });

  it('does not repeat a proxy key that was set, and its curl line works where the variable is', async () => {
    const process = start();
    await process.listening();
    const { greeting } = process;
    assert.ok(!`${greeting}${process.log}`.includes(proxyKey));
    const curl = /^ *(curl .*)$/m.exec(greeting)?.[1] ?? '';
    const { stdout } = await promisify(execFile)('sh', ['-c', curl], {
      env: { PATH: '/usr/bin:/bin', PROXY_API_KEY: proxyKey },
    });
    assert.match(stdout, /"object":\s*"chat\.completion"/);
  });

  it('obeys the aliases that other proxies use', async () => {
    const port = await freePort();
    const process = start({
      PORT: '',
      UVICORN_PORT: String(port),
      UVICORN_HOST: '127.0.0.1',
      UVICORN_LOG_LEVEL: 'error',
    });
    assert.equal(await process.listening(), port);
    assert.equal(process.log, '');
  });

  it('answers /health to anybody and /key-status to the proxy key alone', async () => {
    const port = await start().listening();
    const health = await ask(port, { method: 'GET', path: '/health' });
    assert.equal((health.json() as { program: string }).program, 'keywheel');
    assert.equal((await ask(port, { method: 'GET', path: '/key-status' })).status, 401);
    assert.equal((await ask(port, { method: 'GET', path: '/key-status', proxyKey: 'kw-wrong' })).status, 401);
    const reply = await ask(port, { method: 'GET', path: '/key-status', proxyKey });
    for (const name of ['a', 'b']) assert.ok(!reply.text.includes(keyFor(name)));
    const keys = (reply.json() as KeyStatus).accounts.flatMap((account) => account.keys);
    assert.deepEqual(
      keys.map(({ label, key }) => [label, key]),
      [
        ['key 1', `sk-or-v1-...${keyFor('a').slice(-4)}`],
        ['key 2', `sk-or-v1-...${keyFor('b').slice(-4)}`],
      ],
    );
  });

  it('names keys by their place in the list in its answers', async () => {
    const port = await start().listening();
    const reply = await ask(port, { proxyKey });
    assert.match(reply.header('x-keywheel-key') ?? '', /^key [12]$/);
  });

  it('takes the user’s own lower limit of a key', async () => {
    const port = await start().listening();
    await simulator.waitFor(() => simulator.requestsTo('/key').length >= 2);
    await eventually(async () => (await status(port)).free_limit === 70);
  });

  it('shows a bad key among good ones as bad, and uses the good ones', async () => {
    const port = await start({ OPENROUTER_KEYS: `${keyFor('nobody')},${keyFor('a')}` }).listening();
    const served = simulator.sums().perAccount.get('a')?.requests ?? 0;
    for (let count = 0; count < 3; count++) assert.equal((await ask(port, { proxyKey })).status, 200);
    assert.ok((simulator.sums().perAccount.get('a')?.requests ?? 0) >= served + 3);
    // The second look at the file comes 2 s after the first.
    await eventually(async () => {
      const health = (await status(port)).accounts.flatMap(({ keys }) =>
        keys.map((key) => `${key.label} ${key.health}`),
      );
      return health.join() === 'key 1 bad,key 2 good';
    });
    assert.equal((await ask(port, { proxyKey })).status, 200);
  });

  it('leaves with 1 and one line where its address is not there, as before a network is up', async () => {
    for (const HOST of ['192.0.2.1', 'nowhere.invalid']) {
      const { code, errors } = await start({ HOST }).ended;
      assert.equal(code, 1);
      assert.match(errors, /^keywheel: HOST \S+ cannot be listened on \(E[A-Z_]+\): set an address .*\.\n$/);
    }
  });

  it('leaves with 1 and one line when its port is taken, by whomever', async () => {
    const stranger = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => stranger.once('listening', resolve));
    const { port } = stranger.address() as AddressInfo;
    const refused = await start({ PORT: String(port) }).ended;
    await new Promise((resolve) => stranger.close(resolve));
    assert.deepEqual([refused.code, refused.out], [1, '']);
    assert.match(refused.errors, new RegExp(`^keywheel: PORT ${port} is taken .*\\n$`));
    const first = await start().listening();
    const second = await start({ PORT: String(first) }).ended;
    assert.equal(second.code, 1);
    assert.match(second.errors, new RegExp(`^keywheel: PORT ${first} is taken by another Keywheel.*\\n$`));
  });

  it('lets a running answer end when it is told to stop, and leaves with 0', async () => {
    const process = start();
    const port = await process.listening();
    simulator.script({ path: '/chat/completions', answer: { durationMs: 800, events: 8 } });
    const before = simulator.requestsTo('/chat/completions').length;
    const asked = ask(port, { proxyKey, stream: true });
    await simulator.waitFor(() => simulator.requestsTo('/chat/completions').length > before);
    const stopped = process.kill('SIGTERM');
    const reply = await asked;
    assert.equal(reply.isWhole, true);
    assert.match(reply.text, /data: \[DONE\]/);
    assert.equal((await stopped).code, 0);
  });

  it('ends an answer that takes longer than DRAIN_SECONDS with an error in its stream', async () => {
    const process = start({ DRAIN_SECONDS: '1' });
    const port = await process.listening();
    simulator.script({ path: '/chat/completions', answer: { durationMs: 60_000, events: 600 } });
    const before = simulator.requestsTo('/chat/completions').length;
    const asked = ask(port, { proxyKey, stream: true });
    await simulator.waitFor(() => simulator.requestsTo('/chat/completions').length > before);
    const stopped = process.kill('SIGINT');
    assert.match((await asked).text, /"error".*Connection lost: Keywheel’s proxy was stopped/);
    assert.equal((await stopped).code, 0);
  });

  it('leaves at a second signal, whatever runs, and keeps its counts', async () => {
    const file = join(cli.folder, 'twice', 'state.json');
    const process = start({ STATE_FILE: file });
    const port = await process.listening();
    simulator.script({ path: '/chat/completions', answer: { durationMs: 60_000, events: 600 } });
    const before = simulator.requestsTo('/chat/completions').length;
    const asked = ask(port, { proxyKey, stream: true });
    await simulator.waitFor(() => simulator.requestsTo('/chat/completions').length > before);
    void process.kill('SIGTERM');
    await eventually(
      async () =>
        await ask(port, { proxyKey }).then(
          () => false,
          () => true,
        ),
    );
    assert.equal((await process.kill('SIGINT')).code, 0);
    // After a single signal the answer would have ended in an error that its client can read.
    assert.equal((await asked).isWhole, false);
    assert.match(await readFile(file, 'utf8'), /"version"/);
  });

  it('stops as it is told to when its terminal is closed', async () => {
    const process = start({});
    await process.listening();
    assert.equal((await process.kill('SIGHUP')).code, 0);
  });

  it('keeps its counts in STATE_FILE, readable for the user alone and without secrets', async () => {
    const file = join(cli.folder, 'kept', 'state.json');
    const process = start({ STATE_FILE: file });
    const port = await process.listening();
    for (let count = 0; count < 3; count++) assert.equal((await ask(port, { proxyKey })).status, 200);
    assert.equal((await process.kill('SIGTERM')).code, 0);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const text = await readFile(file, 'utf8');
    for (const secret of [keyFor('a'), keyFor('b'), proxyKey]) assert.ok(!text.includes(secret));
  });

  it('says so where another process keeps its counts in the same STATE_FILE', async () => {
    const file = join(cli.folder, 'shared', 'state.json');
    const both = [start({ STATE_FILE: file }), start({ STATE_FILE: file })];
    const ports = await Promise.all(both.map(async (each) => await each.listening()));
    await eventually(async () => {
      for (const port of ports) assert.equal((await ask(port, { proxyKey })).status, 200);
      return both.every(({ log }) => log.includes('another process'));
    });
    for (const each of both) {
      const { errors } = await each.kill('SIGTERM');
      assert.equal(
        errors.match(/warn.*STATE_FILE .*shared\/state\.json is written by another process/g)?.length,
        1,
      );
    }
  });

  it('keeps past requests beside STATE_FILE, over restarts, without secrets and without contents', async () => {
    const file = join(cli.folder, 'past', 'state.json');
    const past = join(cli.folder, 'past', 'state.history.json');
    for (const [requests, kept] of [
      [3, 3],
      [0, 3],
      [1, 4],
    ] as const) {
      const process = start({ STATE_FILE: file });
      const port = await process.listening();
      for (let count = 0; count < requests; count++)
        assert.equal((await ask(port, { proxyKey, body: canaryBody })).status, 200);
      assert.equal((await process.kill('SIGTERM')).code, 0);
      const text = await readFile(past, 'utf8');
      assert.equal((JSON.parse(text) as { exchanges: unknown[] }).exchanges.length, kept);
      for (const secret of [keyFor('a'), keyFor('b'), proxyKey, 'canary']) assert.ok(!text.includes(secret));
    }
    assert.equal((await stat(past)).mode & 0o777, 0o600);
  });

  it('leaves past requests alone that it cannot read, and serves', async () => {
    const file = join(cli.folder, 'unread', 'state.json');
    const past = join(cli.folder, 'unread', 'state.history.json');
    await mkdir(join(cli.folder, 'unread'));
    await writeFile(past, '{"version":2}');
    const process = start({ STATE_FILE: file });
    assert.equal((await ask(await process.listening(), { proxyKey })).status, 200);
    const { code, errors } = await process.kill('SIGTERM');
    assert.equal(code, 0);
    assert.match(errors, /warn.*The saved requests are newer .*left alone/);
    assert.equal(await readFile(past, 'utf8'), '{"version":2}');
  });

  it('serves on when the reader of its log goes away', async () => {
    const process = start({ LOG_LEVEL: 'debug' });
    const port = await process.listening();
    process.closeOutput();
    for (let count = 0; count < 3; count++) assert.equal((await ask(port, { proxyKey })).status, 200);
    assert.equal((await process.kill('SIGTERM')).code, 0);
  });

  it('drops lines of its log that nobody reads', async () => {
    const process = start({ LOG_LEVEL: 'debug' });
    const port = await process.listening();
    const read = process.stopReading();
    const asked = { method: 'GET', path: '/v1/credits', headers: ['x-long', 'x'.repeat(14_000)] };
    for (let count = 0; count < 300; count++)
      assert.equal((await ask(port, { proxyKey, ...asked })).status, 200);
    read();
    await eventually(async () => {
      await ask(port, { method: 'GET', path: '/v1/credits', proxyKey, headers: ['x-last', 'x'] });
      return process.log.includes('x-last');
    });
    const written = process.log.split('x-long').length - 1;
    assert.ok(written > 10 && written < 200, `${written} of 300`);
  });

  for (const [what, text] of [
    ['damaged', '{"version":1,"savedAtMs":'],
    ['of a newer version', '{"version":99,"what":"ever"}'],
    ['of another program', '[1,2,3]'],
  ] as const) {
    it(`says so, serves, and leaves the state file alone that is ${what}`, async () => {
      const file = join(cli.folder, 'strange.json');
      await writeFile(file, text);
      const process = start({ STATE_FILE: file });
      const port = await process.listening();
      assert.equal((await ask(port, { proxyKey })).status, 200);
      await new Promise((resolve) => setTimeout(resolve, 1_300));
      const { code, errors } = await process.kill('SIGTERM');
      assert.equal(code, 0);
      assert.match(errors, /warn.*The saved counts are (?:damaged|newer).*left alone/);
      assert.doesNotMatch(errors, /^ +at /m);
      assert.equal(await readFile(file, 'utf8'), text);
    });
  }
});

interface KeyStatus {
  readonly free_limit: number;
  readonly accounts: readonly {
    readonly name: string;
    readonly day: { readonly used: number; readonly limit: number };
    readonly keys: readonly { readonly label: string; readonly key: string; readonly health: string }[];
  }[];
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const endAtMs = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > endAtMs) throw new Error(`Not within 60 s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
