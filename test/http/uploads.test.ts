// Bodies that go up over a slow line: a slow upload is not silence, one that stands still is.
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { FREE, PAID, withRig, type Rig } from './support';

const mebibyte = 1024 * 1024;
const events = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n';

/** An upstream that takes as much of each body as it is let, and answers once it has all of it. */
class SlowUpstream {
  /** Model requests that have begun to arrive. */
  begun = 0;
  private readonly lines = new Set<Line>();
  private readonly server = createServer((socket) => this.lines.add(new Line(socket, () => this.begun++)));

  static async start(): Promise<SlowUpstream> {
    const upstream = new SlowUpstream();
    await new Promise<void>((resolve) => upstream.server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1`;
  }

  take(bytes: number): void {
    for (const line of this.lines) line.take(bytes);
  }

  [Symbol.dispose](): void {
    for (const line of this.lines) line.close();
    this.server.close();
  }
}

class Line {
  private received = 0;
  private allowed = 1;
  private expected: number | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly onModelRequest: () => void,
  ) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.data(chunk));
  }

  take(bytes: number): void {
    this.allowed = this.received + bytes;
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }

  private data(chunk: Buffer): void {
    if (this.expected === null) {
      const head = chunk.toString('latin1');
      if (head.startsWith('GET ')) {
        this.socket.end(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"data":{}}',
        );
        return;
      }
      this.onModelRequest();
      this.expected = head.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
    }
    this.received += chunk.length;
    if (this.received >= this.allowed) this.socket.pause();
    if (this.received < this.expected) return;
    this.socket.end(
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n${events}`,
    );
  }
}

async function withSlowUpstream(use: (rig: Rig, upstream: SlowUpstream) => Promise<void>): Promise<void> {
  using upstream = await SlowUpstream.start();
  const settings = { upstreamUrl: upstream.url, keepAliveAfterSeconds: 3600 };
  await withRig({ settings }, async (rig) => await use(rig, upstream));
}

function longBody(model: string): Readonly<Record<string, unknown>> {
  return { model, stream: true, messages: [{ role: 'user', content: 'x'.repeat(30 * mebibyte) }] };
}

describe('a long body', () => {
  for (const [name, model] of [
    ['free', FREE],
    ['paid', PAID],
  ] as const) {
    it(`of a ${name} model that goes up slowly is no silence, and is sent once`, async () => {
      await withSlowUpstream(async (rig, upstream) => {
        const asked = rig.ask({ body: longBody(model) });
        for (let minutes = 0; minutes < 6; minutes++) {
          await rig.pass(60_000);
          upstream.take(4 * mebibyte);
        }
        await rig.pass(60_000);
        upstream.take(Number.POSITIVE_INFINITY);
        const reply = await rig.drive(asked);
        assert.equal(reply.status, 200);
        assert.equal(reply.text, events);
        assert.equal(upstream.begun, 1);
      });
    });
  }

  it('that stands still is given up, and tried once more', async () => {
    await withSlowUpstream(async (rig, upstream) => {
      const beganAtMs = rig.clock.wallMs();
      const reply = await rig.get({ body: longBody(PAID) });
      assert.equal(reply.status, 504);
      assert.equal(reply.header('x-keywheel-refusal'), 'upstream_silent');
      assert.equal(upstream.begun, 2);
      assert.ok(rig.clock.wallMs() - beganAtMs < 200_000);
    });
  });
});
