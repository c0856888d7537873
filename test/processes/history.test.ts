/** The next host knows the history: after a window was reloaded, after a kill, and in windows that come later. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../src/base/clock';
import { keyIdOf } from '../../src/base/secret';
import { History } from '../../src/service/history/history';
import type { ExchangeView, SeriesView, Snapshot } from '../../src/service/snapshot';
import { Simulator } from '../simulator/simulator';
import { exchangeReport } from '../unit/service/exchanges';
import { Stage, until, type TestWindow } from './support/windows';

const keys = ['sk-or-v1-canary-history-aaaaaaaa', 'sk-or-v1-canary-history-bbbbbbbb'];
const [removedKey = '', keptKey = ''] = keys;
const question = 'canary-question';
const reply = 'canary-reply';

interface Known {
  readonly exchanges: readonly ExchangeView[];
  readonly series: SeriesView;
}

describe('the history of many windows', () => {
  let stage: Stage;
  let simulator: Simulator;
  let file: string;

  before(async () => {
    stage = await Stage.make();
    file = path.join(stage.shared(), 'history.json');
  });

  beforeEach(async () => {
    simulator = await Simulator.start({
      accounts: keys.map((key, index) => ({ name: `account ${index}`, keys: [key] })),
    });
    simulator.setAnswer({ text: reply });
  });

  afterEach(async () => {
    await stage.clear();
    await simulator.stop();
  });

  after(async () => {
    await stage.dispose();
  });

  const open = async (name: string, version = '1.0.0'): Promise<TestWindow> => {
    const window = await stage.open({ name, version, keys, revision: 1, upstreamUrl: simulator.baseUrl });
    await window.until('is in place', ({ isHost, isFollower }) => isHost || isFollower);
    // Waits, because requests take turns only once both accounts are read: an unread account comes last.
    await until('both accounts are read', async () => {
      const { accounts } = (await window.ask({ kind: 'snapshot' })) as Snapshot;
      return accounts.length === keys.length && accounts.every(({ day }) => day.server !== null);
    });
    return window;
  };

  const get = async (window: TestWindow, asked: string): Promise<Response> =>
    await fetch(`http://127.0.0.1:${stage.port}/api/v1${asked}`, { headers: headersOf(window) });

  /** Resolves with the id of the answer. */
  const ask = async (window: TestWindow): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: headersOf(window),
      body: JSON.stringify({ model: 'x/y:free', messages: [{ role: 'user', content: question }] }),
    });
    assert.equal(response.status, 200);
    assert.ok((await response.text()).includes(reply));
    return response.headers.get('x-generation-id') ?? '';
  };

  it('is there after the only window was loaded anew, and names keys by what they are called', async () => {
    const first = await open('first');
    for (let nth = 0; nth < 3; nth++) await ask(first);
    await knows(first, 3);
    const before = await known(first);
    await first.ask({ kind: 'close' });
    await first.kill();
    const second = await open('second');
    const after = await knows(second, 3, isNamed);
    assert.deepEqual(plain(after), plain(before));
    // Compares without empty buckets, because a new bucket may have begun meanwhile.
    const counted = ({ series }: typeof after): unknown =>
      Object.entries(series.ends).map(([end, counts]) => [end, counts.filter((count) => count > 0)]);
    assert.deepEqual(counted(after), counted(before));
    assert.deepEqual(after.series.models, before.series.models);
    await ask(second);
    assert.equal((await knows(second, 4)).exchanges[0]?.id, 4);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('is whole in the window that takes over from one that was killed, and in one that comes later', async () => {
    const host = await open('host');
    await ask(host);
    const follower = await open('follower');
    await knows(follower, 1);
    const things = [await ask(host), await ask(host)];
    await knows(follower, 3);
    await host.kill();
    await follower.until('hosts', ({ isHost }) => isHost);
    const late = await open('late');
    for (const window of [follower, late]) {
      const { series } = await knows(window, 3, (history) => sum(history.series.ends.answered) === 3);
      assert.deepEqual(
        series.models.map(({ requests }) => requests),
        [3],
      );
    }
    // Each account made one of the two things, and can read only its own.
    for (const thing of things) assert.equal((await get(late, `/generation?id=${thing}`)).status, 200);
    await knows(late, 5);
  });

  it('is in the file ten seconds later, whole and private, and outlives a kill of all windows', async () => {
    const first = await open('first');
    await ask(first);
    await until('written', () => existsSync(file) && readFileSync(file, 'utf8').includes('x/y:free'));
    const text = readFileSync(file, 'utf8');
    for (const secret of [...keys, first.proxyKey, question, reply, 'canary'])
      assert.ok(!text.includes(secret), `${secret} is in it`);
    await first.kill();
    const second = await open('second');
    await knows(second, 1);
  });

  it('has what ended after the proxy was stopped, in the window that is opened next too', async () => {
    simulator.setAnswer({ events: 20, eventDelayMs: 50 });
    const first = await open('first');
    const response = await fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: headersOf(first),
      body: JSON.stringify({ model: 'x/y:free', stream: true, messages: [] }),
    });
    await first.ask({ kind: 'stop' });
    assert.match(await response.text(), /\[DONE\]/);
    await knows(first, 1, ({ series }) => sum(series.ends.answered) === 1);
    await first.ask({ kind: 'close' });
    await first.kill();
    await knows(await open('second'), 1);
  });

  it('has what the host before refused and answered while it left, in all windows', async () => {
    simulator.setAnswer({ events: 40, eventDelayMs: 50 });
    const first = await open('first');
    const begin = (): Promise<Response> =>
      fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
        method: 'POST',
        headers: headersOf(first),
        body: JSON.stringify({ model: 'x/y:free', stream: true, messages: [] }),
      });
    const perMinute = 20 * keys.length;
    const running = Array.from({ length: perMinute }, begin);
    await Promise.all(running);
    const refused = begin();
    await until(
      'it waits',
      async () => ((await first.ask({ kind: 'snapshot' })) as Snapshot).wheel.waiting === 1,
    );
    const second = await open('second', '1.1.0');
    await second.until('hosts', ({ isHost }) => isHost);
    assert.equal((await refused).status, 503);
    await Promise.all(running.map(async (response) => await (await response).text()));
    for (const window of [first, second]) await knows(window, perMinute + 1);
  });

  it('does not bring a removed key back, nor what it was called', async () => {
    const first = await open('first');
    for (let nth = 0; nth < 4; nth++) await ask(first);
    await knows(first, 4);
    await first.ask({ kind: 'remove', keyId: keyIdOf(removedKey) });
    await first.ask({ kind: 'close' });
    await first.kill();
    const second = await stage.open({
      name: 'second',
      keys: [keptKey],
      revision: 9,
      upstreamUrl: simulator.baseUrl,
    });
    await second.until('hosts with one key', ({ isHost, seen }) => isHost && seen.at(-1)?.own.length === 1);
    const { exchanges } = await knows(second, 4);
    const labels = exchanges.flatMap(({ attempts }) => attempts.map(({ keyLabel }) => keyLabel));
    assert.deepEqual([...new Set(labels)].sort(), ['', keptKey.slice(-4)]);
  });

  it('is taken over as whole when it is as large as it gets', async () => {
    const clock = new SystemClock();
    const history = new History({ clock, onError: (error) => assert.fail(String(error)) });
    for (let nth = 0; nth < 3_000; nth++) {
      const name = `${'x'.repeat(100)}${nth}`;
      const made = [{ id: name, accountId: 'one' }];
      history.add(exchangeReport({ endedAtMs: clock.wallMs() - 60_000 * (nth % 1_000), model: name, made }));
    }
    mkdirSync(stage.shared());
    writeFileSync(file, JSON.stringify(history.save()));
    assert.ok(statSync(file).size > 400_000, `${statSync(file).size} bytes`);
    const host = await open('host');
    const { exchanges } = await known(host);
    assert.ok(exchanges.length > 400, `${exchanges.length} exchanges`);
    const follower = await open('follower');
    await knows(follower, exchanges.length);
    await host.kill();
    await follower.until('hosts', ({ isHost }) => isHost);
    const late = await open('late');
    assert.deepEqual(plain(await knows(late, exchanges.length)), plain(await known(follower)));
    assert.equal((await known(late)).exchanges[0]?.id, 3_000);
  });

  it('is forgotten by all windows when one is told to', async () => {
    const host = await open('host');
    const follower = await open('follower');
    await ask(host);
    await knows(follower, 1);
    await follower.ask({ kind: 'forget' });
    for (const window of [host, follower])
      await knows(window, 0, ({ series }) => sum(series.ends.answered) === 0);
    await until('nothing kept', () => readFileSync(file, 'utf8') === 'null');
    await host.ask({ kind: 'close' });
    assert.ok(!readFileSync(file, 'utf8').includes('x/y:free'));
    await knows(await open('later'), 0);
  });

  for (const text of ['{"version":1,"exch', '{"version":2,"of":"a newer one"}']) {
    it(`is left alone where it is ${text}, and said so once`, async () => {
      const maker = await open('maker');
      await maker.kill();
      writeFileSync(file, text);
      const window = await open('window');
      await ask(window);
      await knows(window, 1);
      await window.ask({ kind: 'close' });
      assert.equal(readFileSync(file, 'utf8'), text);
      const told = window.log.filter((line) => line.includes('The saved requests are'));
      assert.equal(told.length, 1, told.join('\n'));
    });
  }
});

async function known(window: TestWindow): Promise<Known> {
  return (await window.ask({ kind: 'history' })) as Known;
}

/** Resolves when the window knows `count` exchanges. */
async function knows(
  window: TestWindow,
  count: number,
  fits: (history: Known) => boolean = () => true,
): Promise<Known> {
  let history = await known(window);
  await until(
    () => `${window.name} knows ${count} that fit, but ${history.exchanges.length}`,
    async () => {
      history = await known(window);
      return history.exchanges.length === count && fits(history);
    },
  );
  return history;
}

/** Whether all keys have labels, which come a moment after the exchanges. */
function isNamed({ exchanges }: Known): boolean {
  return exchanges.every(({ attempts }) => attempts.every(({ keyLabel }) => keyLabel !== ''));
}

/** The exchanges without ids of things that were made, which are stored elsewhere. */
function plain({ exchanges }: Known): unknown {
  return exchanges.map((exchange) => ({ ...exchange, made: [] }));
}

function headersOf({ proxyKey }: TestWindow): Record<string, string> {
  return { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
