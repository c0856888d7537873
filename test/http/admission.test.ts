// Who may come in, over which name, from which origin.
import assert from 'node:assert/strict';
import { ask, headersOf, RawSocket } from './client';
import { PROXY_KEY, realTime, withRig } from './support';

const webview = 'vscode-webview://1abc2def3ghi';

describe('the proxy key', () => {
  it('is taken as a bearer, as x-api-key, as api-key and as APIKEY', async () => {
    await withRig({}, async (rig) => {
      for (const headers of [
        ['Authorization', `Bearer ${PROXY_KEY}`],
        ['authorization', `bearer  ${PROXY_KEY} `],
        ['x-api-key', PROXY_KEY],
        ['api-key', PROXY_KEY],
        ['APIKEY', PROXY_KEY],
        ['Authorization', 'Bearer something-else', 'x-api-key', PROXY_KEY],
      ]) {
        const reply = await rig.drive(ask(rig.port, { headers }));
        assert.equal(reply.status, 200, headers.join(': '));
        const record = rig.attempts.at(-1);
        assert.deepEqual(
          record?.headers.flat().filter((part) => part.includes(PROXY_KEY) || part === 'something-else'),
          [],
        );
      }
    });
  });

  it('that is missing or wrong is a 401 in the form of the endpoint, and nothing is sent', async () => {
    await withRig({}, async (rig) => {
      for (const headers of [
        [],
        ['Authorization', 'Bearer kw-wrong'],
        ['Authorization', `Basic ${PROXY_KEY}`],
        ['Authorization', PROXY_KEY],
        ['x-api-key', `${PROXY_KEY}x`],
        ['x-api-key', ''],
        ['Cookie', `key=${PROXY_KEY}`],
      ]) {
        for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/what', '/v1/key']) {
          const reply = await ask(rig.port, { path, headers, method: path === '/v1/key' ? 'GET' : 'POST' });
          assert.equal(reply.status, 401, path);
          assert.equal(reply.header('x-should-retry'), 'false');
          const body = reply.json() as { type?: string; error: { message: string } };
          assert.match(body.error.message, /Copy Proxy Key/);
          assert.equal(body.type, path === '/v1/messages' ? 'error' : undefined);
        }
      }
      assert.equal(rig.attempts.length, 0);
    });
  });

  it('in the query lets nobody in', async () => {
    await withRig({}, async (rig) => {
      const reply = await ask(rig.port, {
        path: `/v1/chat/completions?key=${PROXY_KEY}&api_key=${PROXY_KEY}`,
      });
      assert.equal(reply.status, 401);
    });
  });

  it('that is wrong leaves the connection usable, body read or not', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      const body = 'x'.repeat(200_000);
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await socket.until(/^HTTP\/1\.1 401 /);
      socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await socket.until(/HTTP\/1\.1 200 [^]*"status":"ok"/);
      socket.leave();
    });
  });
});

describe('the name in Host', () => {
  it('must be a loopback name or the bound one, with any port', async () => {
    await withRig({}, async (rig) => {
      const get = async (host: string): Promise<number> =>
        (await ask(rig.port, { method: 'GET', path: '/health', host })).status;
      for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.2:80', '[::1]', '[::1]:9999']) {
        assert.equal(await get(host), 200, host);
      }
      for (const host of [
        'evil.example',
        'localhost.evil.example',
        '10.0.0.1',
        '[::2]',
        '127.0.0.1.evil.example',
        '',
      ]) {
        assert.equal(await get(host), 403, host);
      }
    });
  });
});

describe('an origin', () => {
  it('is absent or that of a webview, whatever is asked for', async () => {
    await withRig({}, async (rig) => {
      for (const origin of [
        'http://localhost:3000',
        'https://openrouter.ai',
        'null',
        'vscode-webview://a.b',
        'file://',
      ]) {
        for (const path of ['/v1/chat/completions', '/v1/models', '/health', '/v1/key']) {
          const reply = await rig.ask({ method: 'GET', path, headers: ['Origin', origin] });
          assert.equal(reply.status, 403, `${origin} ${path}`);
          assert.equal(reply.header('access-control-allow-origin'), undefined);
        }
      }
      const chat = await rig.get({ headers: ['Origin', webview] });
      assert.equal(chat.status, 200);
      assert.equal(chat.header('access-control-allow-origin'), undefined);
      assert.equal(rig.attempts.at(-1)?.header('origin'), undefined);
    });
  });

  it('of a webview may ask for GET /key, with a preflight, and for nothing else', async () => {
    await withRig({}, async (rig) => {
      const preflight = async (path: string, wanted: string, origin = webview): Promise<number> => {
        const reply = await ask(rig.port, {
          method: 'OPTIONS',
          path,
          headers: ['Origin', origin, 'Access-Control-Request-Method', wanted],
        });
        if (reply.status === 204) {
          assert.equal(reply.header('access-control-allow-origin'), origin);
          assert.equal(reply.header('access-control-allow-methods'), 'GET');
          assert.equal(reply.header('access-control-allow-headers'), 'authorization');
          assert.equal(reply.header('vary'), 'origin');
        } else assert.deepEqual(headersOf(reply.rawHeaders, 'access-control-allow-origin'), []);
        return reply.status;
      };
      for (const path of ['/api/v1/key', '/v1/key', '/key']) assert.equal(await preflight(path, 'GET'), 204);
      assert.equal(await preflight('/v1/key', 'POST'), 403);
      assert.equal(await preflight('/v1/chat/completions', 'POST'), 403);
      assert.equal(await preflight('/v1/models', 'GET'), 403);
      assert.equal(await preflight('/v1/key', 'GET', 'https://evil.example'), 403);
      const key = await rig.ask({ method: 'GET', path: '/v1/key', headers: ['Origin', webview] });
      assert.deepEqual([key.status, key.header('access-control-allow-origin')], [200, webview]);
      assert.equal(rig.attempts.length, 0);
    });
  });
});

describe('what is answered here', () => {
  it('is HEAD /api, /health and, with the proxy key, /key-status', async () => {
    await withRig({}, async (rig) => {
      const head = await ask(rig.port, { method: 'HEAD', path: '/api' });
      assert.deepEqual([head.status, head.body.length], [204, 0]);
      const health = await ask(rig.port, { method: 'GET', path: '/health' });
      assert.deepEqual([health.status, (health.json() as { program: string }).program], [200, 'keywheel']);
      assert.equal((await ask(rig.port, { method: 'GET', path: '/key-status' })).status, 401);
      const status = (await rig.ask({ method: 'GET', path: '/key-status' })).json();
      assert.equal((status as { free_left: number }).free_left, 100);
      assert.equal(rig.attempts.length, 0);
    });
  });
});
