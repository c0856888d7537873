/** Other programs on the port, as real listeners: none gets a secret, each has its message, nothing hangs. */
import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { keyIdOf } from '../../src/base/secret';
import { loadHostSecret } from '../../src/hosting/hostSecret';
import { healthProof, machineMark } from '../../src/hosting/proof';
import { freePort } from '../support/freePort';
import { Stage, until, type TestWindow } from './support/windows';

const keys = ['sk-or-v1-others-aaaa', 'sk-or-v1-others-bbbb'];
const proxyKey = 'kw-others-aaaaaaaaaaaaaaaaaaaaaaaa';

/** A program on a port, with the bytes that it has got and the sockets that it may close. */
class Stranger {
  readonly heard: Buffer[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async at(
    port: number,
    meet: (socket: Socket) => void,
    host = '127.0.0.1',
    existing?: Server,
  ): Promise<Stranger> {
    const server = existing ?? createServer();
    const stranger = new Stranger(server);
    server.on('connection', (socket) => {
      stranger.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => stranger.heard.push(chunk));
      meet(socket);
    });
    await new Promise<void>((resolve) => server.listen({ port, host, ipv6Only: host === '::1' }, resolve));
    return stranger;
  }

  get text(): string {
    return Buffer.concat(this.heard).toString('latin1');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('others on the port', () => {
  let stage: Stage;
  let port: number;
  let stranger: Stranger | null = null;

  before(async () => {
    stage = await Stage.make();
  });

  beforeEach(async () => {
    port = await freePort();
  });

  afterEach(async () => {
    await stage.clear();
    await stranger?.close();
    stranger = null;
  });

  after(async () => {
    await stage.dispose();
  });

  async function openWindow(): Promise<TestWindow> {
    return await stage.open({ name: 'window', port, keys, proxyKey });
  }

  /** The code that the window shows. */
  async function met(window: TestWindow): Promise<unknown> {
    await window.until('meets somebody', ({ proxy }) => proxy?.kind === 'failed');
    const { proxy } = window;
    return proxy?.kind === 'failed' ? [proxy.code, proxy.detail] : null;
  }

  function assertNothingTold({ text }: Stranger): void {
    const { secret } = loadHostSecret(stage.shared());
    for (const told of [...keys, ...keys.map(keyIdOf), proxyKey, 'authorization', 'signature']) {
      assert.ok(!text.includes(told), `${told} was told`);
    }
    for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const) {
      assert.ok(!text.includes(secret.toString(encoding)), 'the secret was told');
    }
    assert.match(
      text,
      /^(?:GET \/health\?nonce=[\w-]+ HTTP\/1\.1\r\n(?:Host|Connection): [^\r]*\r\n(?:Host|Connection): [^\r]*\r\n\r\n)*$/i,
    );
  }

  it('a plain HTTP server', async () => {
    const server = createHttpServer((_, response) => response.end('hello'));
    stranger = await Stranger.at(port, () => undefined, '127.0.0.1', server);
    assert.deepEqual(await met(await openWindow()), ['portInUse', 'other']);
    assertNothingTold(stranger);
  });

  /** A listener that answers as our host does, except for the change. */
  async function imitate(change: object): Promise<Stranger> {
    const { secret, machineId } = loadHostSecret(stage.shared());
    const server = createHttpServer(({ url = '/' }, response) => {
      const nonce = new URL(url, 'http://x').searchParams.get('nonce') ?? '';
      const health = {
        program: 'keywheel',
        protocol: 1,
        version: '9.9.9',
        product: 'Test Code',
        machineId,
        machineMark: machineMark('here', nonce),
        address: `127.0.0.1:${port}`,
        hostNonce: 'n',
        ...change,
      };
      response.end(JSON.stringify({ proof: healthProof(secret, { nonce, ...health }), ...health }));
    });
    return await Stranger.at(port, () => undefined, '127.0.0.1', server);
  }

  const unproven = { proof: 'AAAA' };
  for (const [what, change, expected] of [
    ['one that imitates /health with our machine id', unproven, ['portInUse', 'unproven']],
    [
      'one that imitates /health with an id of its own',
      { ...unproven, machineId: 'f'.repeat(32) },
      ['otherProduct', 'Test Code'],
    ],
    ['one that relays to our host on another port', { address: '127.0.0.1:1' }, ['portInUse', 'unproven']],
    ['our own that speaks another protocol', { protocol: 2 }, ['otherVersion', '']],
  ] as const) {
    it(what, async () => {
      stranger = await imitate(change);
      assert.deepEqual(await met(await openWindow()), expected);
      assertNothingTold(stranger);
    });
  }

  it('our own of an older version that speaks another protocol: it is asked for the port', async () => {
    const older = (stranger = await imitate({ protocol: 2, version: '0.0.1' }));
    await openWindow();
    await until('asked', () => older.text.includes('POST /host/retire '));
  });

  it('one that never answers', async () => {
    stranger = await Stranger.at(port, () => undefined);
    assert.deepEqual(await met(await openWindow()), ['portSilent', 'silent']);
    assertNothingTold(stranger);
  });

  it('one that resets', async () => {
    stranger = await Stranger.at(port, (socket) => void setTimeout(() => socket.resetAndDestroy(), 20));
    assert.deepEqual(await met(await openWindow()), ['portInUse', 'broken']);
    assertNothingTold(stranger);
  });

  it('one on [::1] that relays the challenge to the real host', async () => {
    const relay = (socket: Socket): void => {
      const onward = connect(port, '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    };
    stranger = await Stranger.at(port, relay, '::1');
    const host = await openWindow();
    await host.until('hosts', ({ isHost }) => isHost);
    await until('a word in the log', () =>
      host.log.some((line) => line.includes(`Another program has [::1]:${port}`)),
    );
    const follower = await openWindow();
    await follower.until('follows', ({ isFollower }) => isFollower);
    assertNothingTold(stranger);
  });

  it('a Keywheel of another product, with secrets of its own', async () => {
    const other = await stage.open({ name: 'other', port, folder: stage.shared('other'), product: 'Cursor' });
    await other.until('hosts', ({ isHost }) => isHost);
    const window = await openWindow();
    assert.deepEqual(await met(window), ['otherProduct', 'Cursor']);
    assert.ok(other.isHost);
    assert.deepEqual(other.seen.at(-1)?.keys, []);
  });

  it('our own of another machine, behind a forwarded port: nothing is taken from it, and the port when it is free', async () => {
    const there = await stage.open({
      name: 'there',
      port: await freePort(),
      folder: stage.shared('there'),
      machine: 'build-server',
    });
    await there.until('hosts', ({ isHost }) => isHost);
    stranger = await Stranger.at(port, (socket) => {
      const onward = connect(there.options.port, '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    const window = await openWindow();
    assert.deepEqual(await met(window), ['otherMachine', '']);
    assertNothingTold(stranger);
    await stranger.close();
    stranger = null;
    await window.until('hosts', ({ isHost }) => isHost);
  });
});
