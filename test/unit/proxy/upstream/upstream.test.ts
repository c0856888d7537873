import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../../../../src/proxy/errors/outcome';
import type { Reply } from '../../../../src/proxy/upstream/reply';
import { Upstream } from '../../../../src/proxy/upstream/upstream';
import { ManualClock } from '../../../support/manualClock';
import { directRoute } from '../../../../src/proxy/upstream/networkRoute';

const body = 'a'.repeat(1_000);

/** Ways in which upstream ends its connection once all of its answer is written. */
const endings = {
  'ends it': (socket: Socket) => socket.end(),
  'resets it': (socket: Socket) => socket.resetAndDestroy(),
};

/** Ways in which an answer marks its end, where its connection is closed after it. */
const framings = {
  'a length': `content-length: ${body.length}\r\n\r\n${body}`,
  'no length': `\r\n${body}`,
  'too great a length': `content-length: ${2 * body.length}\r\n\r\n${body}`,
  'no body yet': `content-length: ${body.length}\r\n\r\n`,
};

describe('An answer whose connection upstream closes while nobody reads', () => {
  let server: Server;
  let upstream: Upstream;
  let accepted: Promise<Socket>;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    accepted = once(server, 'connection').then(([socket]) => socket as Socket);
    const { port } = server.address() as AddressInfo;
    upstream = new Upstream(new ManualClock(), {
      upstreamUrl: `http://127.0.0.1:${port}/api/v1`,
      networkRoute: directRoute,
    });
  });

  afterEach(() => {
    upstream.close();
    server.close();
  });

  for (const [how, close] of Object.entries(endings)) {
    for (const [framing, rest] of Object.entries(framings)) {
      it(`is told to its reader, who comes later, and no bug: upstream ${how}, after ${framing}`, async () => {
        const reply = await answered(`HTTP/1.1 200 OK\r\nconnection: close\r\n${rest}`, close);
        await delay(50);
        const { text, ending } = await read(reply);
        assert.ok(body.startsWith(text));
        if (how === 'ends it' && (framing === 'a length' || framing === 'no length')) {
          assert.equal(text, body);
          assert.equal(ending, 'end');
        } else if (ending === 'end') assert.equal(text, body);
        else assert.equal(ending, 'cut');
      });
    }
  }

  async function answered(bytes: string, close: (socket: Socket) => unknown): Promise<Reply> {
    const request = {
      method: 'GET',
      path: '/models',
      key: null,
      body: null,
      fresh: false,
    } as const;
    const steps = { onSent: () => undefined };
    const handler = upstream.send(
      { ...request, headers: [], headTimeoutMs: 10_000 },
      steps,
      new AbortController().signal,
    );
    const socket = await accepted;
    socket.on('error', () => undefined);
    await once(socket, 'data');
    socket.write(bytes, () => setTimeout(() => close(socket), 20));
    const sent = await handler;
    return 'reply' in sent ? sent.reply : assert.fail(sent.fault.code);
  }
});

async function read(
  reply: Reply,
): Promise<{ readonly text: string; readonly ending: Fault['code'] | 'end' }> {
  return await new Promise((resolve) => {
    let text = '';
    reply.readInto({
      data: (chunk) => (text += chunk.toString('latin1')),
      end: () => resolve({ text, ending: 'end' }),
      fault: ({ code }) => resolve({ text, ending: code }),
    });
  });
}
