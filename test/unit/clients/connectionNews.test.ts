/** The windows that tell of the proxy's new address, of clients that ask for other models, and of models that have ended. */
import assert from 'node:assert/strict';
import { clineClient } from '../../../src/clients/cline';
import {
  askedModels,
  isUnlisted,
  modelUses,
  MoveNews,
  requestForOtherModel,
  successorOf,
  type AskedModel,
} from '../../../src/clients/connectionNews';
import type { ListedModel } from '../../../src/clients/modelList';
import { ConnectionRecords, type ConnectionRecord } from '../../../src/clients/records';
import type { ExchangeView } from '../../../src/service/snapshot';
import { endedModelText } from '../../../src/words/clientWords';
import { exchangeView } from '../service/exchanges';
import { english } from '../vscode/views';
import { listedModel } from './listedModel';
import { TemporaryHome } from './temporaryHome';

const before = 'http://127.0.0.1:9999';
const after = 'http://127.0.0.1:9998';

/** One machine with two windows, as far as their messages need it. */
class Windows {
  origin: string | null = before;
  clients: string | null = before;
  focused = 'first';
  asked = 0;
  private record: unknown;
  readonly first = this.open('first');
  readonly second = this.open('second');

  open(name: string, machine = 'desk'): MoveNews {
    return new MoveNews(
      {
        machine,
        origin: () => this.origin,
        isFocused: () => this.focused === name,
        isOutdated: async () => {
          this.asked++;
          return await Promise.resolve(this.clients !== null && this.clients !== this.origin);
        },
        record: {
          read: () => this.record,
          write: async (record) => {
            this.record = record;
            await Promise.resolve();
          },
        },
      },
      before,
    );
  }

  /** The windows that tell of it when the proxy is at `origin`. */
  async move(origin: string | null): Promise<string[]> {
    this.origin = origin;
    const [first, second] = await Promise.all([this.first.look(), this.second.look()]);
    return [...(first ? ['first'] : []), ...(second ? ['second'] : [])];
  }
}

describe('the news that the proxy has moved', () => {
  it('are told once, in the window that has the focus, when it runs at the new address', async () => {
    const windows = new Windows();
    assert.deepEqual(await windows.move(null), []);
    assert.deepEqual(await windows.move(after), ['first']);
    assert.deepEqual(await windows.move(after), []);
    windows.focused = 'second';
    assert.deepEqual(await windows.move(after), []);
  });

  it('wait for a window that is looked at', async () => {
    const windows = new Windows();
    windows.focused = 'none';
    assert.deepEqual(await windows.move(after), []);
    windows.focused = 'second';
    assert.deepEqual(await windows.move(after), ['second']);
  });

  it('are none where no client is connected, and none when the proxy comes back to its clients', async () => {
    const windows = new Windows();
    windows.clients = null;
    assert.deepEqual(await windows.move(after), []);
    windows.clients = before;
    assert.deepEqual(await windows.move(before), []);
  });

  it('are told again when the proxy has been back in between', async () => {
    const windows = new Windows();
    assert.deepEqual(await windows.move(after), ['first']);
    assert.deepEqual(await windows.move(before), []);
    assert.deepEqual(await windows.move(after), ['first']);
  });

  it('are told of each machine', async () => {
    const windows = new Windows();
    const remote = windows.open('first', 'server');
    assert.deepEqual(await windows.move(after), ['first']);
    assert.equal(await remote.look(), true);
  });

  it('cost no look into the clients’ files while the proxy stays', async () => {
    const windows = new Windows();
    await windows.move(before);
    await windows.move(null);
    await windows.move(before);
    assert.equal(windows.asked, 0);
  });
});

const paid = 'anthropic/claude-sonnet-5';
const free = 'a/b:free';

function exchange(startedAtMs: number, model: string | null, client = 'Cline'): ExchangeView {
  const requestClass = model === null ? 'unmetered' : model.endsWith(':free') ? 'free' : 'paid';
  return exchangeView({ startedAtMs, model, client, class: requestClass });
}

function asked(...newestFirst: readonly ExchangeView[]): readonly AskedModel[] {
  return askedModels(clineClient, { connectedAtMs: 100 }, newestFirst);
}

describe('the model that a client asks for', () => {
  it('is judged by its own requests since it was connected alone', () => {
    const list = asked(
      exchange(130, free),
      exchange(120, paid, 'curl'),
      exchange(110, null),
      exchange(90, paid),
    );
    assert.deepEqual(
      list.map(({ startedAtMs }) => startedAtMs),
      [130],
    );
    assert.equal(requestForOtherModel(free, list), null);
  });

  it('is told where the first request names another one, free or paid', () => {
    assert.equal(requestForOtherModel(free, asked(exchange(110, paid)))?.model, paid);
    assert.equal(
      requestForOtherModel(free, asked(exchange(120, free), exchange(110, 'c/d:free')))?.model,
      'c/d:free',
    );
    assert.equal(requestForOtherModel(paid, asked(exchange(110, free)))?.model, free);
  });

  it('is told where a later request is a paid one and a free one was chosen, and not for another choice', () => {
    assert.equal(
      requestForOtherModel(free, asked(exchange(120, paid), exchange(110, free)))?.startedAtMs,
      120,
    );
    assert.equal(requestForOtherModel(free, asked(exchange(120, 'c/d:free'), exchange(110, free))), null);
    assert.equal(requestForOtherModel(paid, asked(exchange(120, 'x/y'), exchange(110, paid))), null);
  });

  it('is the client’s own where none was chosen', () => {
    assert.equal(requestForOtherModel(null, asked(exchange(110, paid))), null);
  });

  it('is told once a connection, over all windows, and again after the next one', async () => {
    await using home = await TemporaryHome.make();
    const other = new ConnectionRecords(home.recordsFolder, (error) => assert.fail(String(error)));
    const endpoint = { origin: 'http://127.0.0.1:9999', proxyKey: 'kw-0123456789', model: free };
    const first = await home.connections.connect(clineClient, endpoint);
    assert.equal(await home.records.claimOtherModel(first), true);
    assert.equal(await other.claimOtherModel(first), false);
    home.clock.advance(1);
    const second = await home.connections.connect(clineClient, endpoint);
    assert.equal(await other.claimOtherModel(first), false);
    assert.equal(await other.claimOtherModel(second), true);
  });
});

function listed(id: string, change: Partial<ListedModel> = {}): ListedModel {
  const isFree = id.endsWith(':free') || id === 'openrouter/free';
  const price = isFree ? 0 : 1;
  return listedModel(id, { inputPrice: price, outputPrice: price, ...change });
}

function record(client: 'cline' | 'codex', model: string | null): ConnectionRecord {
  return { way: 'extension', client, model, connectedAtMs: 100, earlier: null, written: '' };
}

describe('a model that has ended', () => {
  const models = [
    'openrouter/free',
    'x/y:free',
    'meta/llama-4:free',
    'meta/llama-4',
    'meta/llama-4-mini:free',
  ];
  const list = models.map((id) => listed(id));

  it('is one that the list lacks', () => {
    assert.ok(isUnlisted('meta/llama-3:free', list));
    assert.ok(isUnlisted('meta/llama-3', list));
    assert.ok(isUnlisted('meta/llama-3:nitro', list));
    for (const id of models) assert.ok(!isUnlisted(id, list), id);
  });

  it('is none that the list never has: routers, presets, aliases, variants of a listed model, versions', () => {
    const versions = [...list, listed('a/b', { version: 'a/b-2026-01-01' })];
    for (const id of [
      'openrouter/auto',
      '@preset/mine',
      '~meta/latest',
      'meta/llama-4:nitro',
      'a/b-2026-01-01',
    ])
      assert.ok(!isUnlisted(id, versions), id);
    assert.ok(!isUnlisted('meta/llama-3:free', []), 'without a list nobody knows');
  });

  it('is used by clients that it was chosen for and that asked for no other since, and by VS Code’s chat', () => {
    const records = [record('cline', 'a/b:free'), record('codex', 'a/b:free'), record('codex', null)];
    const activity = [
      exchangeView({ client: 'Codex', model: 'c/d', startedAtMs: 300 }),
      exchangeView({ client: 'Codex', model: 'a/b:free', startedAtMs: 200 }),
      exchangeView({ client: 'Cline', model: 'c/d', startedAtMs: 50 }),
    ];
    assert.deepEqual(modelUses(records, activity, ['a/b:free', 'e/f'], 'VS Code Chat'), [
      ['a/b:free', 'Cline'],
      ['a/b:free', 'VS Code Chat'],
      ['e/f', 'VS Code Chat'],
    ]);
  });

  it('is followed by the first listed one that OpenRouter names', () => {
    assert.equal(successorOf('meta/llama-3:free', ['gone/z:free', 'x/y:free'], list)?.id, 'x/y:free');
    assert.equal(successorOf('meta/llama-3', ['meta/llama-4'], list)?.id, 'meta/llama-4');
  });

  it('is followed by no paid one if it was free, and by none that cannot call tools', () => {
    assert.equal(successorOf('meta/llama-4-maxi:free', ['meta/llama-4'], list)?.id, 'meta/llama-4-mini:free');
    const mute = list.map((model) => ({ ...model, tools: model.id === 'x/y:free' }));
    assert.equal(successorOf('meta/llama-3:free', ['meta/llama-4:free'], mute)?.id, 'x/y:free');
    assert.equal(successorOf('meta/llama-3:free', [], [listed('openrouter/free')]), null);
  });

  it('is told with its users, and whether what can take its place is paid', () => {
    const told = {
      model: 'a/b',
      users: ['Cline', 'VS Code Chat'],
      isConfirmed: true,
      successor: 'c/d',
      isPaid: false,
    };
    assert.equal(
      endedModelText(told, english.t),
      'Keywheel: OpenRouter has ended the model a/b, which is used by Cline, VS Code Chat. c/d can take its place.',
    );
    // It may have been typed, and have another name in the list.
    assert.match(
      endedModelText({ ...told, isConfirmed: false }, english.t),
      /^Keywheel: OpenRouter’s list lacks the model a\/b, which/,
    );
    assert.match(
      endedModelText({ ...told, isPaid: true }, english.t),
      /c\/d, a paid model, can take its place\.$/,
    );
  });
});
