// The allowance that GET /key and GET /key-status show.
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { Secret } from '../../../src/base/secret';
import type { Pool } from '../../../src/keys/pool';
import { readHead } from '../../../src/proxy/request/admission';
import { answerLocally, keyStatus } from '../../../src/service/localRoutes';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, hourMs, leased, makeKey, makePool, minuteMs, never } from '../keys/make';
import { snapshotOf } from './snapshots';

const told = v.object({
  data: v.object({
    free_model_daily_requests: v.object({ used: v.number(), limit: v.number(), remaining: v.number() }),
  }),
});

function dayOf(pool: Pool): v.InferOutput<typeof told>['data']['free_model_daily_requests'] {
  const request = readHead('GET', '/api/v1/key', ['authorization', 'Bearer kw']);
  const rules = {
    boundHost: '127.0.0.1',
    allowedHosts: [],
    proxyKey: new Secret('kw'),
    allowKeyChanges: false,
  };
  const answer = answerLocally(request, { rules, pool, version: '0', snapshot: () => snapshotOf(pool) });
  assert.ok(answer !== null);
  return v.parse(told, JSON.parse(String(answer.body))).data.free_model_daily_requests;
}

describe('GET /key', () => {
  it('tells the new day’s count after midnight, though nothing else has looked since', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')] }, { daily: { used: 45, limit: 50 } });
    assert.deepEqual(dayOf(pool), { used: 45, limit: 50, remaining: 5 });
    await clock.run(13 * hourMs);
    assert.deepEqual(dayOf(pool), { used: 0, limit: 50, remaining: 50 });
  });

  it('has nothing left of a day that OpenRouter called used up, as the dashboard says too', async () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('a')], b: [makeKey('b')] });
    {
      using lease = await leased(pool.lease(freeRequest(clock.wallMs()), never));
      lease.markSent();
      lease.settle({ kind: 'locked', reason: 'dailyLimit', untilMs: null, limit: 50 });
    }
    assert.deepEqual(dayOf(pool), { used: 50, limit: 100, remaining: 50 });
    assert.equal(snapshotOf(pool).wheel.freeLeft, 50);
  });
});

describe('keyStatus', () => {
  it('has labels and masks, times as text, and no id of a key', () => {
    const clock = new ManualClock();
    const key = makeKey('one', { label: 'key 1', masked: 'sk-or-v1-...abcd' });
    const pool = makePool(clock, { a: [key] });
    const text = JSON.stringify(keyStatus(snapshotOf(pool)));
    assert.ok(!text.includes(key.keyId));
    assert.deepEqual(JSON.parse(text), {
      unreached: null,
      free_left: 50,
      free_limit: 50,
      resets_at: '2026-01-16T00:00:00.000Z',
      waiting: 0,
      accounts: [
        {
          name: 'key 1',
          state: 'ready',
          until: null,
          day: { used: 0, limit: 50, left: 50, resets_at: '2026-01-16T00:00:00.000Z' },
          minute: { used: 0, limit: 20 },
          locks: [],
          keys: [
            {
              label: 'key 1',
              key: 'sk-or-v1-...abcd',
              health: 'good',
              enabled: true,
              paid_use: 'auto',
              locks: [],
              requests: 0,
              errors: 0,
            },
          ],
        },
      ],
      busy_models: [],
    });
  });

  it('tells for which account or key a model is held back, and why', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { a: [makeKey('one')] });
    const [account] = pool.roster.accounts;
    assert.ok(account !== undefined);
    const { accountId } = account;
    const { modelLocks } = pool.wheel;
    const nowMs = clock.elapsedMs();
    const { keyId } = makeKey('one');
    modelLocks.learn({ model: 'x/y', accountId, keyId, reason: 'policy' }, nowMs + minuteMs, nowMs);
    modelLocks.learn({ model: 'x/z', accountId: null, keyId: null, reason: 'busy' }, nowMs + minuteMs, nowMs);
    const snapshot = snapshotOf(pool);
    assert.deepEqual(
      snapshot.busyModels.map(({ model, reason, ...lock }) => [model, reason, lock.accountId, lock.keyId]),
      [
        ['x/y', 'policy', accountId, keyId],
        ['x/z', 'busy', null, undefined],
      ],
    );
    const until = new Date(clock.wallMs() + minuteMs).toISOString();
    const { busy_models } = JSON.parse(JSON.stringify(keyStatus(snapshot))) as { busy_models: unknown };
    assert.deepEqual(busy_models, [
      { model: 'x/y', reason: 'policy', account: 'one', key: 'one', until },
      { model: 'x/z', reason: 'busy', account: null, key: null, until },
    ]);
  });
});
