/** Keys in many windows are one set, whichever window changes it or hosts next. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { keyIdOf } from '../../src/base/secret';
import type { Snapshot } from '../../src/service/snapshot';
import { Simulator } from '../simulator/simulator';
import { Stage, until, type TestWindow } from './support/windows';

const one = 'sk-or-v1-keys-aaaaaaaa';
const two = 'sk-or-v1-keys-bbbbbbbb';
const three = 'sk-or-v1-keys-cccccccc';

describe('keys in many windows', () => {
  let stage: Stage;
  let simulator: Simulator;

  before(async () => {
    stage = await Stage.make();
    simulator = await Simulator.start({
      accounts: [one, two, three].map((key) => ({ name: key, keys: [key] })),
    });
  });

  afterEach(async () => {
    await stage.clear();
  });

  after(async () => {
    await stage.dispose();
    await simulator.stop();
  });

  const open = async (name: string, keys: readonly string[], revision = 3): ReturnType<Stage['open']> =>
    await stage.open({ name, keys, revision, upstreamUrl: simulator.baseUrl });

  async function asked(proxyKey: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'x/y:free', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    await response.text();
    return response.status;
  }

  async function activityOf(window: TestWindow): Promise<readonly unknown[]> {
    return v.parse(v.object({ exchanges: v.array(v.unknown()) }), await window.ask({ kind: 'history' }))
      .exchanges;
  }

  function keptAccounts(): number {
    const file = path.join(stage.shared(), 'state.json');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : 'null';
    const kept = v.parse(
      v.nullable(v.object({ accounts: v.record(v.string(), v.unknown()) })),
      JSON.parse(text),
    );
    return Object.keys(kept?.accounts ?? {}).length;
  }

  it('that were removed do not come back with a host whose vault is stale', async () => {
    const a = await open('a', [one, two]);
    await a.until('hosts', ({ isHost }) => isHost);
    const b = await open('b', [one, two]);
    await b.until('follows', ({ isFollower }) => isFollower);
    await b.ask({ kind: 'remove', keyId: keyIdOf(one) });
    await a.until('has one key', ({ seen }) => seen.at(-1)?.keys.join() === two);
    const c = await open('c', [one, two]);
    await c.until('has one key', ({ seen }) => seen.at(-1)?.keys.join() === two);
    await a.kill();
    await until('one of two hosts', () => b.isHost || c.isHost);
    await (b.isHost ? b : c).kill();
    const left = b.isHost ? c : b;
    await left.until('hosts', ({ isHost }) => isHost);
    assert.deepEqual(left.seen.at(-1)?.keys, [two]);
  });

  it('leave no count and no activity in any window once all is forgotten, nor in the next host', async () => {
    const a = await open('a', [one, two]);
    await a.until('hosts', ({ isHost }) => isHost);
    for (let turn = 0; turn < 4; turn++) assert.equal(await asked(a.proxyKey), 200);
    await until('kept', () => keptAccounts() > 0);
    // The new window begins with the stored record of the counts.
    const b = await open('b', [one, two]);
    await b.until('has heard of them', ({ seen }) => sum(seen.at(-1)?.own ?? []) === 4);
    await until('all heard of', async () => (await activityOf(b)).length === 4);
    for (const key of [one, two]) await b.ask({ kind: 'remove', keyId: keyIdOf(key) });
    assert.equal(await b.ask({ kind: 'forget' }), true);
    for (const window of [a, b]) {
      await until(`forgotten in ${window.name}`, async () => (await activityOf(window)).length === 0);
    }
    await until('nothing kept', () => keptAccounts() === 0);
    await a.kill();
    await b.until('hosts', ({ isHost }) => isHost);
    await b.ask({ kind: 'add', key: one, label: 'One' });
    await b.until('has the key', ({ seen }) => seen.at(-1)?.own.length === 1);
    assert.deepEqual(b.seen.at(-1)?.own, [0]);
  });

  it('that are newer in the vault of a window that comes later reach the host', async () => {
    const a = await open('a', [one, two], 3);
    await a.until('hosts', ({ isHost }) => isHost);
    const b = await open('b', [two], 4);
    await a.until('has one key', ({ seen }) => seen.at(-1)?.keys.join() === two);
    assert.deepEqual(b.seen.at(-1)?.keys, [two]);
  });

  it('that are added in any window serve at once, and every window shows it', async () => {
    const a = await open('a', [one]);
    await a.until('hosts', ({ isHost }) => isHost);
    const b = await open('b', [one]);
    await b.until('follows', ({ isFollower }) => isFollower);
    const c = await open('c', [one]);
    await c.until('follows', ({ isFollower }) => isFollower);
    const latesMs: number[] = [];
    for (const [added, key] of [two, three].entries()) {
      const keys = added + 2;
      await b.ask({ kind: 'add', key, label: `Key ${keys}` });
      const addedAtMs = Date.now();
      for (const window of [a, c]) {
        await window.until(`has ${keys} keys`, ({ seen }) => seen.at(-1)?.keys.length === keys);
      }
      const seenAtMs = [a, c].map(({ seen }) => seen.find((state) => state.keys.length === keys)?.atMs ?? 0);
      latesMs.push(Math.max(...seenAtMs) - addedAtMs);
    }
    console.log(`      shown everywhere ${latesMs.join(' and ')} ms after it was added`);
  });

  it('that two windows add at the same moment are all kept, in every window', async () => {
    const a = await open('a', [one]);
    await a.until('hosts', ({ isHost }) => isHost);
    const [b, c] = [await open('b', [one]), await open('c', [one])];
    for (const window of [b, c]) await window.until('follows', ({ isFollower }) => isFollower);
    await Promise.all([
      b.ask({ kind: 'add', key: two, label: 'Two' }),
      c.ask({ kind: 'add', key: three, label: 'Three' }),
    ]);
    for (const window of [a, b, c])
      await window.until('has all keys', ({ seen }) => seen.at(-1)?.keys.length === 3);
  });

  it('that are added while nobody hosts are counted at once', async () => {
    const a = await open('a', [one]);
    await a.until('hosts', ({ isHost }) => isHost);
    await a.ask({ kind: 'stop' });
    await a.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
    await a.ask({ kind: 'add', key: two, label: 'Two' });
    assert.equal(((await a.ask({ kind: 'snapshot' })) as Snapshot).wheel.keys, 2);
  });

  it('are sent to the upstream that is set alone, from the first reading on', async () => {
    const a = await open('a', [one, two]);
    await a.until('hosts', ({ isHost }) => isHost);
    await a.ask({ kind: 'stop' });
    await a.ask({ kind: 'start' });
    const healths = async (): Promise<readonly string[]> =>
      ((await a.ask({ kind: 'snapshot' })) as Snapshot).accounts.flatMap(({ keys }) =>
        keys.map(({ health }) => health),
      );
    const untilMs = Date.now() + 60_000;
    while ((await healths()).join() !== 'good,good') {
      assert.ok(Date.now() < untilMs, `${(await healths()).join()}\n${a.log.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(
      a.log.filter((line) => line.includes('could not be read')),
      [],
    );
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
