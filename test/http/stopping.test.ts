// Stopping: running answers go on for a while, waiting requests are told to come again, and settings change no running one.
import assert from 'node:assert/strict';
import { RawSocket, rawChat } from './client';
import { accountsOf, PROXY_KEY, withRig } from './support';
import { defaultSettings } from '../../src/service/settings';

describe('a proxy that stops', () => {
  it('lets a running answer come to its end within the time that it has', async () => {
    await withRig({ simulator: { answer: { events: 10, eventDelayMs: 100 } } }, async (rig) => {
      const asked = rig.ask({ stream: true });
      await rig.pass(300);
      const [reply] = await rig.drive(Promise.all([asked, rig.service.stop(2_000)]));
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
    });
  });

  it('ends one that runs for longer with an error in its stream', async () => {
    await withRig({ simulator: { answer: { events: 100, eventDelayMs: 100 } } }, async (rig) => {
      const asked = rig.ask({ stream: true });
      await rig.pass(300);
      const [reply] = await rig.drive(Promise.all([asked, rig.service.stop(2_000)]));
      assert.match(reply.text, /"finish_reason":"error"[^]*$/);
      assert.doesNotMatch(reply.text, /\[DONE\]/);
    });
  });

  it('refuses who still waits, for a slot or for a retry, with the word to come again at once', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      await rig.drive(Promise.all(Array.from({ length: 20 }, () => rig.ask())));
      rig.simulator.script({ fault: { kind: 'error', error: 'providerDown', retryAfterSeconds: 30 } });
      const waiting = [rig.ask(), rig.ask({ path: '/v1/embeddings', model: 'x/y', body: { model: 'x/y' } })];
      await rig.pass(100);
      const fromMs = rig.clock.elapsedMs();
      const [[first, second]] = await rig.drive(Promise.all([Promise.all(waiting), rig.service.stop(2_000)]));
      // Both are refused at once, because neither turn comes within two seconds.
      assert.equal(rig.clock.elapsedMs(), fromMs);
      for (const reply of [first, second]) {
        assert.equal(reply?.status, 503);
        assert.equal(reply.header('x-keywheel-refusal'), 'stopping');
        assert.equal(reply.header('retry-after'), '1');
      }
      assert.deepEqual([rig.service.snapshot().wheel.waiting, rig.service.snapshot().wheel.inFlight], [0, 0]);
    });
  });
});

describe('a proxy that stops while requests wait for the next minute', () => {
  it('goes on for those whose turn comes in time, and refuses the others at once', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      await rig.drive(Promise.all(Array.from({ length: 20 }, () => rig.ask())));
      await rig.pass(35_000);
      const waiting = Array.from({ length: 22 }, () => rig.ask());
      await rig.pass(100);
      const fromMs = rig.clock.elapsedMs();
      const stopped = rig.service.stop(30_000);
      const late = await rig.drive(Promise.all(waiting.slice(20)));
      assert.deepEqual(
        late.map((reply) => [reply.status, reply.header('x-keywheel-refusal'), reply.header('retry-after')]),
        [
          [503, 'stopping', '1'],
          [503, 'stopping', '1'],
        ],
      );
      assert.equal(rig.clock.elapsedMs(), fromMs);
      const served = await rig.drive(Promise.all(waiting.slice(0, 20)));
      assert.deepEqual(new Set(served.map(({ status }) => status)), new Set([200]));
      await rig.drive(stopped);
      assert.ok(rig.clock.elapsedMs() < fromMs + 30_000);
    });
  });

  it('refuses one that ran, and was told a later turn while it stops', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      const resetAtMs = rig.clock.wallMs() + 50_000;
      const later = { kind: 'error', error: 'minuteLimit', resetAtMs } as const;
      rig.simulator.script({ fault: [{ kind: 'headDelay', ms: 500 }, later] });
      const fromMs = rig.clock.elapsedMs();
      const asked = rig.ask();
      await rig.pass(100);
      const [reply] = await rig.drive(Promise.all([asked, rig.service.stop(30_000)]));
      assert.deepEqual([reply.status, reply.header('x-keywheel-refusal')], [503, 'stopping']);
      assert.equal(rig.clock.elapsedMs(), fromMs + 500);
    });
  });
});

const chat = JSON.stringify({ model: 'x/y', messages: [] });

describe('a kept connection of a proxy that stops', () => {
  it('ends with the answer that runs', async () => {
    await withRig({ simulator: { answer: { headDelayMs: 500 } } }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(rawChat(PROXY_KEY, chat));
      await rig.pass(100);
      await rig.drive(rig.service.stop(2_000));
      const text = await socket.untilClosed();
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n/i);
    });
  });

  for (const when of ['while an answer runs on another', 'when all answers have ended'] as const) {
    it(`serves nothing new ${when}`, async () => {
      await withRig({ simulator: { answer: { events: 10, eventDelayMs: 100 } } }, async (rig) => {
        const running = rig.ask({ stream: true });
        const socket = await RawSocket.open(rig.port);
        const stream = JSON.stringify({ model: 'x/y', messages: [], stream: true });
        socket.write(rawChat(PROXY_KEY, stream));
        await rig.pass(500);
        const stopped = rig.service.stop(2_000);
        if (when === 'when all answers have ended') await rig.drive(stopped);
        // The head of the running answer had left before, so it could not announce the connection's end.
        socket.write(rawChat(PROXY_KEY, chat));
        await rig.drive(Promise.all([running, stopped]));
        const text = await socket.untilClosed();
        assert.match(text, /\[DONE\][^]*HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n[^]*"stopping"/i);
        assert.equal(rig.attempts.length, 2);
      });
    });
  }

  it('over which an upload has stalled ends when who waits is refused', async () => {
    await withRig({}, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(rawChat(PROXY_KEY, chat).slice(0, -10));
      await rig.pass(100);
      await rig.drive(rig.service.stop(2_000));
      const text = await socket.untilClosed();
      assert.match(text, /^HTTP\/1\.1 503 [^]*"stopping"/);
    });
  });

  it('is told by /health that the proxy stops, and closed', async () => {
    await withRig({ simulator: { answer: { events: 10, eventDelayMs: 100 } } }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(rawChat(PROXY_KEY, JSON.stringify({ model: 'x/y', messages: [], stream: true })));
      await rig.pass(500);
      const stopped = rig.service.stop();
      socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await rig.drive(stopped);
      const text = await socket.untilClosed();
      assert.match(text, /\[DONE\][^]*HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/i);
    });
  });

  it('may be used again once the proxy has started again', async () => {
    await withRig({}, async (rig) => {
      await rig.drive(rig.service.stop(2_000));
      const state = await rig.service.start();
      assert.ok(state.kind === 'running');
      const socket = await RawSocket.open(state.port);
      for (let count = 1; count <= 2; count++) {
        socket.write(rawChat(PROXY_KEY, chat));
        await rig.pass(100);
        assert.equal(socket.text.match(/HTTP\/1\.1 200 OK/g)?.length, count);
      }
      socket.leave();
    });
  });
});

describe('settings that change', () => {
  it('leave a running answer alone, even when upstream becomes another one', async () => {
    await withRig({ simulator: { answer: { events: 10, eventDelayMs: 100 } } }, async (rig) => {
      const asked = rig.ask({ stream: true });
      await rig.pass(300);
      await rig.service.configure({ ...defaultSettings, port: 0, upstreamUrl: 'http://127.0.0.1:9/api/v1' });
      const reply = await rig.drive(asked);
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
    });
  });

  it('change nothing where they are the same: a change of another setting applies them again', async () => {
    const changed = { timezone: 'UTC', maxUpstreamAttempts: 1 };
    const simulator = { answer: { events: 10, eventDelayMs: 100 } };
    await withRig({ settings: changed, simulator }, async (rig) => {
      const { proxy } = rig.service.snapshot();
      const asked = [rig.ask({ model: 'x/y', stream: true }), rig.ask({ model: 'x/y', stream: true })];
      await rig.pass(300);
      const made = rig.simulator.connectionsMade();
      const upstreamUrl = rig.simulator.baseUrl;
      await rig.service.configure({ ...defaultSettings, ...changed, port: 0, upstreamUrl });
      assert.deepEqual(rig.service.snapshot().proxy, proxy);
      const replies = await rig.drive(Promise.all(asked));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200],
      );
      assert.deepEqual([rig.attempts.length, rig.simulator.connectionsMade()], [2, made]);
    });
  });
});

describe('a setting that says that nothing may cost', () => {
  const accounts = accountsOf({ name: 'a', credits: 5 });
  for (const [what, asked, error] of [
    ['a slot', { model: 'x/y' }, 'inFlightBudget'],
    ['another attempt', { model: 'x/y' }, 'providerDown'],
    ['a model that would lead on to a paid one', { model: 'x/y:free' }, 'providerBusy'],
  ] as const) {
    it(`holds for a request that waits for ${what} already`, async () => {
      const settings = { fallbackModels: { 'x/y:free': ['big/one'] } };
      await withRig({ accounts, settings }, async (rig) => {
        rig.simulator.script({
          times: 9,
          model: /^x/,
          fault: { kind: 'error', error, retryAfterSeconds: 10 },
        });
        const waiting = rig.ask(asked);
        await rig.pass(1_000);
        const upstreamUrl = rig.simulator.baseUrl;
        await rig.service.configure({
          ...defaultSettings,
          ...settings,
          port: 0,
          upstreamUrl,
          freeOnly: true,
        });
        const reply = await rig.drive(waiting);
        assert.deepEqual([reply.status, reply.header('x-keywheel-refusal')], [402, 'free_only']);
        assert.deepEqual(
          rig.attempts.slice(1).filter(({ model }) => model !== 'x/y:free'),
          [],
        );
      });
    });
  }
});

describe('connections that went stale', () => {
  it('are not tried one after the other once one of them has been silent', async () => {
    const settings = { keepAliveAfterSeconds: 3600, idleTimeoutSeconds: 10 };
    await withRig({ settings, simulator: { answer: { headDelayMs: 50 } } }, async (rig) => {
      const paid = { model: 'x/y', stream: true };
      await rig.drive(Promise.all(Array.from({ length: 10 }, () => rig.ask(paid))));
      assert.ok(rig.simulator.resetConnections('deaf') >= 10);
      rig.simulator.forget();
      assert.equal((await rig.get(paid)).status, 200);
      assert.deepEqual([rig.simulator.staleHits(), rig.attempts.length], [1, 1]);
      assert.equal((await rig.get(paid)).status, 200);
      assert.equal(rig.simulator.staleHits(), 1);
    });
  });

  it('are given up when the networks of the machine change, and a running answer is not', async () => {
    await withRig({ simulator: { answer: { events: 10, eventDelayMs: 100 } } }, async (rig) => {
      const running = rig.ask({ stream: true });
      await rig.pass(300);
      assert.equal((await rig.get({ model: 'x/y' })).status, 200);
      assert.ok(rig.simulator.resetConnections('deaf') >= 1);
      rig.service.changedNetwork();
      assert.equal((await rig.get({ model: 'x/y' })).status, 200);
      assert.equal(rig.simulator.staleHits(), 0);
      assert.deepEqual((await rig.drive(running)).body, rig.attempts[0]?.sent.bytes);
    });
  });

  for (const mode of ['destroy', 'reset', 'halfDead'] as const) {
    it(`60 at once (${mode}) cost at most one attempt more each, and none twice where that would make two`, async () => {
      const accounts = accountsOf(
        ...Array.from({ length: 6 }, (_, index) => ({ name: `s${index}`, credits: 50 })),
      );
      await withRig({ accounts, simulator: { answer: { headDelayMs: 50 } } }, async (rig) => {
        const batch = async (path: string): Promise<readonly number[]> => {
          const body = { model: 'x/y', prompt: 'Hi' };
          const asked = Array.from({ length: 60 }, () => rig.ask({ path, body }));
          return (await rig.drive(Promise.all(asked))).map(({ status }) => status);
        };
        await batch('/v1/chat/completions');
        assert.ok(rig.simulator.resetConnections(mode) >= 60);
        rig.simulator.forget();
        assert.deepEqual([...new Set(await batch('/v1/chat/completions'))], [200]);
        assert.equal(rig.attempts.length, 60);
        assert.ok(
          rig.service
            .activity()
            .slice(0, 60)
            .every(({ attempts }) => attempts.length <= 2),
        );
        rig.simulator.resetConnections(mode);
        rig.simulator.forget();
        assert.deepEqual([...new Set(await batch('/v1/videos'))], [202]);
        assert.equal(rig.attempts.length, 60);
        assert.ok(
          rig.service
            .activity()
            .slice(0, 60)
            .every(({ attempts }) => attempts.length === 1),
        );
      });
    });
  }
});
