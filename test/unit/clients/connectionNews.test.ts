/** Who is told that the proxy has moved away from connected clients, and when. */
import assert from 'node:assert/strict';
import { clineClient } from '../../../src/clients/cline';
import { askedModels, MoveNews, strayRequest, type AskedModel } from '../../../src/clients/connectionNews';
import { exchangeView, TemporaryHome } from './temporaryHome';
import { ConnectionRecords } from '../../../src/clients/records';
import type { ExchangeView } from '../../../src/service/snapshot';

const before = 'http://127.0.0.1:9999';
const after = 'http://127.0.0.1:9998';

/** One machine with its windows, as far as it matters who tells of what. */
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

  /** Which windows tell of it when the proxy is there. */
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
    assert.equal(strayRequest(free, list), null);
  });

  it('is told where the first request names another one, free or paid', () => {
    assert.equal(strayRequest(free, asked(exchange(110, paid)))?.model, paid);
    assert.equal(
      strayRequest(free, asked(exchange(120, free), exchange(110, 'c/d:free')))?.model,
      'c/d:free',
    );
    assert.equal(strayRequest(paid, asked(exchange(110, free)))?.model, free);
  });

  it('is told where a later request is a paid one and a free one was chosen, and not for another choice', () => {
    assert.equal(strayRequest(free, asked(exchange(120, paid), exchange(110, free)))?.startedAtMs, 120);
    assert.equal(strayRequest(free, asked(exchange(120, 'c/d:free'), exchange(110, free))), null);
    assert.equal(strayRequest(paid, asked(exchange(120, 'x/y'), exchange(110, paid))), null);
  });

  it('is the client’s own where none was chosen', () => {
    assert.equal(strayRequest(null, asked(exchange(110, paid))), null);
  });

  it('is told once a connection, over all windows, and again after the next one', async () => {
    await using home = await TemporaryHome.make();
    const other = new ConnectionRecords(home.recordsFolder, (error) => assert.fail(String(error)));
    const endpoint = { origin: 'http://127.0.0.1:9999', proxyKey: 'kw-0123456789', model: free };
    const first = await home.connections.connect(clineClient, endpoint);
    assert.equal(await home.records.claimStray(first), true);
    assert.equal(await other.claimStray(first), false);
    home.clock.advance(1);
    const second = await home.connections.connect(clineClient, endpoint);
    assert.equal(await other.claimStray(first), false);
    assert.equal(await other.claimStray(second), true);
  });
});
