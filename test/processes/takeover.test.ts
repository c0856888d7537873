/** One host among six windows after each kill. KEYWHEEL_KILLS sets how many hosts are killed. */
import assert from 'node:assert/strict';
import { Simulator } from '../simulator/simulator';
import { bareTakeover } from './support/bareTakeover';
import { servedAgain } from './support/servedAgain';
import { Stage, until, type TestWindow } from './support/windows';

const kills = Number(process.env.KEYWHEEL_KILLS ?? 5);
/** Bound for a takeover that never comes; its duration is printed. */
const mostTakeoverMs = 10_000;
/** Most time for a takeover on a busy machine, as a multiple of the least that it takes there. */
const mostOfBare = 5;
const windowCount = 6;
const requestEveryMs = 50;
/** 20 requests a second, of which an account takes 20 a minute. */
const keys = Array.from({ length: 90 }, (_, index) => `sk-or-v1-takeover-${String(index).padStart(3, '0')}`);

interface Request {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly isServed: boolean;
}

interface Gap {
  readonly killedAtMs: number;
  readonly servedAtMs: number;
}

describe('six windows and one port', () => {
  let stage: Stage;
  let simulator: Simulator;

  before(async function () {
    stage = await Stage.make();
  });

  beforeEach(async () => {
    simulator = await Simulator.start({
      accounts: keys.map((key, index) => ({ name: `account ${index}`, keys: [key], dailyLimit: 1_000 })),
    });
  });

  afterEach(async () => {
    await stage.clear();
    await simulator.stop();
  });

  after(async () => {
    await stage.dispose();
  });

  it(`has one host at any time while ${kills} are killed, and each time a new one`, async function () {
    this.timeout(600_000 + kills * 15_000);
    const openOne = (index: number): Promise<TestWindow> =>
      stage.open({ name: `window ${index}`, keys, upstreamUrl: simulator.baseUrl });
    let windows = await Promise.all(Array.from({ length: windowCount }, (_, index) => openOne(index)));
    const first = windows;
    await until('all serve or follow', () => first.every(isInPlace));
    assert.equal(windows.filter(({ isHost }) => isHost).length, 1, 'one host of six that started at once');
    assert.equal(new Set(windows.map(({ proxyKey }) => proxyKey)).size, 1, 'one proxy key');
    const [{ proxyKey } = { proxyKey: '' }] = windows;

    const requests: Request[] = [];
    const running = new Set<Promise<void>>();
    const url = `http://127.0.0.1:${stage.port}/api/v1/chat/completions`;
    const load = setInterval(() => {
      const asked = ask(url, proxyKey).then((request) => void requests.push(request));
      running.add(asked);
      void asked.finally(() => running.delete(asked));
    }, requestEveryMs);
    const gaps: Gap[] = [];
    const bareMs: number[] = [];
    let opened = windowCount;
    let shortfall = 0;
    const mostLost = 3_000 / requestEveryMs;
    let missing = 0;
    try {
      for (let kill = 0; kill < kills; kill++) {
        await new Promise((resolve) => setTimeout(resolve, 1_200 + Math.random() * 800));
        const host = windows.find(({ isHost }) => isHost);
        assert.ok(host, 'a host');
        const seenUpstream = usedToday(simulator);
        const told = Math.max(...windows.filter((window) => window !== host).map(ownCounts));
        const killedAtMs = performance.now();
        await host.kill();
        windows = windows.filter((window) => window !== host);
        const servedAtMs = await servedAgain(stage.port);
        gaps.push({ killedAtMs, servedAtMs });
        // Followers show the former host for a moment.
        const placed = windows;
        await until('all in place', () => placed.every(isInPlace) && placed.some(({ isHost }) => isHost));
        assert.equal(windows.filter(({ isHost }) => isHost).length, 1, 'one host after a kill');
        const counted = Math.max(...windows.map(ownCounts));
        // Each window hears the host by itself: the next host may have been a second behind the one that heard most.
        assert.ok(counted >= told - mostLost, `${told} were counted before the kill, ${counted} after it`);
        // Until the next reading the counts that earlier kills lost are missing too.
        shortfall = Math.max(shortfall, seenUpstream - counted - missing);
        missing = seenUpstream - counted;
        windows.push(await openOne(opened++));
        bareMs.push(await bareTakeover());
      }
    } finally {
      clearInterval(load);
      await Promise.all(running);
    }

    const tookMs = gaps.map(({ killedAtMs, servedAtMs }) => servedAtMs - killedAtMs).sort((a, b) => a - b);
    const percentile = (share: number): number => tookMs[Math.ceil(share * tookMs.length) - 1] ?? 0;
    const slowestBareMs = Math.max(...bareMs);
    const failed = requests.filter(({ isServed }) => !isServed);
    console.log(
      `      ${kills} kills: a new host after ${percentile(0.5).toFixed(0)} ms (median), ${percentile(0.99).toFixed(0)} ms (99 %), ` +
        `a bare server after ${slowestBareMs.toFixed(0)} ms at most; ` +
        `${failed.length} of ${requests.length} requests failed; at most ${shortfall} of upstream's counts were lost by one`,
    );
    const mostMs = Math.max(mostTakeoverMs, mostOfBare * slowestBareMs);
    assert.ok(percentile(0.99) < mostMs, `99 %: ${percentile(0.99)} ms of ${mostMs} ms`);
    for (const { startedAtMs, endedAtMs } of failed) {
      const isExcused = gaps.some(
        ({ killedAtMs, servedAtMs }) => startedAtMs <= servedAtMs && endedAtMs >= killedAtMs,
      );
      assert.ok(isExcused, `a request failed at ${startedAtMs} that was neither in flight nor too early`);
    }
  });

  it('gives the port to the next before the last answer of a window that closes has ended', async function () {
    simulator.setAnswer({ events: 1_000, eventDelayMs: 50 });
    const first = await stage.open({ name: 'first', keys, upstreamUrl: simulator.baseUrl });
    await first.until('hosts', ({ isHost }) => isHost);
    const second = await stage.open({ name: 'second', keys, upstreamUrl: simulator.baseUrl });
    await second.until('follows', ({ isFollower }) => isFollower);
    const url = `http://127.0.0.1:${stage.port}/api/v1/chat/completions`;
    const streaming = stream(url, first.proxyKey).catch((error: unknown) => `failed: ${String(error)}`);
    await simulator.waitFor(() => simulator.requestsTo('/chat/completions').length === 1);
    const closing = first.ask({ kind: 'close' });
    await second.until('hosts', ({ isHost }) => isHost);
    const { isServed } = await ask(url, first.proxyKey);
    assert.ok(isServed, 'the second serves');
    await closing;
    const text = await streaming;
    assert.match(text, /"error"/, 'the stream ended in an error that says so');
  });
});

function ownCounts({ seen }: TestWindow): number {
  return sum(seen.at(-1)?.own ?? []);
}

function isInPlace({ isHost, isFollower }: TestWindow): boolean {
  return isHost || isFollower;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function usedToday(simulator: Simulator): number {
  return sum(keys.map((_, index) => simulator.usedToday(`account ${index}`)));
}

function body(streaming: boolean): string {
  return JSON.stringify({
    model: 'x/y:free',
    stream: streaming,
    messages: [{ role: 'user', content: 'Hi' }],
  });
}

async function ask(url: string, proxyKey: string): Promise<Request> {
  const startedAtMs = performance.now();
  let isServed = false;
  try {
    const response = await fetch(url, { method: 'POST', headers: headersOf(proxyKey), body: body(false) });
    await response.text();
    isServed = response.status === 200;
  } catch {
    // `isServed` stays false.
  }
  return { startedAtMs, endedAtMs: performance.now(), isServed };
}

/** The text of a stream, also of one that breaks off. */
async function stream(url: string, proxyKey: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers: headersOf(proxyKey), body: body(true) });
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const part of response.body ?? []) {
      const bytes: unknown = part;
      if (bytes instanceof Uint8Array) text += decoder.decode(bytes, { stream: true });
    }
  } catch (error: unknown) {
    return `${text}\nfailed: ${String(error)}`;
  }
  return text;
}

function headersOf(proxyKey: string): Record<string, string> {
  return { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' };
}
