// The packages for npm and the Dockerfile, in empty folders without the rest of this checkout.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Simulator } from '../simulator/simulator';
import { CliProcess } from '../support/cliProcess';
import { ForwardProxy } from '../support/forwardProxy';
import { ask } from './client';
import { accountsOf, keyFor } from './support';

const run = promisify(execFile);
const proxyKey = 'kw-own-0123456789abcdef0123456789';
/** On Windows npm is a script, which only a shell starts. */
const shell = process.platform === 'win32';

describe('the package for npm', () => {
  let folder: string;
  let program: string;
  let simulator: Simulator;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keywheel-package-'));
    simulator = await Simulator.start({ accounts: accountsOf('a') });
    // Without scripts, because prepack would build anew while other tests use the build.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { shell });
    const [tarball = ''] = await readdir(folder);
    await writeFile(path.join(folder, 'package.json'), '{"private":true}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`], {
      cwd: folder,
      shell,
    });
    program = path.join(folder, 'node_modules', 'keywheel', 'dist', 'cli.js');
  });

  after(async () => {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const environment = (): Readonly<Record<string, string>> => ({
    OPENROUTER_KEYS: keyFor('a'),
    OPENROUTER_BASE_URL: simulator.baseUrl,
    PROXY_API_KEY: proxyKey,
    PORT: '0',
  });

  it('has the command line with its pages, and neither the extension nor a dependency', async () => {
    assert.deepEqual(
      await readdir(path.join(folder, 'node_modules')).then((names) =>
        names.filter((name) => !name.startsWith('.')),
      ),
      ['keywheel'],
    );
    const installed = path.join(folder, 'node_modules', 'keywheel');
    const files = await readdir(installed, { recursive: true });
    const shown = files
      .filter((file) => path.extname(file) !== '')
      .map((file) => file.replaceAll(path.sep, '/'));
    assert.deepEqual(shown.sort(), [
      'README.md',
      'dist/cli.js',
      'dist/server/docs.css',
      'dist/server/docs.js',
      'dist/server/page.css',
      'dist/server/page.js',
      'dist/server/swagger-ui.js',
      'dist/server/swagger-ui.js.LICENSE.txt',
      'dist/server/third-party-notices.txt',
      'package.json',
    ]);
    const notices = await readFile(path.join(installed, 'dist/server/third-party-notices.txt'), 'utf8');
    for (const name of ['prom-client', 'swagger-ui-dist', 'undici'])
      assert.match(notices, new RegExp(`^${name} `, 'm'));
  });

  it('goes through a network proxy', async () => {
    await using proxy = await ForwardProxy.open();
    const env = {
      ...environment(),
      OPENROUTER_BASE_URL: 'https://openrouter.invalid/api/v1',
      HTTPS_PROXY: proxy.url,
    };
    await assert.rejects(run(process.execPath, [program, 'check'], { env }), { code: 1 });
    assert.ok(proxy.targets.includes('openrouter.invalid:443'), 'the proxy was asked');
  });

  it('checks, serves with its pages, tells its status and ends', async () => {
    const checked = await run(process.execPath, [program, 'check'], { cwd: folder, env: environment() });
    assert.match(checked.stdout, /^key 1 .*works$/m);
    const child = spawn(process.execPath, [program], {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const served = new CliProcess(child);
    const port = await served.listening();
    assert.equal((await ask(port, { proxyKey })).status, 200);
    for (const file of ['/docs/swagger-ui.js', '/docs/page.js', '/docs/page.css', '/key-status/page.js'])
      assert.equal((await ask(port, { method: 'GET', path: file })).status, 200, file);
    const env = { ...environment(), PORT: String(port) };
    assert.match((await run(process.execPath, [program, 'status'], { env })).stdout, /^key 1 /m);
    // Windows has no SIGTERM.
    if (process.platform !== 'win32') assert.equal((await served.kill('SIGTERM')).code, 0);
    else await served.kill('SIGKILL');
  });
});

describe('the Dockerfile', () => {
  it('copies all that its build needs', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'keywheel-image-'));
    try {
      const text = await readFile('Dockerfile', 'utf8');
      const own = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
        sources.split(' '),
      );
      for (const source of own) await cp(source, path.join(folder, source), { recursive: true });
      // In place of `npm ci`.
      await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
      const { stderr } = await run(process.execPath, ['esbuild.js', '--production'], { cwd: folder });
      assert.equal(stderr, '');
      const taken = [...text.matchAll(/^COPY --from=build \/build\/(\S+)/gm)].map(
        ([, source = '']) => source,
      );
      assert.deepEqual(taken, ['dist/cli.js', 'dist/server']);
      for (const source of taken)
        await cp(path.join(folder, source), path.join(folder, 'app', path.basename(source)), {
          recursive: true,
        });
      const { stdout } = await run(process.execPath, [path.join(folder, 'app', 'cli.js'), '--version']);
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
