// The choice of the key: the largest share first, bad and used-up ones passed over, limits waited for or passed over.
import assert from 'node:assert/strict';
import { someNoonMs } from '../support/manualClock';
import { recorded } from '../unit/proxy/recordedBodies';
import { ask } from './client';
import { accountsOf, FREE, keyFor, PAID, withRig, type Rig } from './support';

function countsOf(rig: Rig): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { key = '' } of rig.attempts) {
    const name = key.slice(-2);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('rotation', () => {
  it('takes the account with the largest share left, and the keys of one account in turn', async () => {
    const accounts = accountsOf(
      { name: 'one', keys: [keyFor('k1'), keyFor('k2')] },
      { name: 'two', keys: [keyFor('k3')] },
    );
    await withRig({ accounts }, async (rig) => {
      for (let count = 0; count < 12; count++) {
        assert.equal((await rig.get()).status, 200);
        await rig.pass(1);
      }
      assert.deepEqual(countsOf(rig), { k1: 3, k2: 3, k3: 6 });
    });
  });

  it('moves on from a daily limit that nobody knew of, and does not ask that account again', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      rig.simulator.spendElsewhere('a', 50);
      for (let count = 0; count < 6; count++) assert.equal((await rig.get()).status, 200);
      assert.equal(rig.accountsTried.filter((name) => name === 'a').length, 1);
      assert.equal(rig.simulator.limitAnswers, 1);
    });
  });

  it('moves on from a key or account that is refused where what is made must not be made twice, too', async () => {
    for (const error of ['badKey', 'noCredits', 'keyCap'] as const)
      for (const path of ['/images', '/videos', '/audio/speech', '/files', '/messages/count_tokens'])
        await withRig({}, async (rig) => {
          rig.simulator.script({ fault: { kind: 'error', error } });
          const reply = await rig.get({ path: `/api/v1${path}`, model: PAID });
          assert.ok(![401, 402, 403].includes(reply.status), `${error} ${path}: ${reply.text}`);
          assert.deepEqual(rig.accountsTried, ['a', 'b']);
        });
  });

  it('keys of one account share its minute, however many they are', async () => {
    const accounts = accountsOf({ name: 'one', keys: [keyFor('k1'), keyFor('k2'), keyFor('k3')] });
    await withRig({ accounts }, async (rig) => {
      const replies = await rig.drive(Promise.all(Array.from({ length: 25 }, () => rig.ask())));
      assert.ok(replies.every(({ status }) => status === 200));
      const beganAtMs = rig.attempts[0]?.atMs ?? 0;
      assert.equal(rig.attempts.filter(({ atMs }) => atMs === beganAtMs).length, 20);
      assert.ok(rig.attempts.slice(20).every(({ atMs }) => atMs - beganAtMs === 60_000));
      assert.equal(rig.simulator.limitAnswers, 0);
    });
  });

  it('waits for a slot up to 90 s, and refuses at once what would wait longer', async () => {
    await withRig({ accounts: accountsOf({ name: 'a', minuteLimit: 1000 }) }, async (rig) => {
      const asked = Array.from({ length: 45 }, () => rig.ask());
      const replies = await rig.drive(Promise.all(asked));
      const statuses = replies.map(({ status }) => status);
      assert.equal(statuses.filter((status) => status === 200).length, 40);
      const refused = replies.filter(({ status }) => status === 429);
      assert.equal(refused.length, 5);
      for (const reply of refused) assert.ok(Number(reply.header('retry-after')) <= 60);
    });
  });

  it('tells how long a request waited, though the clock is set back meanwhile', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      for (let count = 0; count < 20; count++) await rig.get();
      const asked = rig.ask();
      await rig.pass(5_000);
      rig.manual.set(-3_600_000);
      const reply = await rig.drive(asked);
      assert.equal(reply.status, 200);
      assert.equal(reply.header('x-keywheel-waited-ms'), '60000');
      const [exchange] = rig.service.activity();
      assert.deepEqual([exchange?.waitedMs, exchange?.firstTokenMs], [60_000, 60_000]);
      assert.equal(exchange?.attempts[0]?.waitedMs, 60_000);
    });
  });

  it('passes a revoked key over, which is bad only after GET /key agrees', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      rig.simulator.revokeKey(keyFor('a'));
      for (let count = 0; count < 6; count++) assert.equal((await rig.get()).status, 200);
      await rig.pass(61_000);
      const keys = rig.service.snapshot().accounts.flatMap((account) => account.keys);
      assert.deepEqual(
        keys.map(({ label, health }) => [label, health]),
        [
          ['a-1', 'bad'],
          ['b-1', 'good'],
        ],
      );
      assert.equal(rig.accountsTried.filter((name) => name === 'a').length, 1);
    });
  });

  it('takes 401 from every account for OpenRouter’s incident: no key is bad, and no client sees a 401', async () => {
    await withRig({ accounts: accountsOf('a', 'b', 'c') }, async (rig) => {
      const down = rig.simulator.script({ times: 999, fault: { kind: 'error', error: 'badKey' } });
      for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings']) {
        const reply = await rig.get({ path });
        assert.equal(reply.status, 503);
        assert.equal(reply.header('retry-after'), '30');
      }
      for (const path of ['/v1/credits', '/v1/models/user', '/v1/generation?id=x']) {
        assert.notEqual((await rig.get({ method: 'GET', path })).status, 401);
      }
      await rig.pass(10_000);
      down.remove();
      const keys = rig.service.snapshot().accounts.flatMap((account) => account.keys);
      assert.deepEqual([...new Set(keys.map(({ health }) => health))], ['good']);
      assert.equal((await rig.get()).status, 200);
    });
  });

  it('keeps a key whose account’s own key a provider refuses, and tells the client in the provider’s words', async () => {
    await withRig({ accounts: accountsOf({ name: 'a', credits: 5 }) }, async (rig) => {
      const fault = { kind: 'respond', status: 401, body: recorded.ownKeyRefused } as const;
      rig.simulator.script({ model: PAID, times: 999, fault });
      for (const stream of [false, true]) {
        const reply = await rig.get({ model: PAID, stream });
        assert.equal(reply.status, 403);
        assert.match(reply.text, /invalid x-api-key/);
      }
      assert.equal(rig.attempts.length, 2);
      assert.equal((await rig.get({ model: 'another/model' })).status, 200);
      assert.equal((await rig.get()).status, 200);
    });
  });

  it('without any key says what to do, with a status at which agents stop', async () => {
    await withRig({ accounts: [] }, async (rig) => {
      const reply = await rig.ask();
      assert.equal(reply.status, 402);
      assert.match(reply.text, /Keywheel: Add Key/);
    });
  });

  it('keeps a paid conversation with the account that served it', async () => {
    const accounts = accountsOf(
      { name: 'a', credits: 5 },
      { name: 'b', credits: 5 },
      { name: 'c', credits: 5 },
    );
    await withRig({ accounts }, async (rig) => {
      const served = new Map<string, Set<string>>();
      for (let round = 0; round < 4; round++) {
        for (const session of ['s1', 's2', 's3', 's4']) {
          await rig.get({ model: PAID, headers: ['x-session-id', session] });
          const set = served.get(session) ?? new Set();
          served.set(session, set.add(rig.accountsTried.at(-1) ?? ''));
        }
      }
      assert.deepEqual(
        [...served.values()].map(({ size }) => size),
        [1, 1, 1, 1],
      );
    });
  });

  it('may refuse with 402 instead, where the user wants agents to stop', async () => {
    const accounts = accountsOf({ name: 'a', usedToday: 50 });
    await withRig({ accounts, settings: { exhaustedStatus: 402 } }, async (rig) => {
      const reply = await rig.get();
      assert.equal(reply.status, 402);
      assert.equal((reply.json() as { error: { code: number } }).error.code, 402);
      assert.equal(reply.header('x-ratelimit-reset'), String(Date.UTC(2026, 0, 16)));
    });
  });
});

describe('GET /key', () => {
  it('is one key for the whole wheel: its sums are those of the accounts', async () => {
    const accounts = accountsOf(
      {
        name: 'a',
        credits: 5,
        usedToday: 7,
        keys: [
          { key: keyFor('a'), usage: 1.5 },
          { key: keyFor('a2'), usage: 0.5 },
        ],
      },
      { name: 'b', dailyLimit: 1000, usedToday: 100, keys: [{ key: keyFor('b'), usage: 2 }] },
    );
    await withRig({ accounts }, async (rig) => {
      await rig.get();
      rig.simulator.forget();
      for (const path of ['/api/v1/key', '/v1/key', '/key']) {
        const reply = await rig.ask({ method: 'GET', path });
        const { data } = reply.json() as { data: Record<string, unknown> };
        assert.equal(data.label, 'Keywheel (3 keys, 2 accounts)');
        assert.deepEqual(data.free_model_daily_requests, { used: 108, limit: 1050, remaining: 942 });
        assert.deepEqual([data.usage, data.usage_daily], [4, 4]);
        assert.deepEqual(
          [data.limit, data.limit_remaining, data.limit_reset, data.is_free_tier],
          [null, null, null, false],
        );
        assert.deepEqual(data.rate_limit, { requests: -1, interval: '10s', note: 'deprecated' });
        const upstreams = await fetch(`${rig.simulator.baseUrl}/key`, {
          headers: { authorization: `Bearer ${keyFor('a')}` },
        });
        const { data: shape } = (await upstreams.json()) as { data: object };
        assert.deepEqual(Object.keys(data).sort(), Object.keys(shape).sort());
      }
      assert.equal((await ask(rig.port, { method: 'GET', path: '/v1/key' })).status, 401);
    });
  });

  it('sums caps where every key has one', async () => {
    const accounts = accountsOf(
      { name: 'a', credits: 50, keys: [{ key: keyFor('a'), limit: 10, usage: 4 }] },
      { name: 'b', credits: 50, keys: [{ key: keyFor('b'), limit: 5, usage: 1 }] },
      // The last request cost more than was left: this key has nothing left, and takes nothing from the others.
      { name: 'c', credits: 50, keys: [{ key: keyFor('c'), limit: 2, usage: 3 }] },
    );
    await withRig({ accounts }, async (rig) => {
      const reply = await rig.ask({ method: 'GET', path: '/v1/key' });
      const { data } = reply.json() as { data: Record<string, unknown> };
      assert.deepEqual([data.limit, data.limit_remaining], [17, 10]);
    });
  });
});

describe('fallback models', () => {
  const fallbackModels = { 'x/*:free': ['y/z:free', 'big/one'], 'x/y': ['x/cheap'] };

  it('are tried after three attempts in three seconds; the answer says which served', async () => {
    await withRig({ settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ model: FREE, times: 99, fault: { kind: 'error', error: 'providerDown' } });
      const body = { model: FREE, stream: true, messages: [], temperature: 0.5, models: ['a/b:free'] };
      const reply = await rig.get({ stream: true, body });
      assert.equal(reply.status, 200);
      assert.match(reply.text, /"model":"y\/z:free"/);
      assert.equal(rig.attempts.at(-1)?.model, 'y/z:free');
      const sent: unknown = JSON.parse(rig.attempts.at(-1)?.bodyText ?? '');
      assert.deepEqual(sent, { model: 'y/z:free', stream: true, messages: [], temperature: 0.5 });
      const models = rig.attempts.map(({ model }) => model);
      assert.ok(models.length <= 4 && models.slice(0, -1).every((model) => model === FREE));
      assert.ok(rig.clock.wallMs() - someNoonMs <= 4_000);
    });
  });

  it('are tried when the model is locked for longer than a request waits', async () => {
    await withRig({ settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({
        model: FREE,
        times: 99,
        fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: 600 },
      });
      const reply = await rig.get();
      assert.equal(reply.status, 200);
      assert.equal((await rig.get()).status, 200);
      assert.deepEqual(
        rig.attempts.map(({ model }) => model),
        [FREE, 'y/z:free', 'y/z:free'],
      );
    });
  });

  it('are tried when the accounts’ own provider keys are busy for longer than a request waits', async () => {
    await withRig({ settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({
        model: FREE,
        times: 99,
        fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: 600, isByok: true },
      });
      assert.equal((await rig.get()).status, 200);
      assert.deepEqual(
        rig.attempts.map(({ model }) => model),
        [FREE, FREE, 'y/z:free'],
      );
    });
  });

  it('are tried at once while the model’s only probe runs', async () => {
    await withRig({ settings: { fallbackModels, maxWaitSeconds: 10 } }, async (rig) => {
      rig.simulator.script({
        model: FREE,
        fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: 2 },
      });
      rig.simulator.script({ model: FREE, fault: { kind: 'comments', count: 60, delayMs: 1_000 } });
      const first = rig.ask({ stream: true });
      await rig.pass(8_000);
      assert.match((await rig.get({ stream: true })).text, /"model":"y\/z:free"/);
      await rig.drive(first);
    });
  });

  it('are tried when the first token is late', async () => {
    await withRig({ settings: { fallbackModels, keepAliveAfterSeconds: 3600 } }, async (rig) => {
      rig.simulator.script({
        model: FREE,
        times: 99,
        fault: { kind: 'comments', count: 500, delayMs: 1_000 },
      });
      const reply = await rig.get({ stream: true });
      assert.match(reply.text, /"model":"y\/z:free"/);
      assert.deepEqual(
        rig.attempts.map(({ model }) => model),
        [FREE, 'y/z:free'],
      );
      assert.deepEqual(rig.gapsMs, [120_000]);
    });
  });

  it('are not tried for the request’s own fault, except a context that is too long', async () => {
    await withRig({ settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'badRequest' } });
      assert.equal((await rig.get()).status, 400);
      assert.equal(rig.attempts.length, 1);
      rig.simulator.script({ fault: { kind: 'error', error: 'contextLength' } });
      assert.equal((await rig.get()).status, 200);
      assert.equal(rig.attempts.at(-1)?.model, 'y/z:free');
    });
  });

  it('in the end give back the last error, in upstream’s words', async () => {
    await withRig({ settings: { fallbackModels, keepAliveAfterSeconds: 3600 } }, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'error', error: 'internal' } });
      const reply = await rig.get({ model: PAID });
      assert.equal(reply.status, 500);
      assert.deepEqual(
        rig.attempts.map(({ model }) => model),
        [PAID, PAID, 'x/cheap', 'x/cheap'],
      );
      assert.deepEqual(reply.body, rig.attempts.at(-1)?.sent.bytes);
    });
  });
});
