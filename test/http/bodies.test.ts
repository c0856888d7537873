// Bodies are kept for retries as far as there is room; what is larger passes through once, with bounded memory.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Bodies, type Body } from '../../src/proxy/bodies';
import { Refusal } from '../../src/proxy/refusal';
import { RawSocket } from './client';
import { collectGarbage } from '../support/garbage';
import { FREE, PAID, PROXY_KEY, realTime, withRig, type Rig } from './support';

const mebibyte = 1024 * 1024;

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a `Bodies` with small bounds makes of real requests. */
async function withBodies(
  use: (
    bodies: Bodies,
    send: (body: Buffer, isChunked?: boolean) => Promise<Body | Refusal>,
  ) => Promise<void>,
): Promise<void> {
  const bodies = new Bodies({ longestBytes: 1_000, togetherBytes: 3_000, shortBytes: 100 });
  let arrived: (result: Body | Refusal) => void = () => undefined;
  const server = createServer((request: IncomingMessage, response) => {
    bodies
      .read(request, 0, new AbortController().signal)
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
  const send = async (body: Buffer, isChunked = false): Promise<Body | Refusal> =>
    await new Promise((resolve) => {
      arrived = resolve;
      const sent = httpRequest({ port, method: 'POST', agent: false });
      sent.on('error', () => undefined);
      if (isChunked) sent.setHeader('transfer-encoding', 'chunked');
      sent.end(body);
    });
  try {
    await use(bodies, send);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function passed(body: Body | Refusal): Promise<Buffer> {
  assert.ok(!(body instanceof Refusal) && body.passing !== null);
  const chunks: Buffer[] = [];
  for await (const chunk of body.passing()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('bodies', () => {
  it('are kept up to their bound, and their place is given back once', async () => {
    await withBodies(async (bodies, send) => {
      const body = await send(Buffer.alloc(900, 1));
      assert.ok(!(body instanceof Refusal));
      assert.deepEqual([body.bytes?.length, body.passing, bodies.kept], [900, null, 900]);
      body.release();
      body.release();
      assert.deepEqual([body.bytes, bodies.kept], [null, 0]);
    });
  });

  it('beyond it pass through once, told length or not', async () => {
    await withBodies(async (bodies, send) => {
      for (const isChunked of [false, true]) {
        const bytes = randomBytes(200_000);
        const body = await send(bytes, isChunked);
        assert.ok(!(body instanceof Refusal));
        assert.ok((body.beginning?.length ?? 0) > 100);
        assert.equal(body.length, isChunked ? null : 200_000);
        assert.ok((await passed(body)).equals(bytes));
        body.release();
        assert.equal(bodies.kept, 0);
      }
    });
  });

  it('that nobody waits for any more give their place back, and take none for what still comes', async () => {
    const bodies = new Bodies();
    const gone = new AbortController();
    const server = createServer();
    const read = new Promise<unknown>((resolve) => {
      server.on('request', (request) => void bodies.read(request, 0, gone.signal).catch(resolve));
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

  it('where all together fill the room pass through if they are long, else are refused', async () => {
    await withBodies(async (bodies, send) => {
      const kept = [
        await send(Buffer.alloc(1_000)),
        await send(Buffer.alloc(1_000)),
        await send(Buffer.alloc(950)),
      ];
      assert.equal(bodies.kept, 2_950);
      const long = Buffer.alloc(500, 7);
      assert.ok((await passed(await send(long))).equals(long));
      for (const isChunked of [false, true]) {
        const refused = await send(Buffer.alloc(80), isChunked);
        assert.ok(refused instanceof Refusal);
        assert.deepEqual([refused.status, refused.code], [503, 'busy_with_bodies']);
      }
      assert.equal(bodies.kept, 2_950);
      for (const body of kept) if (!(body instanceof Refusal)) body.release();
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

/** The most that buffers held beyond what they held before, while `run` ran: live ones alone. */
async function peakBytes(run: () => Promise<unknown>): Promise<number> {
  const held = (): number => {
    collectGarbage();
    // What the first has found dead is given back behind it, on a busy machine much later; the second waits for that.
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, held() - before)), 100);
  await run();
  clearInterval(sampling);
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

  it('of 70 MB pass through once, told length or not', async () => {
    await withRig(options, async (rig) => {
      await upload(rig, multipart(70_000_000));
      assert.equal(rig.attempts.length, 1);
      const { body, headers } = multipart(70_000_000);
      const chunked = [...headers, 'Transfer-Encoding', 'chunked'];
      const reply = await rig.ask({ path: '/v1/audio/transcriptions', headers: chunked, body });
      assert.equal(reply.status, 200);
      assert.equal(rig.attempts.at(-1)?.bodySha256, sha256(body));
    });
  });

  it('of 70 MB whose error would be tried again give the error back, since they are gone', async () => {
    await withRig(options, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'providerDown' } });
      const text = ' '.repeat(70_000_000);
      const body = `{"messages":[{"model":"not/this"}],"model":"${FREE}","stream":true,"padding":"${text}"}`;
      const reply = await rig.ask({ body });
      assert.equal(reply.status, 502);
      assert.equal(rig.attempts.length, 1);
      assert.equal(rig.service.activity()[0]?.model, FREE);
      assert.equal(rig.service.activity()[0]?.class, 'free');
      assert.equal(rig.service.activity()[0]?.streaming, true);
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

  it('when 256 MiB are promised already: a short one is told to come again, a long one passes through', async () => {
    await withRig({ clock: realTime(), simulator: { keepBodyBytes: 0 } }, async (rig) => {
      const head = (length: number): string =>
        `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\nContent-Length: ${length}\r\n\r\n`;
      const sockets: RawSocket[] = [];
      for (let count = 0; count < 4; count++) {
        const socket = await RawSocket.open(rig.port);
        socket.write(`${head(64 * mebibyte)}{`);
        sockets.push(socket);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      const refused = await rig.ask();
      assert.equal(refused.status, 503);
      assert.equal(refused.header('retry-after'), '5');
      assert.equal(refused.header('x-keywheel-refusal'), 'busy_with_bodies');
      await upload(rig, multipart(2 * mebibyte));
      assert.equal((await rig.ask({ method: 'GET', path: '/v1/models' })).status, 200);
      for (const socket of sockets) socket.leave();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal((await rig.ask()).status, 200);
    });
  });

  it('that upstream refuses before it has all of them leave the client’s connection usable', async () => {
    await withRig({ clock: realTime(), simulator: { keepBodyBytes: 0 } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'tooLarge' } });
      const socket = await RawSocket.open(rig.port);
      const { body } = multipart(66 * mebibyte);
      socket.write(
        `POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\nContent-Type: multipart/form-data; boundary=xx\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      socket.write(body);
      await socket.until(/^HTTP\/1\.1 413 /, 20_000);
      socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await socket.until(/HTTP\/1\.1 200 [^]*"status":"ok"/, 20_000);
      socket.leave();
    });
  });
});
