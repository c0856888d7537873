// The built command line's own answers: documents, pages, figures; each documented answer is compared with the real one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import openapi from '../../docs/openapi.json';
import { Simulator } from '../simulator/simulator';
import { CliProcess } from '../support/cliProcess';
import { pollUntil } from '../tools/quickInput';
import { ask, type Asked, type Reply } from './client';
import { accountsOf, FREE, keyFor, PAID } from './support';

const proxyKey = 'kw-own-0123456789abcdef0123456789';
const page = [
  'Accept',
  'text/html,application/xhtml+xml',
  'Sec-Fetch-Mode',
  'navigate',
  'Sec-Fetch-Dest',
  'document',
];

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly $ref: string } | Documented>>;
}

interface Documented {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

describe('the pages and documents of the command line', () => {
  let simulator: Simulator;
  let processes: readonly CliProcess[];
  let port: number;
  /** Ports of a proxy whose account has no credits, and of one whose day is used up. */
  let brokePort: number;
  let usedPort: number;

  before(async () => {
    simulator = await Simulator.start({
      accounts: accountsOf(
        { name: 'rich', credits: 20, dailyLimit: 1000 },
        { name: 'broke', credits: 0, dailyLimit: 50 },
        { name: 'used', credits: 20, dailyLimit: 1000, usedToday: 1000 },
      ),
    });
    processes = ['rich', 'broke', 'used'].map((name) => start(keyFor(name)));
    const ports = await Promise.all(processes.map(async (each) => await each.listening()));
    [port = 0, brokePort = 0, usedPort = 0] = ports;
  });

  after(async () => {
    await Promise.all(processes.map(async (each) => await each.kill('SIGKILL')));
    await simulator.stop();
  });

  function start(keys: string): CliProcess {
    const env = {
      OPENROUTER_KEYS: keys,
      OPENROUTER_BASE_URL: simulator.baseUrl,
      PROXY_API_KEY: proxyKey,
      PORT: '0',
      MAX_WAIT_SECONDS: '0',
    };
    const child = spawn(process.execPath, [path.resolve('dist', 'cli.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new CliProcess(child);
  }

  async function get(target: string, asked: Asked = {}): Promise<Reply> {
    return await ask(port, { method: 'GET', path: target, ...asked });
  }

  it('are behind the proxy key where they show a figure, and before it where they tell nothing', async () => {
    for (const target of ['/key-status', '/key-status/state', '/metrics']) {
      assert.equal((await get(target)).status, 401, target);
      assert.equal((await get(target, { proxyKey: 'kw-wrong' })).status, 401, target);
      const reply = await get(target, { proxyKey });
      assert.equal(reply.status, 200, target);
      assert.equal(reply.header('cache-control'), 'no-store');
      for (const secret of [keyFor('rich'), proxyKey]) assert.ok(!reply.text.includes(secret), target);
    }
    for (const target of ['/health', '/docs', '/openapi.json', '/docs/swagger-ui.js', '/key-status/page.css'])
      assert.equal((await get(target)).status, 200, target);
  });

  it('refuse foreign names, foreign pages and embedding, whatever key is shown', async () => {
    for (const target of [
      '/health',
      '/key-status',
      '/key-status/state',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/',
    ]) {
      for (const wrong of [
        { host: 'evil.example' },
        { headers: ['Origin', 'https://evil.example'] },
        { headers: ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors'] },
      ])
        assert.equal((await get(target, { proxyKey, ...wrong })).status, 403, target);
    }
    const opened = await get('/docs', { headers: ['Sec-Fetch-Site', 'cross-site', ...page] });
    assert.equal(opened.header('x-frame-options'), 'DENY');
    assert.match(
      opened.header('content-security-policy') ?? '',
      /default-src 'none';.*frame-ancestors 'none'/,
    );
  });

  it('are pages for a browser: with nothing inline, nothing from elsewhere, and below any path', async () => {
    const home = await get('/', { headers: page });
    assert.deepEqual([home.status, home.header('location')], [302, 'key-status']);
    for (const target of ['/key-status', '/docs']) {
      const { status, text } = await get(target, { headers: page });
      const moved = (await get(`${target}/`, { headers: page })).header('location') ?? '';
      assert.equal(new URL(moved, `http://localhost/keywheel${target}/`).pathname, `/keywheel${target}`);
      assert.equal(status, 200);
      assert.doesNotMatch(text, /<script>|<style|style=|onload|https?:/);
      for (const [, linked = ''] of text.matchAll(/(?:src|href)="(?!data:)([^"]*)"/g)) {
        const { pathname } = new URL(linked, `http://localhost/keywheel${target}`);
        assert.match(pathname, /^\/keywheel\//);
        const file = await get(pathname.replace('/keywheel', ''));
        assert.equal(file.status, 200, linked);
        assert.match(
          file.header('content-type') ?? '',
          linked.endsWith('.css') ? /^text\/css/ : /^text\/javascript/,
        );
        assert.equal(file.header('x-content-type-options'), 'nosniff');
      }
    }
    assert.match((await get('/')).text, /"program":"keywheel"/);
  });

  it('answer HEAD as GET, without a body', async () => {
    for (const target of ['/health', '/docs', '/openapi.json', '/docs/swagger-ui.js']) {
      const reply = await get(target, { method: 'HEAD' });
      assert.deepEqual([reply.status, reply.body.length], [200, 0], target);
    }
    assert.equal((await get('/metrics', { method: 'HEAD' })).status, 401);
  });

  it('take a paid and a free request into the figures', async () => {
    const before = simulator.requestsTo('/chat/completions').length;
    for (const model of [FREE, PAID]) assert.equal((await ask(port, { proxyKey, model })).status, 200);
    assert.equal(simulator.requestsTo('/chat/completions').length, before + 2);
    const answered = ['free', 'paid'].map(
      (each) => new RegExp(`^keywheel_requests_total\\{class="${each}",end="answered"\\} [1-9]`, 'm'),
    );
    let text = '';
    // The metrics count an answer a moment after its client has it.
    await pollUntil(async () => {
      ({ text } = await get('/metrics', { proxyKey }));
      return answered.every((each) => each.test(text));
    }, 'They were never counted');
    assert.match(text, /^keywheel_allowance_left_requests\{account="key 1"\} \d+$/m);
    assert.ok(!/sk-or|rich/.test(text));
  });

  it('describe the API in a valid document', async () => {
    const reply = await get('/openapi.json');
    // Given as an object, because a text would be the path of a file.
    const { valid, errors } = await new Validator().validate(reply.json() as Record<string, unknown>);
    assert.ok(valid, JSON.stringify(errors));
  });

  const operations = Object.entries(openapi.paths).flatMap(([target, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(
      ([method, operation]) => [target, method, operation] as const,
    ),
  );

  for (const [target, method, operation] of operations)
    for (const status of Object.keys(operation.responses))
      it(`answer as the document says: ${method} ${target} ${status}`, async () => {
        const { asked, proxyPort } = askFor(target, method, status);
        const reply = await ask(proxyPort, asked);
        assert.equal(String(reply.status), status, reply.text);
        const type = (reply.header('content-type') ?? '').replace(/;.*/, '');
        const found = operation.responses[status];
        const documented = found && '$ref' in found ? responseOf(found.$ref) : found;
        const schema = documented?.content?.[type]?.schema;
        assert.ok(schema, `${type} is not documented`);
        const ajv = new Ajv2020({ strict: false, validateFormats: false });
        const value = type === 'application/json' ? reply.json() : reply.text;
        assert.ok(ajv.validate({ ...schema, components: openapi.components }, value), ajv.errorsText());
      });

  function responseOf(ref: string): Documented {
    const responses: Readonly<Record<string, Documented>> = openapi.components.responses;
    return responses[ref.split('/').at(-1) ?? ''] ?? {};
  }

  /** A request that gets this answer; the port is of the proxy whose state the answer needs. */
  function askFor(target: string, method: string, status: string): { asked: Asked; proxyPort: number } {
    const asked = {
      method: method.toUpperCase(),
      path: target,
      ...(method === 'post' ? {} : { body: null }),
    };
    switch (status) {
      case '401':
        return { asked, proxyPort: port };
      case '403':
        return { asked: { ...asked, proxyKey, host: 'evil.example' }, proxyPort: port };
      case '402':
        return { asked: { ...asked, proxyKey, model: PAID }, proxyPort: brokePort };
      case '429':
        return { asked: { ...asked, proxyKey, model: FREE }, proxyPort: usedPort };
      default:
        return { asked: { ...asked, proxyKey, model: FREE }, proxyPort: port };
    }
  }
});
