// Requests under /api/v1 pass as they came, except headers of one connection, and credentials.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync, deflateRawSync, gzipSync } from 'node:zlib';
import { OpenRouter } from '@openrouter/sdk';
import { ask, headersOf, RawSocket } from './client';
import { accountsOf, FREE, keyFor, PAID, PROXY_KEY, realTime, withRig, type Rig } from './support';

function lastRecord(rig: Rig): Rig['attempts'][number] {
  const record = rig.attempts.at(-1);
  assert.ok(record !== undefined);
  return record;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('paths', () => {
  it('of all three kinds reach the same path upstream', async () => {
    await withRig({}, async (rig) => {
      for (const path of ['/api/v1/chat/completions', '/v1/chat/completions', '/chat/completions']) {
        assert.equal((await rig.get({ path })).status, 200);
        assert.equal(lastRecord(rig).path, '/api/v1/chat/completions');
      }
    });
  });

  it('with a slash too many are the same paths, and their requests are counted and tried again as others are', async () => {
    await withRig({}, async (rig) => {
      for (const path of ['/api/v1//chat/completions', '//api/v1/chat/completions', '//chat//completions']) {
        rig.simulator.script({ fault: { kind: 'error', error: 'providerDown' } });
        assert.equal((await rig.get({ path: `${path}?u=http://x//y` })).status, 200, path);
        assert.equal(lastRecord(rig).path, '/api/v1/chat/completions?u=http://x//y');
        assert.equal(rig.service.activity()[0]?.class, 'free');
      }
      assert.equal(rig.attempts.length, 6);
      const key = await rig.get({ method: 'GET', path: '/api/v1//key' });
      assert.match(key.text, /"label":"Keywheel /);
    });
  });

  it('beside /api/v1 reach upstream beside its base', async () => {
    await withRig({}, async (rig) => {
      for (const path of ['/api/beta/batches?x=1', '/api/v1/api/beta/batches?x=1']) {
        await rig.get({ path, body: {} });
        assert.equal(lastRecord(rig).path, '/api/beta/batches?x=1');
      }
      await rig.get({ method: 'GET', path: '/api/gamma/x' });
      assert.equal(lastRecord(rig).path, '/api/v1/gamma/x');
    });
  });

  it('keep their query to the letter', async () => {
    await withRig({}, async (rig) => {
      const query = '?beta=true&a=1&a=2&b=%2F..%2f&c=%20x+y&=&d';
      await rig.get({ path: `/v1/messages${query}` });
      assert.equal(lastRecord(rig).path, `/api/v1/messages${query}`);
      await rig.get({ method: 'GET', path: '/v1/generation?id=gen-1&id=gen-2' });
      assert.equal(lastRecord(rig).path, '/api/v1/generation?id=gen-1&id=gen-2');
    });
  });

  it('of absolute form go to upstream alone', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(
        `GET http://127.0.0.1:1/api/v1/models?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      assert.match(await socket.untilClosed(), /^HTTP\/1\.1 200 /);
      assert.equal(lastRecord(rig).path, '/api/v1/models?x=1');
    });
  });

  it('that could leave upstream’s base are refused', async () => {
    await withRig({}, async (rig) => {
      for (const path of [
        '/api/v1/../admin',
        '/v1/./key',
        '/api/v1/%2e%2e/admin',
        '/api/v1/x/..%2fadmin',
        '/api/v1/x%2f..%2f..%2fadmin',
        '/api/v1/x%5c..%5cadmin',
        '/api/v1/x\\..\\admin',
        '/..',
      ]) {
        const reply = await rig.ask({ method: 'GET', path });
        assert.equal(reply.status, 400, path);
        assert.equal(reply.header('x-keywheel-refusal'), 'path_not_allowed');
      }
      assert.equal(rig.attempts.length, 0);
    });
  });

  it('that may cost, or that nobody knows, are refused where nothing may cost', async () => {
    await withRig({ settings: { freeOnly: true } }, async (rig) => {
      const statusOf = async (method: string, path: string): Promise<number> =>
        (await rig.get({ method, path, body: method === 'POST' ? { model: PAID } : null })).status;
      for (const path of [
        '/api/v1/batches',
        '/api/beta/batches',
        '/api/alpha/decisions',
        '/api/v1/messages/batches',
        '/api/v1/containers',
        '/api/v1/responses/compact',
        '/api/v1/Chat/Completions',
        '/api/v1/chat/completions;x',
        '/api/v1/chat%252Fcompletions',
        '/api/v1/new/thing',
      ])
        assert.equal(await statusOf('POST', path), 402, path);
      for (const path of ['/api/v1/presets/p1/responses', '/api/v1/interns/i1/chat/completions'])
        assert.equal((await rig.get({ path, model: FREE })).status, 402, path);
      assert.equal(rig.attempts.length, 0);
      for (const [method, path] of [
        ['POST', '/api/v1/files?purpose=batch'],
        ['POST', '/api/v1/messages/count_tokens?beta=true'],
        ['POST', '/api/v1/batches/b1/cancel'],
        ['DELETE', '/api/v1/files/f1'],
        ['GET', '/api/v1/batches'],
      ] as const)
        assert.notEqual(await statusOf(method, path), 402, path);
      // A thing that the first of the two accounts does not have is asked of the other one.
      assert.equal(rig.attempts.length, 7);
    });
  });

  it('that nobody knows are OpenRouter’s to answer, with any method', async () => {
    await withRig({}, async (rig) => {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const reply = await rig.get({ method, path: '/api/v1/new/thing', body: null });
        assert.equal(reply.status, 404);
        assert.deepEqual([lastRecord(rig).method, lastRecord(rig).path], [method, '/api/v1/new/thing']);
        assert.deepEqual(reply.body, lastRecord(rig).sent.bytes);
      }
    });
  });
});

describe('headers', () => {
  it('of the client reach upstream in their case and number, credentials and those of the connection do not', async () => {
    await withRig({}, async (rig) => {
      await rig.get({
        model: PAID,
        headers: [
          ...['HTTP-Referer', 'https://app.example', 'X-Title', 'App', 'x-Session-ID', 's1'],
          ...['X-Twice', 'one', 'x-twice', 'two', 'Accept', 'application/json', 'X-Latin', 'na\u00efve'],
          ...['x-api-key', 'sk-client', 'api-key', 'sk-client', 'APIKEY', 'sk-client', 'Cookie', 'a=b'],
          ...['Referer', 'http://localhost/', 'Accept-Encoding', 'gzip, br'],
          ...['Connection', 'keep-alive, X-Hop', 'X-Hop', 'h', 'Keep-Alive', 'timeout=5', 'TE', 'trailers'],
          ...['X-Goog-Api-Key', PROXY_KEY, 'X-Auth-Token', `Token ${PROXY_KEY}`, 'X-Original-URL', '/admin'],
          ...['X-Rewrite-URL', '/admin', 'X-HTTP-Method-Override', 'DELETE', 'X-Forwarded-Host', 'evil'],
          ...['X-Forwarded-For', '1.2.3.4', 'Forwarded', 'for=1', 'CF-Connecting-IP', '1.2.3.4'],
          ...['X-Original-Host', 'evil', 'X-Host', 'evil', 'X-HTTP-Host-Override', 'evil', 'CDN-Loop', 'a'],
          ...['X-Middleware-Subrequest', 'm', 'X-Vercel-Forwarded-For', '1.2.3.4', 'X-Client-IP', '1.2.3.4'],
          // Headers in which a reverse proxy names its signed-in user.
          ...['X-Auth-Request-Email', 'me@x.example', 'X-Amzn-Oidc-Data', 'jwt', 'Remote-User', 'me'],
          ...['X-Goog-Authenticated-User-Email', 'me', 'X-Pomerium-Jwt-Assertion', 'jwt'],
          ...['X-Envoy-Original-Path', '/x', 'X-Override-URL', '/x', 'Fastly-Client-IP', '1.2.3.4'],
          ...[
            'X_Original_URL',
            '/admin',
            'Content_Length',
            '5',
            'Transfer_Encoding',
            'chunked',
            'x-session_id',
            's',
          ],
          ...['Proxy-Authorization', 'Basic x', 'Proxy-Connection', 'close', 'Upgrade', 'h2c'],
        ],
      });
      const { headers } = lastRecord(rig);
      const names = headers.map(([name]) => name);
      assert.deepEqual(
        headers.filter(([name]) => /^(http-referer|x-|accept|remote-)/i.test(name)),
        [
          ['HTTP-Referer', 'https://app.example'],
          ['X-Title', 'App'],
          ['x-Session-ID', 's1'],
          ['X-Twice', 'one'],
          ['x-twice', 'two'],
          ['Accept', 'application/json'],
          ['X-Latin', 'na\u00efve'],
          ['x-session_id', 's'],
          ['accept-encoding', 'identity'],
        ],
      );
      assert.deepEqual(
        names
          .map((name) => name.toLowerCase())
          .filter((name) => !/^(http-referer|x-|accept)/.test(name))
          .sort(),
        ['authorization', 'connection', 'content-length', 'content-type', 'host'],
      );
      assert.equal(lastRecord(rig).header('host'), new URL(rig.simulator.baseUrl).host);
      assert.match(lastRecord(rig).header('authorization') ?? '', /^Bearer sk-or-v1-0+[ab]$/);
      assert.equal(lastRecord(rig).header('connection'), 'keep-alive');
    });
  });

  it('of upstream reach the client in their case and number, those of the connection do not', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({
        fault: {
          kind: 'respond',
          status: 200,
          headers: {
            'X-Generation-Id': 'gen-9',
            'Set-Cookie': ['a=1', 'b=2'],
            'X-rAw': 'kept',
            Connection: 'X-Gone',
            'X-Gone': '1',
            'Content-Type': 'text/plain',
          },
          body: 'so',
        },
      });
      const reply = await rig.get({ method: 'GET', path: '/api/v1/things' });
      assert.deepEqual(headersOf(reply.rawHeaders, 'set-cookie'), ['a=1', 'b=2']);
      assert.ok(reply.rawHeaders.includes('X-rAw') && reply.rawHeaders.includes('X-Generation-Id'));
      assert.equal(reply.header('x-gone'), undefined);
      assert.equal(reply.text, 'so');
      assert.equal(headersOf(reply.rawHeaders, 'date').length, 1);
      assert.equal(headersOf(reply.rawHeaders, 'content-length').length, 1);
    });
  });

  it('tell how the answer came about, in answers from upstream alone', async () => {
    await withRig({}, async (rig) => {
      const reply = await rig.get();
      assert.equal(reply.header('x-keywheel-attempts'), '1');
      assert.match(reply.header('x-keywheel-key') ?? '', /^[ab]-1$/);
      assert.equal(reply.header('x-keywheel-waited-ms'), '0');
      for (const [method, path] of [
        ['GET', '/health'],
        ['GET', '/api/v1/key'],
        ['GET', '/key-status'],
        ['HEAD', '/api'],
        ['GET', '/..'],
      ]) {
        const own = await rig.ask({ method, path });
        assert.deepEqual(
          own.rawHeaders.filter((part) => /^x-keywheel-(?!refusal|request-id)/i.test(part)),
          [],
          path,
        );
      }
    });
  });
});

describe('bodies', () => {
  it('of a JSON request pass to the byte, unknown fields and odd spacing too', async () => {
    await withRig({}, async (rig) => {
      const body = `{ "model" : "${FREE}",\n\t"stream":false , "x\\u00e9": 1.0e3, "messages":[{"role":"user","content":"日本 🎡"}], "n": 12345678901234567890}`;
      assert.equal((await rig.get({ body })).status, 200);
      assert.equal(lastRecord(rig).bodyText, body);
    });
  });

  it('that are no JSON are upstream’s to refuse', async () => {
    await withRig({}, async (rig) => {
      for (const body of ['{"model":', '', '[1,2]', '\u0000\u0001']) {
        const reply = await rig.get({ body });
        assert.equal(reply.status, 400);
        assert.deepEqual(reply.body, lastRecord(rig).sent.bytes);
      }
      assert.equal(rig.attempts.length, 4);
    });
  });

  it('that begin with a byte order mark, or are coded, are read as what they are', async () => {
    await withRig({}, async (rig) => {
      const text = JSON.stringify({ model: FREE, messages: [] });
      await rig.get({ body: `\ufeff${text}` });
      assert.equal(lastRecord(rig).bodyText, `\ufeff${text}`);
      assert.equal(rig.service.activity()[0]?.class, 'free');
      const coded = gzipSync(text);
      for (const [coding, body] of [
        ['gzip', coded],
        // Raw deflate without the zlib wrapper, as some senders have it.
        ['deflate', deflateRawSync(text)],
      ] as const) {
        const reply = await rig.get({ body, headers: ['Content-Encoding', coding] });
        assert.equal(reply.status, 200);
        assert.deepEqual(
          [
            lastRecord(rig).bodyText,
            lastRecord(rig).header('content-encoding'),
            lastRecord(rig).header('content-length'),
          ],
          [text, undefined, String(text.length)],
        );
        assert.equal(rig.service.activity()[0]?.class, 'free');
      }
      assert.equal((await rig.ask({ body: coded, headers: ['Content-Encoding', 'lzma'] })).status, 415);
      await rig.get({ path: '/v1/things', body: coded, headers: ['Content-Encoding', 'gzip'] });
      assert.equal(lastRecord(rig).header('content-encoding'), 'gzip');
    });
  });

  it('for a free model that cost nevertheless are paid requests', async () => {
    await withRig({}, async (rig) => {
      const body = { model: FREE, messages: [], plugins: [{ id: 'web' }] };
      await rig.get({ body });
      assert.equal(rig.service.activity()[0]?.class, 'paid');
    });
  });

  it('of a paid conversation, and those that a cache may answer, go to one account', async () => {
    await withRig({}, async (rig) => {
      const messages = (turn: number): unknown =>
        Array.from({ length: 2 * turn - 1 }, (_, index) => ({
          role: index % 2 === 0 ? 'user' : 'assistant',
          content: `m${index}`,
        }));
      for (let turn = 1; turn < 5; turn++) {
        await rig.get({ body: { model: PAID, messages: messages(turn) } });
        await rig.get({ model: PAID });
        await rig.get({ body: { model: FREE, messages: [] }, headers: ['X-OpenRouter-Cache', 'true'] });
      }
      const accounts = (kind: number): number =>
        new Set(rig.accountsTried.filter((_, index) => index % 3 === kind)).size;
      assert.deepEqual([accounts(0), accounts(2)], [1, 1]);
    });
  });

  it('that are multipart or binary pass to the byte', async () => {
    await withRig({ simulator: { keepBodyBytes: 0 } }, async (rig) => {
      const file = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
      const body = Buffer.concat([
        Buffer.from(`--xx\r\nContent-Disposition: form-data; name="model"\r\n\r\n${PAID}\r\n`),
        Buffer.from('--xx\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'),
        file,
        Buffer.from('\r\n--xx--\r\n'),
      ]);
      const headers = ['Content-Type', 'multipart/form-data; boundary=xx'];
      const reply = await rig.get({ path: '/api/v1/audio/transcriptions', headers, body });
      assert.equal((reply.json() as { sha256: string }).sha256, sha256(file));
      assert.equal(lastRecord(rig).bodySha256, sha256(body));
      assert.equal(lastRecord(rig).header('content-type'), 'multipart/form-data; boundary=xx');
    });
  });

  it('in chunks of one byte each arrive whole, whether read or passed through', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      for (const path of ['/v1/chat/completions', '/v1/files']) {
        const socket = await RawSocket.open(rig.port);
        const json = JSON.stringify({
          model: FREE,
          messages: [{ role: 'user', content: 'a'.repeat(10_000) }],
        });
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        socket.write(`${json.replace(/./g, '1\r\n$&\r\n')}0\r\n\r\n`);
        await socket.until(/^HTTP\/1\.1 200 /);
        assert.equal(lastRecord(rig).bodySha256, sha256(Buffer.from(json)));
        socket.leave();
      }
    });
  });

  it('in chunks, and those that wait for 100 Continue, arrive whole', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      const json = JSON.stringify({ model: FREE });
      const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\n`;
      socket.write(`${head}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n`);
      for (const part of [json.slice(0, 5), json.slice(5)]) {
        socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      socket.write('0\r\nX-Sum: 1\r\n\r\n');
      await socket.until(/^HTTP\/1\.1 200 [^]*"finish_reason"/);
      assert.deepEqual(
        [lastRecord(rig).bodyText, lastRecord(rig).header('transfer-encoding')],
        [json, undefined],
      );
      const second = await RawSocket.open(rig.port);
      second.write(`${head}Expect: 100-continue\r\nContent-Length: ${json.length}\r\n\r\n`);
      await second.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      second.write(json);
      await second.until(/HTTP\/1\.1 200 [^]*\r\nconnection: keep-alive\r\n/i);
      assert.equal(lastRecord(rig).header('expect'), undefined);
      assert.equal(lastRecord(rig).bodyText, json);
      socket.leave();
      second.leave();
    });
  });
});

describe('answers', () => {
  it('to HEAD, 204, 304 and redirects pass as they came, and no redirect is followed', async () => {
    await withRig({}, async (rig) => {
      const rows: readonly (readonly [number, Record<string, string>, string])[] = [
        [204, {}, ''],
        [304, { ETag: '"x"' }, ''],
        [301, { Location: 'https://elsewhere.example/' }, 'moved'],
        [307, { Location: '/api/v1/other' }, ''],
      ];
      for (const [status, headers, body] of rows) {
        for (const method of ['GET', 'POST']) {
          rig.simulator.script({ path: '/things', fault: { kind: 'respond', status, headers, body } });
          const before = rig.attempts.length;
          const reply = await rig.get({ method, path: '/api/v1/things' });
          assert.equal(reply.status, status);
          assert.equal(reply.text, body);
          for (const [name, value] of Object.entries(headers)) assert.equal(reply.header(name), value);
          assert.ok(reply.isWhole);
          assert.equal(rig.attempts.length, before + 1);
        }
      }
      rig.simulator.script({
        method: 'HEAD',
        fault: {
          kind: 'respond',
          status: 200,
          headers: { 'X-Size': '9', 'Content-Type': 'application/json' },
        },
      });
      const head = await rig.get({ method: 'HEAD', path: '/api/v1/models' });
      assert.deepEqual([head.status, head.header('x-size'), head.body.length], [200, '9', 0]);
      assert.equal(lastRecord(rig).method, 'HEAD');
    });
  });

  it('of ranges, and conditional ones, pass as they came', async () => {
    await withRig({ simulator: { answer: { downloadBytes: 10_000 } } }, async (rig) => {
      const file = await rig.get({
        path: '/api/v1/files',
        body: '--xx\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--xx--\r\n',
        headers: ['Content-Type', 'multipart/form-data; boundary=xx'],
      });
      const { id } = file.json() as { id: string };
      const path = `/api/v1/files/${id}/content`;
      const part = await rig.get({ method: 'GET', path, headers: ['Range', 'bytes=100-199'] });
      assert.deepEqual(
        [part.status, part.header('content-range'), part.body.length, part.body[0]],
        [206, 'bytes 100-199/10000', 100, 100],
      );
      const beyond = await rig.get({ method: 'GET', path, headers: ['Range', 'bytes=99999-'] });
      assert.equal(beyond.status, 416);
      const etag = part.header('etag') ?? '';
      const same = await rig.get({ method: 'GET', path, headers: ['If-None-Match', etag] });
      assert.deepEqual([same.status, same.body.length, same.isWhole], [304, 0, true]);
    });
  });

  it('of another coding pass as they came where the client asked for it', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'coded', coding: 'gzip' } });
      const reply = await rig.ask({
        method: 'GET',
        path: '/api/v1/models',
        headers: ['Accept-Encoding', 'gzip, deflate'],
      });
      assert.equal(lastRecord(rig).header('accept-encoding'), 'gzip, deflate');
      assert.equal(reply.header('content-encoding'), 'gzip');
      assert.deepEqual(reply.body, lastRecord(rig).sent.bytes);
      assert.match(gunzipSync(reply.body).toString(), /^\{"data":\[/);
    });
  });

  it('with an odd status line do no harm', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'respond', status: 299, body: 'so' } });
      assert.equal((await rig.get({ method: 'GET', path: '/v1/x' })).status, 299);
    });
  });

  it('to 30 requests over one connection come in order and each whole', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      for (let count = 0; count < 30; count++) {
        socket.write(`GET /v1/models?n=${count} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      }
      await rig.simulator.waitFor(() => socket.text.split('HTTP/1.1 200 OK').length === 31);
      await rig.simulator.waitFor(() => socket.text.endsWith('}]}'));
      socket.leave();
      assert.deepEqual(
        rig.attempts.map(({ path }) => path),
        Array.from({ length: 30 }, (_, count) => `/api/v1/models?n=${count}`),
      );
    });
  });
});

describe('things that were made', () => {
  it('are asked for with a key of the account that made them', async () => {
    await withRig({}, async (rig) => {
      const form = ['Content-Type', 'multipart/form-data; boundary=xx'];
      const upload =
        '--xx\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--xx--\r\n';
      const things: string[] = [];
      for (let count = 0; count < 6; count++) {
        const chat = await rig.get();
        things.push(`/api/v1/generation?id=${chat.header('x-generation-id') ?? ''}`);
        const video = await rig.get({
          path: '/v1/videos',
          model: PAID,
          body: { model: PAID, prompt: String(count) },
        });
        assert.equal(video.status, 202);
        things.push(`/api/v1/videos/${(video.json() as { id: string }).id}`);
        const file = await rig.get({ path: '/files', headers: form, body: upload });
        things.push(`/api/v1/files/${(file.json() as { id: string }).id}`);
      }
      assert.equal(new Set(rig.accountsTried).size, 2);
      for (const path of things) assert.equal((await rig.get({ method: 'GET', path })).status, 200, path);
    });
  });
});

describe('a thing whose maker nobody remembers', () => {
  const accounts = accountsOf(...['a', 'b', 'c'].map((name) => ({ name, credits: 5 })));

  it('is looked for in every account, once, and asked for where it was found from then on', async () => {
    await withRig({ accounts }, async (rig) => {
      const things: string[] = [];
      for (let count = 0; count < 3; count++) {
        const made = await rig.get({ path: '/v1/videos', body: { model: PAID, prompt: String(count) } });
        things.push(`/v1/videos/${(made.json() as { id: string }).id}`);
      }
      rig.service.forget();
      for (const path of things) {
        assert.equal((await rig.get({ method: 'GET', path })).status, 200, path);
        const before = rig.attempts.length;
        assert.equal((await rig.get({ method: 'GET', path })).status, 200, path);
        assert.equal(rig.attempts.length, before + 1);
      }
    });
  });

  it('is nowhere where no account has it, to be read as to be changed', async () => {
    for (const [method, path] of [
      ['GET', '/v1/videos/none'],
      ['DELETE', '/v1/files/none'],
      ['POST', '/v1/batches/none/cancel'],
    ] as const)
      await withRig({ accounts }, async (rig) => {
        const reply = await rig.get({ method, path });
        assert.equal(reply.status, 404, path);
        assert.match(reply.text, /not found/i);
        assert.deepEqual([...rig.accountsTried].sort(), ['a', 'b', 'c'], path);
        assert.equal(rig.attempts.length, 3);
      });
  });
});

describe('batches', () => {
  it('are asked for, and made of a file, with a key of the account that made it', async () => {
    await withRig({}, async (rig) => {
      const form = ['Content-Type', 'multipart/form-data; boundary=xx'];
      const upload =
        '--xx\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--xx--\r\n';
      for (let count = 0; count < 6; count++) {
        const file = await rig.get({ path: '/files', headers: form, body: upload });
        const { id } = file.json() as { id: string };
        const maker = rig.accountsTried.at(-1);
        await rig.get();
        await rig.get({ path: '/v1/batches', body: { input_file_id: id } });
        assert.equal(rig.accountsTried.at(-1), maker);
      }
    });
  });
});

describe('GET /models', () => {
  it('needs neither a proxy key nor any key of OpenRouter', async () => {
    await withRig({ accounts: [] }, async (rig) => {
      for (const path of ['/api/v1/models', '/v1/models?limit=1000', '/models']) {
        const reply = await ask(rig.port, { method: 'GET', path });
        assert.equal(reply.status, 200);
        assert.deepEqual(reply.body, lastRecord(rig).sent.bytes);
        assert.equal(lastRecord(rig).header('authorization'), undefined);
        const head = await ask(rig.port, { method: 'HEAD', path });
        assert.deepEqual([head.status, head.body.length], [200, 0]);
      }
      assert.equal((await rig.get()).status, 402);
    });
  });

  it('does not pass the client’s key on either, and a refusal of it is no tight loop', async () => {
    await withRig({}, async (rig) => {
      await rig.get({ method: 'GET', path: '/v1/models' });
      assert.equal(lastRecord(rig).header('authorization'), undefined);
      rig.simulator.forget();
      rig.simulator.script({ times: 99, fault: { kind: 'error', error: 'missingHeader' } });
      const refused = await rig.get({ method: 'GET', path: '/v1/models' });
      assert.notEqual(refused.status, 401);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('is told within 6 s that upstream is silent', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'noAnswer' } });
      const fromMs = rig.clock.elapsedMs();
      const reply = await rig.get({ method: 'GET', path: '/v1/models' });
      assert.equal(reply.status, 504);
      assert.ok(rig.clock.elapsedMs() - fromMs < 6_000);
    });
  });

  it('is told within 6 s that upstream stands still in the middle of the list', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'silent', ms: 3_600_000 } });
      const fromMs = rig.clock.elapsedMs();
      const reply = await rig.get({ method: 'GET', path: '/v1/models' });
      assert.equal(reply.status, 504);
      assert.ok(rig.clock.elapsedMs() - fromMs < 6_000);
    });
  });

  it('asks once more for a list that was cut, and passes on whatever value is whole', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'cut' } });
      const reply = await rig.get({ method: 'GET', path: '/v1/models' });
      assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes);
      assert.equal(rig.attempts.length, 2);
      for (const body of ['null', '[]', '{"error":"it failed","choices":[]}', '{"half', '<html>']) {
        const headers = { 'content-type': 'application/json' };
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
        const whole = await rig.get({ method: 'GET', path: '/v1/generation?id=gen-1' });
        assert.deepEqual([whole.status, whole.text], [200, body]);
      }
    });
  });

  it('for the user’s own list needs both', async () => {
    await withRig({}, async (rig) => {
      assert.equal((await ask(rig.port, { method: 'GET', path: '/v1/models/user' })).status, 401);
      assert.equal((await rig.get({ method: 'GET', path: '/v1/models/user' })).status, 200);
      assert.match(lastRecord(rig).header('authorization') ?? '', new RegExp(keyFor('').slice(0, 12)));
    });
  });
});

describe('GET /key', () => {
  it('is what OpenRouter’s own SDK takes, by its older name too', async () => {
    await withRig({}, async (rig) => {
      const sdk = new OpenRouter({ apiKey: PROXY_KEY, serverURL: `http://127.0.0.1:${rig.port}/api/v1` });
      const { data } = await sdk.apiKeys.getCurrentKeyMetadata();
      assert.match(data.label, /^Keywheel \(2 keys/);
      assert.equal(data.freeModelDailyRequests.remaining, 100);
      assert.deepEqual([data.allowedDataRegions, data.workspaceId, data.organizationId], [[], null, null]);
      const told = await rig.ask({ method: 'GET', path: '/api/v1/key' });
      for (const path of ['/api/v1/auth/key', '/auth/key/', '/key/', '/v1/%6bey']) {
        assert.equal((await rig.ask({ method: 'GET', path })).text, told.text);
      }
      assert.equal(rig.attempts.length, 0);
    });
  });
});
