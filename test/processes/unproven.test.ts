/** A host among strangers: they learn no names, cost no memory, and keep no window out. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { askHost, identify } from '../../src/hosting/hostLine';
import { processorMs } from '../support/processorTime';
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

  /** One connection of a stranger; `heard` returns all answers. */
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

  function postHead(length: number, headers: readonly string[] = []): string {
    const lines = ['POST /host/keys HTTP/1.1', 'Host: x', `Content-Length: ${length}`, ...headers];
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  /** A stranger's request after it has asked for a nonce: only the secret is missing. */
  async function forged(): Promise<ReturnType<typeof stranger> & { readonly headers: readonly string[] }> {
    const made = stranger();
    made.socket.write('GET /health?nonce=abc HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('a nonce', () => made.heard().includes('hostNonce'));
    const hostNonce = /"hostNonce":"([^"]+)"/.exec(made.heard())?.[1] ?? assert.fail('no nonce');
    const headers = [
      'X-Keywheel-Nonce: abc',
      `X-Keywheel-Host-Nonce: ${hostNonce}`,
      'X-Keywheel-Signature: AAAA',
    ];
    return { ...made, headers };
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

  it('refuses a nonce that was given to another connection, or to none', async () => {
    const { headers } = await forged();
    for (const [name, value] of [
      ['of another connection', headers[1]],
      ['never given', 'X-Keywheel-Host-Nonce: AAAA'],
    ] as const) {
      const { socket, heard } = stranger();
      socket.write(postHead(4_000_000, ['X-Keywheel-Nonce: abc', value ?? '', 'X-Keywheel-Signature: AAAA']));
      await until(name, () => heard().startsWith('HTTP/1.1 401 '));
    }
  });

  it('holds 8 MiB of unproven bodies at most, and serves a window meanwhile', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, forged));
    for (const { socket, headers } of many) {
      socket.write(postHead(bigBytes + 1, headers));
      socket.write(Buffer.alloc(bigBytes));
    }
    const live = (): number => many.filter(({ isOver }) => !isOver()).length;
    await until('most are cut', () => live() * bigBytes <= 8 * 1024 * 1024);
    assert.ok(await isWindowServed());
  });

  it('reads unproven bodies at the price of their bytes, however many others wait', async () => {
    const many = await Promise.all(Array.from({ length: 2_000 }, forged));
    for (const [index, { socket, headers }] of many.entries())
      socket.write(`${postHead(1_000, headers)}${'x'.repeat((index * 7_919) % 887)}`);
    const costs = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        for (const { socket } of many) socket.write('x');
        assert.ok(await isWindowServed());
      }
    };
    // One try alone, because a second one would come after the five seconds of these bodies.
    const tookMs = await processorMs(costs, Number.POSITIVE_INFINITY);
    assert.ok(tookMs < 2_500, `${tookMs.toFixed(0)} ms`);
  });

  it('gives an unproven body five seconds', async () => {
    const { socket, headers, isOver } = await forged();
    socket.write(postHead(100, headers));
    await until('cut', isOver);
  });

  it('logs nothing worth a look when a stranger hangs up in the middle', async () => {
    const { socket, headers, isOver } = await forged();
    socket.write(`${postHead(100, headers)}some`);
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
    const who = await identify(host.port, host.identity);
    const { line } = who.kind === 'ours' ? who : assert.fail(who.kind);
    const { socket, heard } = stranger();
    socket.write('GET /health?nonce=abc HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_500));
    await until('all are answered', () => heard().split('hostNonce').length > 1_500);
    const body = Buffer.from('{"keyId":"none"}');
    const request = { method: 'POST', path: '/host/refresh', body } as const;
    const { statusCode } = await line.send(request, AbortSignal.timeout(60_000));
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
    const who = await identify(host.port, host.identity);
    assert.equal(who.kind === 'ours' && who.window, 'secret-folder');
    if (who.kind === 'ours') who.line.dispose();
  });
});
