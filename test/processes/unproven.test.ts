/** A host among strangers: they learn no names, cost no memory, and keep no window out. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { askHost, identify, type Who } from '../../src/hosting/hostLine';
import { purposes, sealedType } from '../../src/hosting/proof';
import { openBareHost, type BareHost } from './support/bareHost';
import { until } from './support/windows';

const bigBytes = 1_500_000;

describe('a host among strangers', () => {
  let host: BareHost;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    host = await openBareHost();
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    host.dispose();
  });

  /** One connection of a stranger; `heard` gives all that was answered. */
  function stranger(): {
    readonly socket: Socket;
    readonly heard: () => string;
    readonly isOver: () => boolean;
  } {
    let heard = '';
    let isOver = false;
    const socket = connect(host.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => (isOver = true));
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    return { socket, heard: () => heard, isOver: () => isOver };
  }

  function postHead(length: number, type = sealedType): string {
    return `POST /host/keys HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;
  }

  /** A stranger that has asked for a nonce: it has all but the secret. */
  async function withNonce(): Promise<ReturnType<typeof stranger>> {
    const made = stranger();
    made.socket.write('GET /health?nonce=abc HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('a nonce', () => made.heard().includes('hostNonce'));
    return made;
  }

  async function found(): Promise<Who & { kind: 'ours' }> {
    const who = await identify(host.port, host.identity);
    return who.kind === 'ours' ? who : assert.fail(who.kind);
  }

  async function isWindowServed(): Promise<boolean> {
    const body = { keyId: 'none' };
    const reply = await askHost(host.port, host.identity, { name: 'refresh', body, timeoutMs: 60_000 });
    return reply?.status === 200;
  }

  it('refuses a request without proof at once, before its body has come, and hangs up', async () => {
    const { socket, heard, isOver } = stranger();
    socket.write(postHead(4_000_000));
    await until('refused', () => heard().startsWith('HTTP/1.1 401 '));
    assert.match(heard(), /connection: close/i);
    await until('over', isOver);
  });

  it('refuses as soon what a web page can send, although it has asked for a nonce', async () => {
    const { socket, heard, isOver } = await withNonce();
    socket.write(postHead(4_000_000, 'text/plain'));
    await until('refused', () => heard().includes('HTTP/1.1 401 '));
    await until('over', isOver);
  });

  it('refuses what its secret did not seal, and what comes again over the same connection', async () => {
    const { socket, heard } = await withNonce();
    const answers = (): number => heard().split('HTTP/1.1 401 ').length - 1;
    for (const count of [1, 2]) {
      socket.write(`${postHead(40)}${'A'.repeat(40)}`);
      await until(`refused ${count} times`, () => answers() === count);
    }
  });

  it('takes one request of a window over each connection, for what it was sealed for', async () => {
    const { line } = await found();
    const sent = async (): Promise<number | undefined> => {
      const answer = await line.send('refresh', { keyId: 'none' }, AbortSignal.timeout(60_000));
      await text(answer);
      // The connection is free for another request after that.
      await setImmediate();
      return answer.statusCode;
    };
    assert.equal(await sent(), 200);
    assert.equal(await sent(), 401);
    line.dispose();
    const other = await found();
    const closed = other.line.seal.close.bind(other.line.seal);
    other.line.seal.close = (_, body) => closed(purposes.request('stop'), body);
    const { statusCode } = await other.line.send('forget', {}, AbortSignal.timeout(60_000));
    assert.equal(statusCode, 401);
    other.line.dispose();
  });

  it('holds 8 MiB of unproven bodies at most, and serves a window meanwhile', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, withNonce));
    for (const { socket } of many) {
      socket.write(postHead(bigBytes + 1));
      socket.write(Buffer.alloc(bigBytes));
    }
    const live = (): number => many.filter(({ isOver }) => !isOver()).length;
    await until('most are cut', () => live() * bigBytes <= 8 * 1024 * 1024);
    assert.ok(await isWindowServed());
  });

  it('gives an unproven body five seconds', async () => {
    const { socket, isOver } = await withNonce();
    socket.write(postHead(100));
    await until('cut', isOver);
  });

  it('logs nothing worth a look when a stranger hangs up in the middle', async () => {
    const { socket, isOver } = await withNonce();
    socket.write(`${postHead(100)}some`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await until('over', isOver);
    await until('a line at debug', () => host.log.some((line) => line.startsWith('debug ')));
    assert.deepEqual(
      host.log.filter((line) => !line.startsWith('debug ')),
      [],
    );
  });

  it('serves a window whose nonce is older than 1,500 that strangers asked for', async () => {
    const { line } = await found();
    const { socket, heard } = stranger();
    socket.write('GET /health?nonce=abc HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_500));
    await until('all are answered', () => heard().split('hostNonce').length > 1_500);
    const { statusCode } = await line.send('refresh', { keyId: 'none' }, AbortSignal.timeout(60_000));
    assert.equal(statusCode, 200);
    line.dispose();
  });

  it('names neither machine nor folder to strangers; a window learns the folder', async () => {
    const { socket, heard } = stranger();
    socket.write('GET /health?nonce=abc HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('answered', () => heard().includes('hostNonce'));
    assert.doesNotMatch(heard(), /secret-/);
    assert.match(heard(), /"product":"Test Code"/);
    assert.match(heard(), /cross-origin-resource-policy: same-origin/);
    const { line, window } = await found();
    assert.equal(window, 'secret-folder');
    line.dispose();
  });
});
