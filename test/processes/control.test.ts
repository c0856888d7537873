/** Stop, start, restart, newer versions and crashes, which disturb no running stream. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { keyIdOf } from '../../src/base/secret';
import { Simulator } from '../simulator/simulator';
import { freePort } from '../support/freePort';
import { Stage, until, type TestWindow } from './support/windows';

const one = 'sk-or-v1-control-aaaa';
const two = 'sk-or-v1-control-bbbb';

describe('a proxy of many windows', () => {
  let stage: Stage;
  let simulator: Simulator;

  before(async () => {
    stage = await Stage.make();
  });

  beforeEach(async () => {
    simulator = await Simulator.start({
      accounts: [one, two].map((key) => ({ name: key, keys: [key], dailyLimit: 1_000 })),
    });
  });

  afterEach(async () => {
    await stage.clear();
    await simulator.stop();
  });

  after(async () => {
    await stage.dispose();
  });

  const open = async (
    name: string,
    options: { version?: string; autoStart?: boolean } = {},
  ): ReturnType<Stage['open']> =>
    await stage.open({ name, keys: [one], upstreamUrl: simulator.baseUrl, ...options });

  /** A window that hosts, and one that follows it. */
  const openTwo = async (): Promise<readonly [TestWindow, TestWindow]> => {
    const a = await open('a');
    await a.until('hosts', ({ isHost }) => isHost);
    const b = await open('b');
    await b.until('follows', ({ isFollower }) => isFollower);
    return [a, b];
  };

  it('is never shown as stopped while a window starts, and as stopped soon where none may be started', async () => {
    const a = await open('a');
    await a.until('hosts', ({ isHost }) => isHost);
    const b = await open('b', { autoStart: false });
    await b.until('follows', ({ isFollower }) => isFollower);
    for (const { seen } of [a, b])
      assert.deepEqual([...new Set(seen.map(({ proxy }) => proxy.kind))], ['starting', 'running']);
    await Promise.all([a.kill(), b.kill()]);
    const c = await open('c', { autoStart: false });
    await c.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
  });

  it('is stopped for all windows, later ones too, until one starts it', async () => {
    const [a, b] = await openTwo();
    await b.ask({ kind: 'stop' });
    const c = await open('c');
    for (const window of [a, b]) await window.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.ok(![a, b, c].some(({ isHost }) => isHost), 'nobody hosts');
    await assert.rejects(fetch(`http://127.0.0.1:${stage.port}/health`));
    await c.ask({ kind: 'start' });
    const windows = [a, b, c];
    await until('all serve or follow', () => windows.every(({ isHost, isFollower }) => isHost || isFollower));
    assert.equal(windows.filter(({ isHost }) => isHost).length, 1);
  });

  it('is stopped also where another window has just begun to start it', async () => {
    const workerPath = `${stage.shared()}-slow.js`;
    writeFileSync(workerPath, `setTimeout(() => require(${JSON.stringify(stage.workerPath)}), 1_000)`);
    const a = await open('a', { autoStart: false });
    const b = await stage.open({ name: 'b', keys: [one], workerPath });
    await until('begun', () => existsSync(`${stage.shared()}/windows/claim`));
    await a.ask({ kind: 'stop' });
    await b.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
    assert.ok(!b.seen.some(({ proxy }) => proxy.kind === 'running'));
  });

  it('is stopped also where the window that runs it was frozen while another stopped it', async () => {
    const [a, b] = await openTwo();
    a.process.kill('SIGSTOP');
    try {
      await b.ask({ kind: 'stop' });
    } finally {
      a.process.kill('SIGCONT');
    }
    for (const window of [a, b]) await window.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
    await assert.rejects(fetch(`http://127.0.0.1:${stage.port}/health`));
  });

  it('stays stopped for later windows where the machine’s clock is an hour behind OpenRouter’s', async () => {
    await simulator.stop();
    const clock = { nowMs: () => Date.now() + 3_600_000 };
    simulator = await Simulator.start({ accounts: [{ name: two, keys: [two] }], clock });
    const a = await open('a');
    await a.until('hosts', ({ isHost }) => isHost);
    await a.ask({ kind: 'add', key: two, label: 'Two' });
    await a.ask({ kind: 'stop' });
    const folder = `${stage.shared()}/windows`;
    const own = readdirSync(folder).find((name) => name !== 'stopped') ?? '';
    const joinedAtMs = statSync(`${folder}/${own}`).mtimeMs;
    await until('renewed', () => statSync(`${folder}/${own}`).mtimeMs > joinedAtMs);
    const b = await open('b');
    await b.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
  });

  it('is restarted from any window', async () => {
    const [a, b] = await openTwo();
    await b.ask({ kind: 'stop' });
    await b.ask({ kind: 'start' });
    await until('one hosts and one follows', () => (a.isHost && b.isFollower) || (a.isFollower && b.isHost));
  });

  it('is taken over by a newer version in order, with the counts of the last moment, and not taken back by an older one', async () => {
    const old = await open('old', { version: '1.9.0' });
    await old.until('hosts', ({ isHost }) => isHost);
    const response = await fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${old.proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'x/y:free', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    await response.text();
    const newer = await open('newer', { version: '1.10.0' });
    await newer.until('hosts', ({ isHost }) => isHost);
    await old.until('follows', ({ isFollower }) => isFollower);
    await newer.until('counts it', ({ seen }) => seen.at(-1)?.own.join() === '1');
    const older = await open('older', { version: '1.8.0' });
    await older.until('follows', ({ isFollower }) => isFollower);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.ok(newer.isHost);
  });

  it('moves with its windows when the port changes', async () => {
    const [a, b] = await openTwo();
    const port = await freePort();
    await Promise.all([a, b].map((window) => window.ask({ kind: 'configure', settings: { port } })));
    const isThere = ({ proxy }: typeof a): boolean => proxy?.kind === 'running' && proxy.port === port;
    await until('both are there', () => isThere(a) && isThere(b));
    assert.equal([a, b].filter(({ isHost }) => isHost).length, 1);
  });

  it('leaves its old port to windows for which it has not changed', async () => {
    const [a, b] = await openTwo();
    await a.ask({ kind: 'configure', settings: { port: await freePort() } });
    await b.until('hosts', ({ isHost }) => isHost);
    assert.ok(b.proxy?.kind === 'running' && b.proxy.port === stage.port);
  });

  for (const [what, end] of [
    ['it is stopped in its own window', async (a) => void (await a.ask({ kind: 'stop' }))],
    ['it is stopped in another window', async (_, b) => void (await b.ask({ kind: 'stop' }))],
    ['a newer version takes over', async () => void (await open('newer', { version: '1.0.1' }))],
  ] as const satisfies readonly (readonly [string, (a: TestWindow, b: TestWindow) => Promise<void>])[]) {
    it(`lets running answers go on as long as is set where ${what}`, async () => {
      simulator.setAnswer({ events: 60, eventDelayMs: 100 });
      const [a, b] = await openTwo();
      const reading = gapsOf(await streamed(a.proxyKey));
      await end(a, b);
      await a.until('hosts no more', ({ isHost }) => !isHost);
      assert.match((await reading).text, /\[DONE\]/);
    });
  }

  it('does not keep its window from closing while answers go on after a stop', async () => {
    simulator.setAnswer({ events: 100, eventDelayMs: 100 });
    const a = await open('a');
    await a.until('hosts', ({ isHost }) => isHost);
    let hasEnded = false;
    const reading = gapsOf(await streamed(a.proxyKey))
      .catch(() => undefined)
      .finally(() => (hasEnded = true));
    await a.ask({ kind: 'stop' });
    await a.ask({ kind: 'close' });
    assert.equal(hasEnded, false);
    await a.kill();
    await reading;
  });

  it('lets running answers end where the port changes to one that is taken', async () => {
    simulator.setAnswer({ events: 60, eventDelayMs: 50 });
    const a = await open('a');
    await a.until('hosts', ({ isHost }) => isHost);
    const other = createServer((socket) => void socket.end());
    const { port } = await new Promise<AddressInfo>((resolve) =>
      other.listen(0, '127.0.0.1', () => resolve(other.address() as AddressInfo)),
    );
    const reading = gapsOf(await streamed(a.proxyKey));
    await a.ask({ kind: 'configure', settings: { port } });
    await a.until('has failed', ({ proxy }) => proxy?.kind === 'failed');
    assert.match((await reading).text, /\[DONE\]/);
    other.close();
  });

  it('answers a path that is no URL as it answers any other, and finds no bug in it', async () => {
    const window = await open('a');
    await window.until('hosts', ({ isHost }) => isHost);
    // Doubled slashes count once: `//` is the root, which names the program.
    for (const [path, status] of [
      ['//', 200],
      ['//[', 401],
      ['///x?nonce=1', 401],
    ] as const) {
      const response = await fetch(`http://127.0.0.1:${stage.port}${path}`);
      assert.equal(response.status, status, path);
      await response.text();
    }
    assert.ok(!window.log.some((line) => line.includes('Bug in request')));
  });

  it('whose worker crashes comes back, and after the third time the user is told', async () => {
    const workerPath = failingWorker('crashing', "throw new Error('crash');", 700);
    const window = await stage.open({ name: 'crashing', keys: [one], workerPath });
    await until('told', () => window.troubles === 1);
    const listened = readFileSync(`${workerPath}.listened`, 'utf8').length;
    assert.ok(listened >= 3, `listened ${listened} times`);
    assert.ok(window.log.some((line) => line.includes('The proxy crashed.')));
  });

  it('whose worker cannot even begin is shown as failed, and tried again every few seconds', async () => {
    const workerPath = `${stage.shared()}-broken.js`;
    writeFileSync(workerPath, 'throw new Error("half of an update")');
    const window = await stage.open({ name: 'broken', keys: [one], workerPath });
    await window.until('has failed', ({ proxy }) => proxy?.kind === 'failed');
    assert.deepEqual(await window.ask({ kind: 'start' }), window.proxy);
    const crashes = (): number => window.log.filter((line) => line.includes('The proxy crashed.')).length;
    const before = crashes();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(crashes(), before, 'not again at once');
    writeFileSync(workerPath, `require(${JSON.stringify(stage.workerPath)})`);
    await window.until('hosts', ({ isHost }) => isHost);
  });

  it('whose worker hangs is ended after 3 s; a main thread that hangs is not its fault', async () => {
    const workerPath = failingWorker('hanging', 'for (;;);', 4_000);
    const hanging = await stage.open({ name: 'hanging', keys: [one], workerPath });
    await hanging.until('hosts', ({ isHost }) => isHost);
    const hostedAtMs = hanging.seen.find(({ proxy }) => proxy.kind === 'running')?.atMs ?? Number.NaN;
    await until('ended', () => hanging.log.some((line) => line.includes('silent')));
    assert.ok(Date.now() - hostedAtMs > 2_500);
    await hanging.kill();
    const window = await open('hung');
    await window.until('hosts', ({ isHost }) => isHost);
    await window.ask({ kind: 'hang', ms: 4_500 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.ok(window.isHost);
    assert.ok(!window.log.some((line) => line.includes('silent')));
  });

  it('streams on while keys, limits, settings and the log level change', async () => {
    simulator.setAnswer({ events: 60, eventDelayMs: 20 });
    const [a, b] = await openTwo();
    const reading = gapsOf(await streamed(a.proxyKey));
    await b.ask({ kind: 'add', key: two, label: 'Two' });
    await a.ask({ kind: 'update', keyId: keyIdOf(one), dailyLimit: 10 });
    await a.ask({ kind: 'configure', settings: { maxWaitSeconds: 5 } });
    await a.ask({ kind: 'logLevel', level: 'error' });
    const { text, largestGapMs } = await reading;
    console.log(`      the largest gap of a 20 ms stream was ${largestGapMs.toFixed(0)} ms`);
    assert.match(text, /\[DONE\]/);
    assert.equal(text.match(/^data: /gm)?.length, 62, 'each event came once');
    assert.equal(simulator.requestsTo('/chat/completions').length, 1);
  });

  async function streamed(proxyKey: string): Promise<Response> {
    return await fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'x/y:free', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
  }

  /** The shipped worker, made to fail `afterMs` after it listens, which may come late on a busy machine. */
  function failingWorker(name: string, failure: string, afterMs: number): string {
    const workerPath = `${stage.shared()}-${name}.js`;
    writeFileSync(
      workerPath,
      `const { Server } = require('node:net');
      const { listen } = Server.prototype;
      const fail = () => {
        require('node:fs').appendFileSync(${JSON.stringify(`${workerPath}.listened`)}, '.');
        setTimeout(() => { ${failure} }, ${afterMs});
      };
      Server.prototype.listen = function (...args) { return listen.apply(this.once('listening', fail), args); };
      require(${JSON.stringify(stage.workerPath)});`,
    );
    return workerPath;
  }
});

async function gapsOf(response: Response): Promise<{ text: string; largestGapMs: number }> {
  let text = '';
  let largestGapMs = 0;
  let lastAtMs: number | null = null;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    const nowMs = performance.now();
    if (lastAtMs !== null) largestGapMs = Math.max(largestGapMs, nowMs - lastAtMs);
    lastAtMs = nowMs;
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return { text, largestGapMs };
}
