import assert from 'node:assert/strict';
import { ask, FREE, get, KEY, NOON_MS, one, PAID, SetClock, withSimulator } from './support';

async function statuses(count: number, next: () => Promise<Response>): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index++) {
    const response = await next();
    await response.arrayBuffer();
    all.push(response.status);
  }
  return all;
}

async function data(response: Response): Promise<Record<string, unknown>> {
  const body = (await response.json()) as { data: Record<string, unknown> };
  return body.data;
}

describe('the simulator, limits', () => {
  it('lets 20 free requests of one account through a minute of the clock, whichever key they have', async () => {
    const clock = new SetClock();
    const accounts = [{ name: 'a', keys: [KEY, 'k2'] }];
    await withSimulator({ accounts, clock }, async (simulator) => {
      let turn = 0;
      const both = (): Promise<Response> => ask(simulator, { key: turn++ % 2 === 0 ? KEY : 'k2' });
      assert.deepEqual(await statuses(20, both), Array<number>(20).fill(200));
      const refused = await both();
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get('x-ratelimit-reset'), String(NOON_MS + 50_000));
      assert.equal(
        await refused.text(),
        `{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"${NOON_MS + 50_000}"},"limit_source":"openrouter_free_tier_per_minute","remedy_hint":"Slow down requests to free models, or retry after the per-minute window resets.","provider_name":null}},"user_id":"user_a"}`,
      );
      assert.equal(simulator.limitAnswers, 1);
      clock.advance(50_000);
      assert.deepEqual(await statuses(1, both), [200]);
      assert.equal(simulator.usedToday('a'), 22);
      assert.equal(simulator.sums().perKey.get('k2')?.requests, 11);
    });
  });

  it('slides the window where it is asked to', async () => {
    const clock = new SetClock();
    await withSimulator({ clock, minuteWindow: 'sliding' }, async (simulator) => {
      await statuses(19, () => ask(simulator));
      clock.advance(30_000);
      assert.deepEqual(await statuses(2, () => ask(simulator)), [200, 429]);
      clock.advance(29_999);
      assert.deepEqual(await statuses(1, () => ask(simulator)), [429]);
      clock.advance(1);
      assert.deepEqual(await statuses(20, () => ask(simulator)), [...Array<number>(19).fill(200), 429]);
    });
  });

  it('refuses after the day is used up, counts what it refuses, and begins anew at midnight UTC', async () => {
    const clock = new SetClock();
    await withSimulator({ accounts: [{ ...one, usedToday: 49 }], clock }, async (simulator) => {
      assert.deepEqual(await statuses(2, () => ask(simulator)), [200, 429]);
      assert.equal(simulator.requests[1]?.limitAnswer, 'daily');
      const reading = (await data(await get(simulator, '/key'))).free_model_daily_requests;
      assert.deepEqual(reading, { used: 51, limit: 50, remaining: 0 });
      clock.set(Date.UTC(2026, 9, 15));
      assert.deepEqual(await statuses(1, () => ask(simulator)), [200]);
    });
  });

  it('tells counts that are as old as asked, and leaves fields out', async () => {
    const clock = new SetClock();
    await withSimulator({ clock, readingLagMs: 60_000 }, async (simulator) => {
      const used = async (): Promise<unknown> =>
        (await data(await get(simulator, '/key'))).free_model_daily_requests;
      simulator.spendElsewhere('a', 7);
      assert.deepEqual(await used(), { used: 0, limit: 50, remaining: 50 });
      clock.advance(60_000);
      assert.deepEqual(await used(), { used: 7, limit: 50, remaining: 43 });
      simulator.setTier('a', 1000);
      assert.deepEqual(await used(), { used: 7, limit: 1000, remaining: 993 });
      simulator.account('a').omitKeyFields = ['free_model_daily_requests'];
      assert.equal(await used(), undefined);
    });
  });

  it('misses the share of attempts that it is told to miss', async () => {
    await withSimulator(
      { uncountedShare: 0.5, accounts: [{ ...one, minuteLimit: 1000, dailyLimit: 1000 }] },
      async (simulator) => {
        await statuses(100, () => ask(simulator));
        const used = simulator.usedToday('a');
        assert.ok(used > 30 && used < 70, String(used));
      },
    );
  });

  it('takes credits for paid models, refuses without them, and free models too below zero', async () => {
    await withSimulator({ costPerRequest: 0.5 }, async (simulator) => {
      assert.deepEqual(await statuses(1, () => ask(simulator, { model: PAID })), [402]);
      simulator.topUp('a', 0.75);
      assert.deepEqual(await statuses(3, () => ask(simulator, { model: PAID })), [200, 200, 402]);
      assert.deepEqual(await data(await get(simulator, '/credits')), { total_credits: 0.75, total_usage: 1 });
      const refused = await ask(simulator);
      assert.equal(refused.status, 402);
      assert.match(await refused.text(), /"limit_source":"openrouter_credits"/);
      simulator.topUp('a', 20);
      assert.equal(simulator.account('a').dailyLimit, 1000);
      assert.deepEqual(await statuses(1, () => ask(simulator)), [200]);
    });
  });

  it('holds a key to its cap until the cap is reset', async () => {
    const clock = new SetClock();
    const capped = { key: KEY, limit: 1, limitReset: 'daily', usage: 1 } as const;
    await withSimulator(
      { clock, accounts: [{ name: 'a', credits: 5, keys: [capped, 'k2'] }] },
      async (simulator) => {
        const refused = await ask(simulator, { model: PAID });
        assert.equal(refused.status, 403);
        assert.match(
          await refused.text(),
          /Key limit exceeded.*"openrouter_key_limit","resets_at":"2026-10-15T00:00:00.000Z"/,
        );
        assert.deepEqual(await statuses(1, () => ask(simulator, { model: PAID, key: 'k2' })), [200]);
        clock.advance(86_400_000);
        assert.deepEqual(await statuses(1, () => ask(simulator, { model: PAID })), [200]);
      },
    );
  });

  it('refuses unknown, revoked and management keys', async () => {
    const accounts = [{ name: 'a', keys: [KEY, { key: 'manage', isManagementKey: true }] }];
    await withSimulator({ accounts }, async (simulator) => {
      const unknown = await ask(simulator, { key: 'nobody' });
      assert.equal(unknown.status, 401);
      assert.equal(await unknown.text(), '{"error":{"message":"User not found.","code":401}}');
      assert.deepEqual(await statuses(1, () => ask(simulator, { key: 'manage' })), [403]);
      simulator.revokeKey(KEY);
      assert.deepEqual(await statuses(1, () => ask(simulator)), [401]);
      simulator.restoreKey(KEY);
      assert.deepEqual(await statuses(1, () => ask(simulator, { model: FREE })), [200]);
      const bare = await fetch(`${simulator.baseUrl}/key`);
      assert.match(await bare.text(), /Missing Authentication header/);
    });
  });
});
