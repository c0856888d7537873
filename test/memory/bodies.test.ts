// Bodies of models are kept for retries as far as there is room; others stream up unread, with bounded memory.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { Canceller } from '../../src/base/signal';
import { SilenceWatch } from '../../src/base/silence';
import { Bodies, type Body } from '../../src/proxy/request/bodies';
import { ClientHeaders } from '../../src/proxy/request/headers';
import { Refusal } from '../../src/proxy/errors/refusal';
import { RawSocket } from '../http/client';
import { ManualClock } from '../support/manualClock';
import { collectGarbage } from '../support/garbage';
import { PAID, PROXY_KEY, realTime, withRig, type Rig } from '../http/support';

const mebibyte = 1024 * 1024;

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Gives real requests to a `Bodies` with small bounds. */
async function withBodies(
  use: (
    bodies: Bodies,
    send: (body: Buffer, how?: How) => Promise<Body | Refusal>,
    clock: ManualClock,
  ) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const bodies = new Bodies(clock, { longestBytes: 1_000, togetherBytes: 3_000, shortBytes: 100 });
  let arrived: (result: Body | Refusal) => void = () => undefined;
  let runsModel = true;
  const server = createServer((request: IncomingMessage, response) => {
    bodies
      .read(request, {
        ...{ runsModel, signal: new Canceller() },
        watch: new SilenceWatch(clock),
        headers: new ClientHeaders(request.rawHeaders),
      })
      .catch((error: unknown) => {
        if (error instanceof Refusal) return error;
        throw error;
      })
      .then((result) => arrived(result))
      .catch((error: unknown) => void response.destroy(error as Error));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const send = async (body: Buffer, how: How = {}): Promise<Body | Refusal> =>
    await new Promise((resolve) => {
      arrived = resolve;
      runsModel = how.runsModel ?? true;
      const sent = httpRequest({ port, method: 'POST', agent: false });
      sent.on('error', () => undefined);
      if (how.isChunked === true) sent.setHeader('transfer-encoding', 'chunked');
      if (how.coding !== undefined) sent.setHeader('content-encoding', how.coding);
      if (how.length !== undefined) sent.setHeader('content-length', how.length);
      if (how.length === undefined) sent.end(body);
      else sent.write(body);
    });
  try {
    await use(bodies, send, clock);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

interface How {
  /** Default true. */
  readonly runsModel?: boolean;
  readonly isChunked?: boolean;
  readonly coding?: string;
  /** The announced length; the body itself may be shorter. */
  readonly length?: number;
}

function refused(body: Body | Refusal, status: number): void {
  assert.ok(body instanceof Refusal);
  assert.equal(body.status, status);
}

async function passed(body: Body | Refusal): Promise<Buffer> {
  assert.ok(!(body instanceof Refusal) && body.passing !== null);
  const chunks: Buffer[] = [];
  for await (const chunk of body.passing()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('bodies', () => {
  it('of models are kept up to their bound, and their room is given back once', async () => {
    await withBodies(async (bodies, send) => {
      for (const isChunked of [false, true]) {
        const body = await send(Buffer.alloc(900, 1), { isChunked });
        assert.ok(!(body instanceof Refusal));
        assert.deepEqual([body.bytes?.length, body.passing, bodies.kept], [900, null, 900]);
        body.release();
        body.release();
        assert.deepEqual([body.bytes, bodies.kept], [null, 0]);
        refused(await send(Buffer.alloc(200_000), { isChunked }), 413);
        assert.equal(bodies.kept, 0);
      }
    });
  });

  it('that run no model pass through unread, told length or not, but for short ones', async () => {
    await withBodies(async (bodies, send) => {
      for (const isChunked of [false, true]) {
        const bytes = randomBytes(200_000);
        const body = await send(bytes, { isChunked, runsModel: false });
        assert.ok(!(body instanceof Refusal));
        assert.deepEqual([body.bytes, body.length, bodies.kept], [null, isChunked ? null : 200_000, 0]);
        assert.ok((await passed(body)).equals(bytes));
        body.release();
      }
      const short = await send(Buffer.from('short'), { runsModel: false, coding: 'gzip' });
      assert.ok(!(short instanceof Refusal));
      assert.equal(String(short.bytes), 'short');
    });
  });

  it('that pass through in single bytes stay with the client while nobody takes them', async () => {
    const clock = new ManualClock();
    let stream: Readable | null = null;
    const server = createServer((request) => {
      const headers = new ClientHeaders(request.rawHeaders);
      const reader = { headers, runsModel: false, signal: new Canceller(), watch: new SilenceWatch(clock) };
      void new Bodies(clock).read(request, reader).then((body) => (stream = body.passing?.() ?? null));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    try {
      client.write('POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n');
      client.write('1\r\na\r\n'.repeat(1_000_000));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const held = (stream as Readable | null)?.readableLength ?? 0;
      assert.ok(held > 0 && held < 256 * 1024, `${held} bytes`);
    } finally {
      client.destroy();
      server.closeAllConnections();
      server.close();
    }
  });

  it('that are coded are decoded, within the same bounds', async () => {
    await withBodies(async (bodies, send) => {
      const text = Buffer.from('{"model":"x/y:free"}');
      for (const [coding, coded] of [
        ['gzip', gzipSync(text)],
        ['X-Gzip', gzipSync(text)],
        ['deflate', deflateSync(text)],
        ['br', brotliCompressSync(text)],
        ['gzip, identity, br', brotliCompressSync(gzipSync(text))],
      ] as const) {
        const body = await send(coded, { coding });
        assert.ok(!(body instanceof Refusal), coding);
        assert.deepEqual([String(body.bytes), body.isDecoded], [String(text), true]);
        assert.equal(bodies.kept, text.length);
        body.release();
        assert.equal(bodies.kept, 0);
      }
      for (const [coding, coded, status] of [
        ['lzma', text, 415],
        ['gzip', text, 415],
        ['gzip', gzipSync(text).subarray(0, -9), 415],
        ['gzip, gzip, gzip, gzip, gzip, gzip', text, 415],
        ['gzip', gzipSync(Buffer.alloc(10_000_000)).subarray(0, 900), 413],
        // The first coding's output is long, although the second decodes it to nothing.
        ['gzip, gzip', gzipSync(Buffer.concat(Array<Buffer>(100).fill(gzipSync('')))), 415],
      ] as const) {
        refused(await send(coded, { coding }), status);
        assert.equal(bodies.kept, 0);
      }
    });
  });

  it('that nobody waits for any more give their room back, and take none for what still comes', async () => {
    const clock = new ManualClock();
    const bodies = new Bodies(clock);
    const gone = new Canceller();
    const server = createServer();
    const watch = new SilenceWatch(clock);
    const reader = { runsModel: true, signal: gone, watch };
    const read = new Promise<unknown>((resolve) => {
      server.on('request', (request) => {
        const headers = new ClientHeaders(request.rawHeaders);
        void bodies.read(request, { ...reader, headers }).catch(resolve);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const sent = httpRequest({ port, method: 'POST', agent: false });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(500));
    const until = async (kept: number): Promise<void> => {
      while (bodies.kept !== kept) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    await until(500);
    gone.abort(new Error('nobody waits'));
    assert.equal(String(await read), 'Error: nobody waits');
    assert.equal(bodies.kept, 0);
    sent.write(Buffer.alloc(500));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(bodies.kept, 0);
    sent.destroy();
    server.close();
  });

  it('take the room of what has come, not of what was announced, and are refused where there is none', async () => {
    await withBodies(async (bodies, send) => {
      for (let count = 0; count < 4; count++) void send(Buffer.alloc(1), { length: 1_000 });
      while (bodies.kept !== 4) await new Promise((resolve) => setTimeout(resolve, 2));
      const kept = [
        await send(Buffer.alloc(1_000)),
        await send(Buffer.alloc(1_000)),
        await send(Buffer.alloc(950)),
      ];
      assert.equal(bodies.kept, 2_954);
      for (const isChunked of [false, true]) refused(await send(Buffer.alloc(80), { isChunked }), 503);
      assert.equal(bodies.kept, 2_954);
      for (const body of kept) if (!(body instanceof Refusal)) body.release();
      assert.equal(bodies.kept, 4);
    });
  });

  it('that stand still for a minute are given up with 408', async () => {
    await withBodies(async (bodies, send, clock) => {
      const stuck = send(Buffer.alloc(500), { length: 1_000 });
      while (bodies.kept !== 500) await new Promise((resolve) => setTimeout(resolve, 2));
      await clock.run(59_000);
      assert.equal(bodies.kept, 500);
      await clock.run(2_000);
      refused(await stuck, 408);
      assert.equal(bodies.kept, 0);
    });
  });
});

function multipart(fileBytes: number): { body: Buffer; file: Buffer; headers: readonly string[] } {
  const file = randomBytes(fileBytes);
  const body = Buffer.concat([
    Buffer.from(`--xx\r\nContent-Disposition: form-data; name="model"\r\n\r\n${PAID}\r\n`),
    Buffer.from('--xx\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'),
    file,
    Buffer.from('\r\n--xx--\r\n'),
  ]);
  return { body, file, headers: ['Content-Type', 'multipart/form-data; boundary=xx'] };
}

/** The peak of live buffers while `run` ran, beyond those before. */
async function peakBytes(run: () => Promise<unknown>): Promise<number> {
  const held = (): number => {
    collectGarbage();
    // The first collection frees its finds afterwards, on a busy machine much later; the second one waits for that.
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  let peak = 0;
  let next: NodeJS.Timeout;
  const sample = (): void => {
    const startedAtMs = performance.now();
    peak = Math.max(peak, held() - before);
    // Pauses, because on a busy machine the collections would leave no time for the measured code.
    next = setTimeout(sample, Math.max(100, 4 * (performance.now() - startedAtMs)));
  };
  next = setTimeout(sample, 100);
  await run();
  clearTimeout(next);
  return peak;
}

async function upload(rig: Rig, { body, file, headers }: ReturnType<typeof multipart>): Promise<void> {
  const reply = await rig.ask({ path: '/v1/audio/transcriptions', headers, body });
  assert.equal(reply.status, 200);
  assert.equal((reply.json() as { sha256: string }).sha256, sha256(file));
  assert.equal(rig.attempts.at(-1)?.bodySha256, sha256(body));
}

describe('large files', () => {
  const options = {
    clock: realTime(),
    simulator: { keepBodyBytes: 0, answer: { downloadBytes: 50_000_000 } },
  };

  it('of 20 MB go up with less than twice their size in memory', async () => {
    await withRig(options, async (rig) => {
      const large = multipart(20_000_000);
      const peak = await peakBytes(() => upload(rig, large));
      assert.ok(peak < 2 * 20_000_000 + 2 * mebibyte, `${peak} bytes`);
    });
  });

  it('of 70 MB pass through once where no model runs, told length or not, and are too large where one does', async () => {
    await withRig(options, async (rig) => {
      const { body, headers } = multipart(70_000_000);
      for (const more of [[], ['Transfer-Encoding', 'chunked']]) {
        const up = await rig.ask({ path: '/v1/files', headers: [...headers, ...more], body });
        assert.equal(up.status, 200);
        assert.equal(rig.attempts.at(-1)?.bodySha256, sha256(body));
        const reply = await rig.ask({
          path: '/v1/audio/transcriptions',
          headers: [...headers, ...more],
          body,
        });
        assert.equal(reply.status, 413);
        assert.equal(reply.header('x-keywheel-refusal'), 'body_too_large');
      }
      assert.equal(rig.attempts.length, 2);
    });
  });

  it('of 50 MB come down with less than 20 MB in memory', async () => {
    await withRig(options, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.socket.removeAllListeners('data');
      let received = 0;
      socket.socket.on('data', (chunk: Buffer) => (received += chunk.length));
      const body = JSON.stringify({ model: PAID, input: 'Hi', voice: 'x' });
      const peak = await peakBytes(async () => {
        socket.write(
          `POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: ${PROXY_KEY}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        await socket.untilClosed();
      });
      assert.ok(received > 50_000_000);
      assert.ok(peak < 20_000_000, `${peak} bytes`);
    });
  });

  it('that are announced and do not come keep nobody out', async () => {
    await withRig({ clock: realTime(), simulator: { keepBodyBytes: 0 } }, async (rig) => {
      const sockets: RawSocket[] = [];
      for (let count = 0; count < 5; count++) {
        const socket = await RawSocket.open(rig.port);
        socket.write(
          `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\nContent-Length: ${64 * mebibyte}\r\n\r\n{`,
        );
        sockets.push(socket);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal((await rig.ask()).status, 200);
      for (const socket of sockets) socket.leave();
    });
  });

  it('that upstream refuses before it has all of them leave the client’s connection usable', async () => {
    await withRig({ clock: realTime(), simulator: { keepBodyBytes: 0 } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'tooLarge' } });
      const socket = await RawSocket.open(rig.port);
      const { body } = multipart(60 * mebibyte);
      socket.write(
        `POST /v1/files HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\nContent-Type: multipart/form-data; boundary=xx\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      socket.write(body);
      await socket.until(/^HTTP\/1\.1 413 /);
      socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await socket.until(/HTTP\/1\.1 200 [^]*"status":"ok"/);
      socket.leave();
    });
  });
});
