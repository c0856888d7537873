// The commit to an answer: preambles are held and replaceable, heads are not held for ever, interim answers pass.
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { dataOf, RawSocket, rawChat } from './client';
import { PAID, PROXY_KEY, realTime, withRig, type Rig, type StartOptions } from './support';

const sse = { 'Content-Type': 'text/event-stream' };

function events(...values: readonly unknown[]): string {
  return values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
}

const preambles: Readonly<Record<string, string>> = {
  '/api/v1/chat/completions': events({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }),
  '/api/v1/responses': events(
    { type: 'response.created', response: {} },
    { type: 'response.in_progress', response: {} },
  ),
  '/api/v1/messages': events({ type: 'message_start', message: { content: [] } }, { type: 'ping' }),
};
const failures: Readonly<Record<string, string>> = {
  '/api/v1/chat/completions': events({ error: { code: 502, message: 'Down' }, choices: [] }),
  '/api/v1/responses': events({
    type: 'response.failed',
    response: { error: { code: 'server_error', message: 'Down' } },
  }),
  '/api/v1/messages': events({ type: 'error', error: { type: 'overloaded_error', message: 'Down' } }),
};

describe('a stream that has only begun', () => {
  it('is replaced when an error follows, and the client sees the second one alone', async () => {
    for (const [path, preamble] of Object.entries(preambles)) {
      await withRig({}, async (rig) => {
        const body = preamble + (failures[path] ?? '');
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers: sse, body } });
        const reply = await rig.get({ path, stream: true });
        assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes, path);
        assert.equal(rig.attempts.length, 2);
      });
    }
  });

  it('that ends without a word is asked for again', async () => {
    for (const [path, body] of Object.entries(preambles)) {
      await withRig({}, async (rig) => {
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers: sse, body } });
        const reply = await rig.get({ path, stream: true });
        assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes, path);
      });
    }
  });

  it('gives its client a sign of life after 4 s, and what was held in its order later', async () => {
    const output = events({ choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] });
    await withUpstream(async (rig, socket) => {
      const seen: string[] = [];
      const fromMs = Date.now();
      const asked = rig.ask({ stream: true, model: PAID, onData: (text) => seen.push(text) });
      const upstream = await socket();
      const preamble = preambles['/api/v1/chat/completions'] ?? '';
      upstream.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${preamble}`);
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const tookMs = Date.now() - fromMs;
      assert.ok(tookMs >= 3_900, String(tookMs));
      assert.match(seen.join(''), /^: keywheel[^\n]*\n\n$/);
      upstream.end(`${output}data: [DONE]\n\n`);
      const reply = await asked;
      assert.equal(reply.header('content-type'), 'text/event-stream');
      assert.equal(
        reply.text.replace(/^(?:: keywheel[^\n]*\n\n)+/, ''),
        `${preamble}${output}data: [DONE]\n\n`,
      );
    });
  });
});

describe('an answer that is not streamed', () => {
  it('shows its head after 240 s with the blanks that came, and stays byte for byte', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'comments', count: 40, delayMs: 7_000 } });
      const seen: string[] = [];
      const asked = rig.ask({ model: PAID, onData: (text) => seen.push(text) });
      await rig.pass(239_000);
      assert.equal(seen.length, 0);
      await rig.pass(1_500);
      assert.match(seen.join(''), /^\s+$/);
      const reply = await rig.drive(asked);
      assert.match(reply.header('content-type') ?? '', /^application\/json/);
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
      assert.equal(rig.attempts.length, 1);
      assert.equal(rig.service.activity()[0]?.end, 'answered');
    });
  });

  it('shows its head after 240 s though nothing came behind it', async () => {
    await withUpstream(async (rig, socket) => {
      const client = await RawSocket.open(rig.port);
      client.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID })));
      const upstream = await socket();
      upstream.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n');
      await rig.pass(239_000);
      assert.equal(client.text, '');
      await rig.pass(1_500);
      assert.match(await client.until(/\r\n\r\n$/, 2_000), /^HTTP\/1\.1 200 OK\r\n/);
      upstream.write('{}');
      await client.until(/\r\n\r\n\{\}$/, 2_000);
      client.leave();
    }, {});
  });

  it('that turns out to be an error after that counts as failed', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({
        fault: [
          { kind: 'comments', count: 40, delayMs: 7_000 },
          { kind: 'choiceError', error: 'providerDown' },
        ],
      });
      assert.equal((await rig.get({ model: PAID })).status, 200);
      assert.equal(rig.service.activity()[0]?.end, 'failed');
    });
  });
});

describe('what comes before an answer', () => {
  const early =
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Keywheel-Key: forged\r\n\r\n';
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-keywheel-key: forged\r\nContent-Length: 2\r\n\r\n{}`;

  it('passes to a client of HTTP/1.1, and no word of ours is forged', async () => {
    await withUpstream(async (rig, socket) => {
      const client = await RawSocket.open(rig.port);
      client.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID })));
      (await socket()).write(early + answer);
      const text = await client.until(/\{\}$/);
      assert.match(
        text,
        /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\n\r\nHTTP\/1\.1 200/,
      );
      assert.doesNotMatch(text, /forged/);
      client.leave();
    });
  });

  it('is dropped where the client does not take it', async () => {
    await withUpstream(async (rig, socket) => {
      const client = await RawSocket.open(rig.port);
      client.socket.pause();
      client.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID })));
      const hint = `HTTP/1.1 103 Early Hints\r\nLink: <${'a'.repeat(15_900)}>\r\n\r\n`;
      const upstream = await socket();
      await new Promise((resolve) => upstream.write(hint.repeat(999) + answer, resolve));
      client.socket.resume();
      const text = await client.until(/\{\}$/);
      const passed = text.split('103 Early Hints').length - 1;
      assert.ok(passed > 0 && passed < 999, `${passed} of 999`);
      client.leave();
    });
  });

  it('stays away from one of HTTP/1.0', async () => {
    await withUpstream(async (rig, socket) => {
      const client = await RawSocket.open(rig.port);
      client.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID })).replace('HTTP/1.1', 'HTTP/1.0'));
      (await socket()).write(early + answer);
      assert.match(await client.until(/\{\}$/), /^HTTP\/1\.1 200/);
      client.leave();
    });
  });
});

describe('an error nested deeper than anybody reads', () => {
  it('is an error like others, in the first event and behind our own comments', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const body = `data: {"choices":[],"error":{"code":400,"message":"So not.","metadata":{"x":${deep}}}}\n\n`;
    await withRig({}, async (rig) => {
      rig.simulator.script({
        path: '/chat/completions',
        fault: { kind: 'respond', status: 200, headers: sse, body },
      });
      assert.equal((await rig.get({ stream: true })).status, 400);
      rig.simulator.script({
        path: '/chat/completions',
        fault: { kind: 'error', error: 'providerOverloaded', retryAfterSeconds: 60 },
      });
      rig.simulator.script({
        path: '/chat/completions',
        fault: { kind: 'respond', status: 200, headers: sse, body },
      });
      const reply = await rig.get({ stream: true, model: PAID });
      assert.equal(reply.status, 200);
      assert.match(dataOf(reply.text).at(-1) ?? '', /So not\./);
    });
  });
});

/** A rig whose upstream is a bare socket: `socket` resolves with the one that got the model's request. */
async function withUpstream(
  use: (rig: Rig, socket: () => Promise<Socket>) => Promise<void>,
  time: Pick<StartOptions, 'clock'> = { clock: realTime() },
): Promise<void> {
  const server: Server = createServer();
  const asked = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        if (bytes.toString('latin1').startsWith('POST')) resolve(socket);
        else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstreamUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  try {
    await withRig({ ...time, settings: { upstreamUrl }, isRead: false }, (rig) => use(rig, () => asked));
  } finally {
    server.close();
  }
}
