// The requests that the proxy admits, by key, host name and origin.
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

  it('that comes in another form is told apart from one that is missing, and from another key', async () => {
    await withRig({}, async (rig) => {
      for (const [name, value, told] of [
        ['Authorization', 'Bearer', /^The proxy key is missing/],
        ['Authorization', PROXY_KEY, /"Bearer "/],
        ['Authorization', `Token ${PROXY_KEY}`, /"Bearer "/],
        ['Authorization', `Bearer Bearer ${PROXY_KEY}`, /"Bearer "/],
        ['Authorization', `Bearer "${PROXY_KEY}"`, /"Bearer "/],
        ['x-api-key', `Bearer ${PROXY_KEY}`, /"Bearer "/],
        ['Authorization', 'kw-wrong', /^This is not the proxy key/],
        ['Authorization', 'Basic dTpr', /^This is not the proxy key/],
      ] as const) {
        const reply = await ask(rig.port, { headers: [name, value] });
        const { error } = reply.json() as { error: { message: string } };
        assert.equal(reply.status, 401);
        assert.match(error.message, told, value);
      }
    });
  });

  it('is one of four that a request may show, and is not found among others: many would be as many guesses', async () => {
    await withRig({}, async (rig) => {
      rig.service.setProxyKey('493817');
      const guesses = (count: number): string[] =>
        Array.from({ length: count }, (_, index) => String(493_817 - index)).toReversed();
      const told = async (headers: readonly string[]): Promise<string> => {
        const reply = await ask(rig.port, { method: 'GET', path: '/key-status', headers });
        return `${reply.status} ${reply.text}`;
      };
      const inHeaders = (keys: readonly string[]): string[] => keys.flatMap((key) => ['APIKEY', key]);
      assert.match(await told(inHeaders(guesses(4))), /^200 /);
      assert.match(await told(inHeaders(guesses(5))), /^401 .*This is not the proxy key/);
      for (const header of ['Authorization', 'x-api-key'])
        assert.match(await told([header, `${guesses(5).join(' ')} too`]), /^401 .*This is not the proxy key/);
      const path = `/${guesses(5).join()},`;
      assert.equal((await ask(rig.port, { method: 'GET', path })).status, 401);
    });
  });

  it('in the query goes no further, and the rest of the query as it came', async () => {
    await withRig({}, async (rig) => {
      const query = (key: string): string => `?a=%2F..&${key}beta=true&b=`;
      await rig.get({ path: `/v1/chat/completions${query(`key=${PROXY_KEY}&`)}` });
      assert.equal(rig.attempts[0]?.path, `/api/v1/chat/completions${query('')}`);
      await rig.get({ path: `/v1/chat/completions?key=${PROXY_KEY}` });
      assert.equal(rig.attempts[1]?.path, '/api/v1/chat/completions');
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

  it('that is wrong leaves the connection usable where no body comes', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write('POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
      await socket.until(/^HTTP\/1\.1 401 [^]*\}$/);
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
      for (const path of ['/health', '/key-status', '/api/v1/key']) {
        const whole = await rig.ask({ method: 'GET', path });
        const alone = await rig.ask({ method: 'HEAD', path });
        assert.deepEqual([alone.status, alone.body.length], [200, 0], path);
        assert.equal(alone.header('content-length'), whole.header('content-length'), path);
      }
      assert.equal((await ask(rig.port, { method: 'HEAD', path: '/key-status' })).status, 401);
      assert.equal(rig.attempts.length, 0);
    });
  });
});

describe('methods', () => {
  it('that give a request back, or make a tunnel, are refused before any key', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const trace = await rig.ask({ method: 'TRACE', path: '/api/v1/x', body: null });
      assert.equal(trace.status, 405);
      assert.match(trace.header('allow') ?? '', /GET, HEAD, POST/);
      for (const line of ['CONNECT openrouter.ai:443', 'TRACK /api/v1/x']) {
        const socket = await RawSocket.open(rig.port);
        socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${PROXY_KEY}\r\n\r\n`);
        assert.match(await socket.untilClosed(), /^HTTP\/1\.1 40[05] /);
      }
      assert.equal(rig.attempts.length, 0);
    });
  });
});

describe('a request that is not what it seems', () => {
  it('with two Hosts is bad, and one with a target in absolute form is judged by that', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      for (const [head, status] of [
        ['GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil', 400],
        ['GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: 127.0.0.1', 400],
        ['GET http://evil.example/health HTTP/1.1\r\nHost: 127.0.0.1', 403],
        ['GET /health HTTP/1.0', 200],
        ['GET http://evil.example/health HTTP/1.0', 403],
        ['GET /health HTTP/1.1', 400],
        ['GET http://u:p@evil.example:80/health HTTP/1.1\r\nHost: 127.0.0.1', 403],
        ['GET http://localhost:1/health HTTP/1.1\r\nHost: localhost:1', 200],
        [`GET /health HTTP/1.1\r\nHost: localhost\r\n${'a:b\r\n'.repeat(1_100)}Origin: https://evil`, 403],
        [`GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: ${webview}\r\nOrigin: https://evil`, 403],
      ] as const) {
        const socket = await RawSocket.open(rig.port);
        socket.write(`${head}\r\nConnection: close\r\n\r\n`);
        assert.match(await socket.untilClosed(), new RegExp(`^HTTP/1\\.1 ${status} `), head.slice(0, 80));
      }
    });
  });

  it('that waits for 100 Continue with a wrong key gets 401 alone', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(
        'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: kw-wrong\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n',
      );
      await socket.until(/^HTTP\/1\.1 401 [^]*\}$/);
      assert.match(socket.text, /\r\nconnection: close\r\n/i);
      socket.leave();
    });
  });

  it('of a page of another site is refused, with an Origin or without, whatever it asks for', async () => {
    await withRig({}, async (rig) => {
      const status = async (path: string, headers: readonly string[]): Promise<number> =>
        (await rig.ask({ method: 'GET', path, headers })).status;
      for (const site of ['cross-site', 'same-site', 'evil']) {
        for (const path of ['/health', '/v1/models', '/v1/key', '/key-status']) {
          assert.equal(await status(path, ['Sec-Fetch-Site', site]), 403, `${site} ${path}`);
        }
        const opened = ['Sec-Fetch-Site', site, 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest'];
        for (const path of ['/', '/key-status']) {
          assert.equal(await status(path, [...opened, 'document']), 200, path);
          assert.equal(await status(path, [...opened, 'iframe']), 403, path);
        }
        assert.equal(await status('/v1/models', [...opened, 'document']), 403);
        assert.equal(await status('/v1/key', ['Sec-Fetch-Site', site, 'Origin', webview]), 200);
      }
      assert.equal(rig.attempts.length, 0);
      for (const headers of [
        ['Sec-Fetch-Site', 'none'],
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Mode', 'cors'],
      ]) {
        assert.equal(await status('/v1/key', headers), 200);
      }
      const own = await rig.ask({ method: 'GET', path: '/health' });
      assert.equal(own.header('cross-origin-resource-policy'), 'same-origin');
      assert.equal(own.header('x-frame-options'), 'DENY');
    });
  });
});

describe('a request that makes or moves keys', () => {
  it('is refused with the name of the setting that allows it; what reads keys, or is not known, passes', async () => {
    await withRig({}, async (rig) => {
      for (const [method, path] of [
        ['POST', '/api/v1/auth/keys/code'],
        ['POST', '/auth/keys'],
        ['DELETE', '/v1/k%65ys/abc'],
      ]) {
        const reply = await rig.ask({ method, path, body: null });
        assert.equal(reply.status, 403, path);
        assert.match(reply.text, /allowKeyChanges[^]*ALLOW_KEY_CHANGES/);
      }
      assert.equal(rig.attempts.length, 0);
      await rig.get({ method: 'GET', path: '/v1/keys' });
      await rig.get({ method: 'POST', path: '/v1/unknown', body: null });
      assert.equal(rig.attempts.length, 2);
    });
  });

  it('passes where the setting allows it', async () => {
    await withRig({ settings: { allowKeyChanges: true } }, async (rig) => {
      await rig.get({ method: 'POST', path: '/v1/keys', body: null });
      assert.equal(rig.attempts.at(-1)?.path, '/api/v1/keys');
    });
  });
});

describe('what upstream answers to a browser', () => {
  it('runs no script beside our pages, where it is opened', async () => {
    await withRig({}, async (rig) => {
      const policy = async (...headers: string[]): Promise<string | undefined> =>
        (await rig.ask({ method: 'GET', path: '/v1/models', proxyKey: null, headers })).header(
          'content-security-policy',
        );
      const opened = ['Sec-Fetch-Site', 'none', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
      assert.equal(await policy(...opened), 'sandbox');
      assert.equal(await policy(), undefined);
    });
  });
});

describe('a proxy key of few characters', () => {
  it('works, with a warning', async () => {
    await withRig({}, async (rig) => {
      const warnings = (): readonly string[] =>
        rig.lines.filter((line) => /^warn .*fewer than 16/.test(line));
      assert.equal(warnings().length, 0);
      rig.service.setProxyKey('short');
      assert.equal(warnings().length, 1);
      assert.equal((await rig.get({ proxyKey: 'short' })).status, 200);
    });
  });
});

describe('wrong proxy keys', () => {
  it('are answered slowly from the hundredth within a minute on, and told once', async () => {
    await withRig({}, async (rig) => {
      const guess = async (): Promise<number> =>
        (await ask(rig.port, { headers: ['api-key', 'kw-guess'] })).status;
      for (let count = 0; count < 100; count++) assert.equal(await guess(), 401);
      const beganAtMs = rig.clock.elapsedMs();
      assert.equal(await rig.drive(guess()), 401);
      assert.equal(rig.clock.elapsedMs() - beganAtMs, 1_000);
      assert.equal((await rig.get()).status, 200);
      await rig.drive(guess());
      assert.equal(rig.lines.filter((line) => /^warn .*wrong proxy key/.test(line)).length, 1);
      const told = rig.lines.filter((line) =>
        /^info Request \w+ of \w+ is refused: proxy_key_wrong: .*Copy Proxy Key/.test(line),
      );
      assert.equal(told.length, 1);
      await rig.pass(61_000);
      assert.equal(await guess(), 401);
    });
  });
});
