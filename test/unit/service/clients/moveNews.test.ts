/** Who is told that the proxy has moved away from connected clients, and when. */
import assert from 'node:assert/strict';
import { MoveNews } from '../../../../src/service/clients/moveNews';

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
