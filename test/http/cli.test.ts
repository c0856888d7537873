// The program without VS Code: what it says, what it refuses, how it ends.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Simulator } from '../simulator/simulator';
import { CliBundle, type CliProcess, type Environment } from '../support/cliProcess';
import { ask } from './client';
import { accountsOf, FREE, keyFor } from './support';

const proxyKey = 'kw-own-0123456789abcdef0123456789';
const canaryBody = { model: FREE, messages: [{ role: 'user', content: 'canary' }] };

describe('the command line', () => {
  let cli: CliBundle;
  let simulator: Simulator;
  const running = new Set<CliProcess>();

  before(async () => {
    cli = await CliBundle.build();
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

  function start(environment: Environment = {}): CliProcess {
    const process = cli.start({
      OPENROUTER_KEYS: `${keyFor('a')},${keyFor('b')}:20`,
      OPENROUTER_BASE_URL: simulator.baseUrl,
      PORT: '0',
      PROXY_API_KEY: proxyKey,
      ...environment,
    });
    running.add(process);
    return process;
  }

  async function status(port: number): Promise<KeyStatus> {
    const reply = await ask(port, { method: 'GET', path: '/key-status', proxyKey });
    assert.equal(reply.status, 200);
    return reply.json() as KeyStatus;
  }

  /** Its one line, without the name of the program. */
  async function problem(environment: Environment): Promise<string> {
    const { code, out, errors } = await start(environment).ended;
    assert.equal(code, 2, errors);
    assert.equal(out, '');
    const lines = errors.trimEnd().split('\n');
    assert.equal(lines.length, 1, errors);
    assert.match(errors, /^keywheel: /);
    return (lines[0] ?? '').replace('keywheel: ', '');
  }

  for (const [what, environment, expected] of [
    ['no keys', { OPENROUTER_KEYS: '' }, /^OPENROUTER_KEYS is missing: /],
    [
      'something that is no key',
      { OPENROUTER_KEYS: `${keyFor('a')},sk-ant-x` },
      /^OPENROUTER_KEYS: entry 2 is no key/,
    ],
    [
      'a limit that is no number',
      { OPENROUTER_KEYS: `${keyFor('a')}:many` },
      /^OPENROUTER_KEYS: entry 1 is no key/,
    ],
    ['a port that is no number', { PORT: 'http' }, /^PORT: /],
    ['a port that is too high', { PORT: '65536' }, /^PORT: /],
    ['an alias with a bad port', { PORT: '', UVICORN_PORT: '-1' }, /^UVICORN_PORT: /],
    ['a time zone that is none', { TIMEZONE: 'Mars/Olympus' }, /^TIMEZONE: .*Europe\/Berlin/],
    [
      'plain http beyond loopback',
      { OPENROUTER_BASE_URL: 'http://example.org/api/v1' },
      /^OPENROUTER_BASE_URL: .*https/,
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
    ['another status', { EXHAUSTED_STATUS: '503' }, /^EXHAUSTED_STATUS: /],
    ['fallback models that are no JSON', { FALLBACK_MODELS: 'a=b' }, /^FALLBACK_MODELS: /],
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
    ['a host of another machine', { HOST: '192.0.2.1' }, /^HOST 192\.0\.2\.1 /],
    [
      'a state file that cannot be made',
      { STATE_FILE: '/dev/null/state.json' },
      /^STATE_FILE \/dev\/null\/state\.json .*(?:EEXIST|ENOTDIR)/,
    ],
    ['a state file that is a folder', { STATE_FILE: '/tmp' }, /^STATE_FILE \/tmp .*EISDIR/],
  ] satisfies readonly (readonly [string, Environment, RegExp])[]) {
    it(`names the variable and leaves with 2: ${what}`, async () => {
      assert.match(await problem(environment), expected);
    });
  }

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
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
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
        ['key 1', `sk-or-v1-…${keyFor('a').slice(-4)}`],
        ['key 2', `sk-or-v1-…${keyFor('b').slice(-4)}`],
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
    // The second look comes 2 s after the first.
    await eventually(async () => {
      const health = (await status(port)).accounts.flatMap(({ keys }) =>
        keys.map((key) => `${key.label} ${key.health}`),
      );
      return health.join() === 'key 1 bad,key 2 good';
    });
    assert.equal((await ask(port, { proxyKey })).status, 200);
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

  it('ends an answer that would take too long with an error in its stream', async () => {
    const process = start();
    const port = await process.listening();
    simulator.script({ path: '/chat/completions', answer: { durationMs: 60_000, events: 600 } });
    const before = simulator.requestsTo('/chat/completions').length;
    const asked = ask(port, { proxyKey, stream: true });
    await simulator.waitFor(() => simulator.requestsTo('/chat/completions').length > before);
    const stopped = process.kill('SIGINT');
    assert.match((await asked).text, /"error"/);
    assert.equal((await stopped).code, 0);
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
    assert.match(errors, /warn The saved requests are newer .*left alone/);
    assert.equal(await readFile(past, 'utf8'), '{"version":2}');
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
      assert.match(errors, /warn The saved counts are (?:damaged|newer).*left alone/);
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
  const endAtMs = performance.now() + 8_000;
  while (!(await condition())) {
    if (performance.now() > endAtMs) throw new Error(`Not within 8 s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
