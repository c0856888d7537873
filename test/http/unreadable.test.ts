// Answers whose head is no valid HTTP: upstream did answer, so a paid request is not sent again.
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { FREE, PAID, withRig, type Rig } from './support';

const answer = '{"id":"g","model":"x/y","choices":[{"message":{"content":"Hi"}}]}';
const json = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const length = `Content-Length: ${answer.length}\r\n`;
const good = `${json}${length}\r\n${answer}`;
const chunked = `${answer.length.toString(16)}\r\n${answer}\r\n0\r\n\r\n`;

const heads: readonly (readonly [string, string])[] = [
  ['has two lengths', `${json}${length}${length}\r\n${answer}`],
  ['has a length and is in chunks', `${json}Transfer-Encoding: chunked\r\n${length}\r\n${chunked}`],
  ['has a space in a name', `${json}x y: 1\r\n${length}\r\n${answer}`],
  ['has a control character in a value', `${json}X-A: a\x01b\r\n${length}\r\n${answer}`],
  ['comes after 100 Continue that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${good}`],
  ['comes behind thousands of heads that are no answer', 'HTTP/1.1 103 E\r\n\r\n'.repeat(3_000) + good],
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['is no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n'],
];

/** An upstream that answers model requests, one after the other, with these bytes; the last one again and again. */
class RawUpstream {
  asked = 0;
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.serve(socket));

  private constructor(private readonly answers: readonly string[]) {}

  static async start(...answers: readonly string[]): Promise<RawUpstream> {
    const upstream = new RawUpstream(answers);
    await new Promise<void>((resolve) => upstream.server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1`;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  /** Serves requests that each come in one piece. */
  private serve(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (chunk.toString('latin1').startsWith('GET /api/v1/key ')) {
        socket.end(`${json}Content-Length: 11\r\n\r\n{"data":{}}`);
        return;
      }
      const text = this.answers[Math.min(this.asked++, this.answers.length - 1)] ?? '';
      socket.write(Buffer.from(text, 'latin1'));
    });
  }
}

async function withUpstream(
  answers: readonly string[],
  use: (rig: Rig, upstream: RawUpstream) => Promise<void>,
): Promise<void> {
  using upstream = await RawUpstream.start(...answers);
  await withRig({ settings: { upstreamUrl: upstream.url } }, async (rig) => {
    await use(rig, upstream);
  });
}

describe('an answer whose head', () => {
  for (const [title, text] of heads) {
    it(`${title} is not asked for again`, async () => {
      for (const model of [PAID, FREE]) {
        await withUpstream([text], async (rig, upstream) => {
          const reply = await rig.get({ model });
          assert.equal(reply.status, 502);
          assert.equal(reply.header('x-keywheel-refusal'), 'upstream_unfit');
          assert.match(reply.text, /not valid HTTP/);
          assert.equal(upstream.asked, 1);
          assert.equal(rig.service.activity()[0]?.attempts[0]?.outcome, 'unreadable');
        });
      }
    });
  }

  it('cannot be read on a connection that had served before is asked for once more on another, unless it costs money', async () => {
    for (const [model, asked] of [
      [FREE, 3],
      [PAID, 2],
    ] as const) {
      await withUpstream([good, 'rest of another answer', good], async (rig, upstream) => {
        assert.equal((await rig.get({ model })).status, 200);
        const connections = upstream.connections;
        assert.equal((await rig.get({ model })).status, model === FREE ? 200 : 502);
        assert.equal(upstream.asked, asked);
        assert.equal(upstream.connections - connections, asked - 2);
      });
    }
  });
});
