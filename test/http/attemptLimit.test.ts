// At most as many attempts run upstream at once as the setting allows; further ones wait in order, or are refused in time.
import assert from 'node:assert/strict';
import { defaultSettings } from '../../src/service/settings';
import { plainKey } from '../../src/service/keyring/storedKey';
import { keyFor, PAID, withRig } from './support';

const slow = { answer: { headDelayMs: 1_000 } };

describe('attempts upstream', () => {
  it('run as many at once as the setting allows, the others after them', async () => {
    await withRig({ settings: { maxUpstreamAttempts: 3, maxWaiting: 0 }, simulator: slow }, async (rig) => {
      const asked = Array.from({ length: 7 }, () => rig.ask({ model: PAID }));
      for (const reached of [3, 6, 7]) {
        await rig.pass(500);
        assert.equal(rig.attempts.length, reached);
        await rig.pass(500);
      }
      const replies = await rig.drive(Promise.all(asked));
      assert.deepEqual(
        replies.map(({ status }) => status),
        replies.map(() => 200),
      );
      const waited = replies.map((reply) => Number(reply.header('x-keywheel-waited-ms')));
      assert.deepEqual(
        waited.map((ms) => Math.floor(ms / 1_000)),
        [0, 0, 0, 1, 1, 1, 2],
      );
    });
  });

  it('are sent with no key that the user took away while they waited', async () => {
    await withRig({ settings: { maxUpstreamAttempts: 1 }, simulator: slow }, async (rig) => {
      const asked = [1, 2, 3].map(() => rig.ask());
      await rig.pass(500);
      rig.service.setKeys([plainKey(keyFor('b'))]);
      await rig.drive(Promise.all(asked));
      assert.deepEqual(rig.accountsTried, ['a', 'b', 'b']);
    });
  });

  it('have a quarter of the places for requests that need no key: strangers keep nobody out', async () => {
    const lists = { path: '/models', fault: { kind: 'headDelay', ms: 1_000 }, times: 9 } as const;
    await withRig({ settings: { maxUpstreamAttempts: 8 } }, async (rig) => {
      rig.simulator.script(lists);
      const strangers = Array.from({ length: 9 }, () =>
        rig.ask({ method: 'GET', path: '/v1/models', proxyKey: null }),
      );
      await rig.pass(500);
      assert.equal(rig.attempts.length, 2);
      assert.equal((await rig.ask({ model: PAID })).status, 200);
      assert.equal(rig.attempts.length, 3);
      await rig.drive(Promise.all(strangers));
    });
  });

  it('are refused with 503 and a time to come again where no place is free within the wait', async () => {
    const settings = { maxUpstreamAttempts: 1, maxWaitSeconds: 5 };
    await withRig({ settings, simulator: { answer: { headDelayMs: 60_000 } } }, async (rig) => {
      const first = rig.ask({ model: PAID });
      await rig.pass(100);
      const second = await rig.get({ model: PAID });
      assert.equal(second.status, 503);
      assert.equal(second.header('x-keywheel-refusal'), 'upstream_full');
      assert.equal(second.header('retry-after'), '5');
      assert.equal(rig.attempts.length, 1);
      assert.equal((await rig.drive(first)).status, 200);
    });
  });

  it('leave their place to the next when their client leaves, waiting or running', async () => {
    await withRig({ settings: { maxUpstreamAttempts: 1 }, simulator: slow }, async (rig) => {
      const leavers = [new AbortController(), new AbortController()];
      const gone = leavers.map(({ signal }) => rig.ask({ model: PAID, signal }).catch(() => null));
      await rig.pass(100);
      const last = rig.ask({ model: PAID });
      await rig.pass(100);
      for (const leaver of leavers.reverse()) leaver.abort();
      assert.equal((await rig.drive(last)).status, 200);
      await Promise.all(gone);
      assert.equal(rig.attempts.length, 2);
    });
  });

  it('take a higher setting with the next request', async () => {
    const settings = { maxUpstreamAttempts: 1 };
    await withRig({ settings, simulator: slow }, async (rig) => {
      const asked = [rig.ask({ model: PAID }), rig.ask({ model: PAID })];
      await rig.pass(100);
      assert.equal(rig.attempts.length, 1);
      const upstreamUrl = rig.simulator.baseUrl;
      await rig.service.configure({ ...defaultSettings, port: 0, upstreamUrl, maxUpstreamAttempts: 3 });
      asked.push(rig.ask({ model: PAID }));
      await rig.pass(100);
      assert.equal(rig.attempts.length, 3);
      await rig.drive(Promise.all(asked));
    });
  });
});
