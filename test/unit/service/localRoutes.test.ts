// GET /key for the wheel as a whole: what it says is left.
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { Secret } from '../../../src/base/secret';
import type { Pool } from '../../../src/keys/pool';
import { readHead } from '../../../src/proxy/request/admission';
import { answerLocally } from '../../../src/service/localRoutes';
import { buildSnapshot } from '../../../src/service/buildSnapshot';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, hourMs, leased, makeKey, makePool, never } from '../keys/make';

const told = v.object({
  data: v.object({
    free_model_daily_requests: v.object({ used: v.number(), limit: v.number(), remaining: v.number() }),
  }),
});

function dayOf(pool: Pool): v.InferOutput<typeof told>['data']['free_model_daily_requests'] {
  const request = readHead('GET', '/api/v1/key', ['authorization', 'Bearer kw']);
  const door = {
    boundHost: '127.0.0.1',
    allowedHosts: [],
    proxyKey: new Secret('kw'),
    allowKeyChanges: false,
  };
  const answer = answerLocally(request, { door, pool, version: '0', status: () => null });
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
    const parts = {
      pool,
      proxy: { kind: 'stopped' },
      timezone: 'UTC',
      paidRefusedAtMs: null,
      unreached: null,
      running: [],
    } as const;
    assert.equal(buildSnapshot(parts).wheel.freeLeft, 50);
  });
});
