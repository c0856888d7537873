/** VS Code updates while old windows run: this build beside the release before it, as host, as follower, and as heir. */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { keyIdOf } from '../../src/base/secret';
import { Simulator } from '../simulator/simulator';
import { previousRelease, type Build } from './support/previousRelease';
import { Stage, until, type TestWindow } from './support/windows';

const one = 'sk-or-v1-previous-aaaa';
const two = 'sk-or-v1-previous-bbbb';
const historySchema = v.object({ exchanges: v.array(v.unknown()) });
const snapshotSchema = v.object({
  proxy: v.object({ kind: v.string(), hostedBy: v.optional(v.string()) }),
  accounts: v.array(v.object({ keys: v.array(v.object({ keyId: v.string() })) })),
});

describe('this build beside the release before it', () => {
  let previous: Build | null;
  let stage: Stage;
  let simulator: Simulator;

  before(async () => {
    previous = await previousRelease();
    if (previous === null) console.log('      not run: this clone has not the commit of the release before');
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

  type Opening = { readonly version?: string; readonly autoStart?: boolean };
  const upstream = (): { upstreamUrl: string; keys: string[] } => ({
    upstreamUrl: simulator.baseUrl,
    keys: [one],
  });
  const openOld = async ({ windowPath, workerPath }: Build, opening: Opening = {}): Promise<TestWindow> =>
    await stage.open({ name: 'old', workerPath, ...upstream(), ...opening }, windowPath);
  const openNew = async (opening: Opening = {}): Promise<TestWindow> =>
    await stage.open({ name: 'new', ...upstream(), ...opening });

  async function ask({ proxyKey }: TestWindow): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${stage.port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'x/y:free', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    await response.text();
    assert.equal(response.status, 200);
  }

  /** Counts, exchanges and keys as the window shows them. */
  async function knows(window: TestWindow, own: number, exchanges = own): Promise<void> {
    const sumOwn = (): number => (window.seen.at(-1)?.own ?? []).reduce((total, each) => total + each, 0);
    await window.until(`counts ${own}`, () => sumOwn() === own);
    const shown = async (): Promise<number> =>
      v.parse(historySchema, await window.ask({ kind: 'history' })).exchanges.length;
    await until(`${window.name} shows ${exchanges} exchanges`, async () => (await shown()) === exchanges);
  }

  /** All that a follower and its host exchange. */
  async function live(host: TestWindow, follower: TestWindow): Promise<void> {
    await ask(host);
    await knows(follower, 1);
    await follower.ask({ kind: 'add', key: two, label: 'Two' });
    await host.until('has both keys', ({ seen }) => seen.at(-1)?.keys.length === 2);
    const keyIds = async (): Promise<string[]> =>
      v
        .parse(snapshotSchema, await follower.ask({ kind: 'snapshot' }))
        .accounts.flatMap(({ keys }) => keys.map(({ keyId }) => keyId));
    await until('both accounts are shown', async () => {
      const shown = await keyIds();
      return [one, two].every((key) => shown.includes(keyIdOf(key)));
    });
    await ask(host);
    await ask(follower);
    await knows(follower, 3);
    await follower.ask({ kind: 'remove', keyId: keyIdOf(two) });
    await host.until('has one key', ({ seen }) => seen.at(-1)?.keys.length === 1);
    await host.kill();
    await follower.until('hosts', ({ isHost }) => isHost);
    await ask(follower);
    await follower.ask({ kind: 'stop' });
    await follower.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
  }

  it('follows it, and is its heir', async () => {
    if (previous === null) return;
    const host = await openOld(previous);
    await host.until('hosts', ({ isHost }) => isHost);
    const follower = await openNew();
    await follower.until('follows', ({ isFollower }) => isFollower);
    const { proxy } = v.parse(snapshotSchema, await follower.ask({ kind: 'snapshot' }));
    assert.equal(proxy.hostedBy, 'old');
    await live(host, follower);
  });

  it('is followed by it, and leaves it the proxy', async () => {
    if (previous === null) return;
    const host = await openNew();
    await host.until('hosts', ({ isHost }) => isHost);
    const follower = await openOld(previous);
    await follower.until('follows', ({ isFollower }) => isFollower);
    await live(host, follower);
  });

  it('is stopped by it, and stops it', async () => {
    if (previous === null) return;
    const old = await openOld(previous);
    await old.until('hosts', ({ isHost }) => isHost);
    const recent = await openNew();
    await recent.until('follows', ({ isFollower }) => isFollower);
    await recent.ask({ kind: 'stop' });
    await old.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
    await recent.ask({ kind: 'start' });
    await until('one serves', () => old.isHost || recent.isHost);
    await old.kill();
    await recent.until('hosts', ({ isHost }) => isHost);
    const again = await openOld(previous);
    await again.until('follows', ({ isFollower }) => isFollower);
    await again.ask({ kind: 'stop' });
    await recent.until('is stopped', ({ proxy }) => proxy?.kind === 'stopped');
  });

  it('takes the port from it as the newer version, with its counts and exchanges', async () => {
    if (previous === null) return;
    const old = await openOld(previous, { version: '1.0.0' });
    await old.until('hosts', ({ isHost }) => isHost);
    await ask(old);
    const newer = await openNew({ version: '1.1.0' });
    await newer.until('hosts', ({ isHost }) => isHost);
    await old.until('follows', ({ isFollower }) => isFollower);
    await ask(newer);
    await knows(newer, 2);
    await knows(old, 2);
  });

  it('goes on from its saved state, and it from ours', async () => {
    if (previous === null) return;
    const closed = async (window: TestWindow): Promise<void> => {
      await window.ask({ kind: 'close' });
      await window.kill();
    };
    const old = await openOld(previous);
    await old.until('hosts', ({ isHost }) => isHost);
    await ask(old);
    await knows(old, 1);
    await closed(old);
    const up = await openNew();
    await up.until('hosts', ({ isHost }) => isHost);
    await knows(up, 1);
    await ask(up);
    await knows(up, 2);
    await closed(up);
    const down = await openOld(previous);
    await down.until('hosts', ({ isHost }) => isHost);
    await knows(down, 2);
  });
});
