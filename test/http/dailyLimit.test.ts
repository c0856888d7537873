// Upstream's limits of a day or a minute are believed for as long as upstream says, and no longer.
import assert from 'node:assert/strict';
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import { plainKey } from '../../src/service/keyring/storedKey';
import { defaultSettings } from '../../src/service/settings';
import type { AccountView } from '../../src/service/snapshot';
import type { SimulatorClock } from '../simulator/clock';
import { ManualClock } from '../support/manualClock';
import { ask } from './client';
import { accountsOf, keyFor, PAID, PROXY_KEY, withRig, type Rig } from './support';

const minuteMs = 60_000;
const midnightMs = Date.UTC(2026, 0, 16);

function viewOf(rig: Rig, name: string): AccountView {
  const view = rig.service.snapshot().accounts.find((each) => each.name === `${name}-1`);
  assert.ok(view !== undefined);
  return view;
}

/** Uses the account up elsewhere, and asks until the proxy has tried it. */
async function runInto(rig: Rig, name: string): Promise<void> {
  rig.simulator.spendElsewhere(name, 50);
  for (let count = 0; count < 4; count++) assert.equal((await rig.get()).status, 200);
  assert.equal(rig.simulator.limitAnswers, 1);
}

describe('requests made elsewhere', () => {
  it('are in the count after the next reading', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      rig.simulator.spendElsewhere('a', 30);
      assert.equal(viewOf(rig, 'a').day.left, 50);
      await rig.drive(rig.service.refresh());
      const { used, left, own } = viewOf(rig, 'a').day;
      assert.deepEqual({ used, left, own }, { used: 30, left: 20, own: 0 });
      assert.equal(rig.service.snapshot().wheel.freeLeft, 70);
    });
  });

  it('show by themselves within 45 s of a request, and of every account', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      assert.equal((await rig.get()).status, 200);
      const name = rig.accountsTried[0] ?? '';
      rig.simulator.spendElsewhere(name, 30);
      rig.simulator.forget();
      await rig.pass(46_000);
      assert.equal(viewOf(rig, name).day.used, 31);
      assert.equal(rig.simulator.requestsTo('/key').length, 2);
    });
  });

  it('cost exactly one attempt before that, and another account serves', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      rig.simulator.spendElsewhere('a', 50);
      for (let count = 0; count < 10; count++) assert.equal((await rig.get()).status, 200);
      assert.equal(rig.simulator.limitAnswers, 1);
      assert.equal(rig.accountsTried.filter((name) => name === 'a').length, 1);
      assert.equal(rig.attempts.length, 11);
      const { state, untilMs, locks } = viewOf(rig, 'a');
      assert.deepEqual({ state, untilMs }, { state: 'usedUp', untilMs: midnightMs });
      assert.deepEqual(
        locks.map(({ reason, covers, untilMs: lockUntilMs }) => [reason, covers, lockUntilMs]),
        [['dailyLimit', 'free', midnightMs]],
      );
    });
  });
});

describe('a machine whose clock is ahead', () => {
  it('ends the day at upstream’s midnight, which upstream’s dates tell', async () => {
    const aheadMs = 8_000;
    const clock = new ManualClock(midnightMs - minuteMs);
    const upstreamClock: SimulatorClock = {
      nowMs: () => clock.elapsedMs() - aheadMs,
      after: (delayMs, run) => clock.after(delayMs, run),
    };
    const options = { clock, accounts: accountsOf('a'), simulator: { clock: upstreamClock } };
    await withRig(options, async (rig) => {
      rig.simulator.spendElsewhere('a', 49);
      assert.equal((await rig.get()).status, 200);
      await rig.pass(midnightMs + 4_000 - clock.elapsedMs());
      const asked = rig.ask();
      await rig.pass(1_000);
      assert.equal(viewOf(rig, 'a').untilMs, midnightMs);
      assert.equal((await rig.drive(asked)).status, 200);
      // The reading before had told that nothing was left, so no request was sent in vain.
      assert.deepEqual([rig.attempts.length, rig.clock.elapsedMs()], [2, midnightMs + aheadMs]);
    });
  });
});

describe('a minute-limit answer', () => {
  it('locks for its seconds only, though its text mentions the day', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      const fromMs = rig.clock.wallMs();
      const resetAtMs = fromMs + 7_000;
      rig.simulator.script({ fault: { kind: 'error', error: 'minuteLimitSayingPerDay', resetAtMs } });
      const reply = await rig.get();
      assert.equal(reply.status, 200);
      assert.deepEqual(rig.gapsMs, [7_000]);
      assert.equal(viewOf(rig, 'a').state, 'ready');
    });
  });

  it('of an unknown kind never locks for a day', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      const fromMs = rig.clock.wallMs();
      rig.simulator.script({ fault: { kind: 'error', error: 'unknown429' }, times: 2 });
      const reply = await rig.get();
      assert.equal(reply.status, 200);
      assert.ok(rig.clock.wallMs() - fromMs <= 60_000, `${rig.clock.wallMs() - fromMs} ms`);
      assert.deepEqual(viewOf(rig, 'a').locks, []);
    });
  });
});

describe('a daily-limit answer', () => {
  it('locks until its reset, and not longer', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      await runInto(rig, 'a');
      await rig.pass(midnightMs - rig.clock.wallMs() - minuteMs);
      assert.equal(viewOf(rig, 'a').state, 'usedUp');
      await rig.pass(minuteMs + 1);
      assert.equal(viewOf(rig, 'a').state, 'ready');
      rig.simulator.forget();
      for (let count = 0; count < 2; count++) assert.equal((await rig.get()).status, 200);
      assert.deepEqual([...rig.accountsTried].sort(), ['a', 'b']);
    });
  });

  it('is asked about ever more rarely while readings go on to contradict it', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      const rule = rig.simulator.script({
        times: 999,
        fault: { kind: 'error', error: 'dailyLimit' },
        counts: false,
      });
      for (let count = 0; count < 120; count++) {
        await rig.get();
        await rig.pass(30_000);
      }
      // Attempts after one minute, two, four … of an hour.
      assert.ok(rig.attempts.length <= 7, String(rig.attempts.length));
      rule.remove();
      await rig.pass(60 * minuteMs);
      // The first request causes a reading.
      await rig.get();
      await rig.pass(minuteMs);
      assert.equal((await rig.get()).status, 200);
    });
  });

  it('is believed where a Retry-After of 0 stands beside its reset', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      const headers = { 'X-RateLimit-Limit': '50', 'X-RateLimit-Reset': String(midnightMs) };
      const metadata = { headers, limit_source: 'openrouter_free_tier_daily' };
      const body = { error: { message: 'Rate limit exceeded: free-models-per-day.', code: 429, metadata } };
      const told = { kind: 'respond', status: 429, headers: { 'retry-after': '0' }, body } as const;
      rig.simulator.script({ times: 9, fault: told });
      assert.equal((await rig.get()).header('x-ratelimit-reset'), String(midnightMs));
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('survives a restart', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      await runInto(rig, 'a');
      const saved: unknown = JSON.parse(JSON.stringify(rig.service.savedState()));
      rig.simulator.forget();
      // Upstream tells no counts this time: only the file has them.
      for (const name of ['a', 'b'])
        rig.simulator.account(name).omitKeyFields = ['free_model_daily_requests'];
      const service = new KeywheelService({
        clock: rig.clock,
        log: new TextLog(() => undefined),
        version: '0',
      });
      try {
        await service.configure({ ...defaultSettings, port: 0, upstreamUrl: rig.simulator.baseUrl });
        assert.equal(service.restore(saved).kind, 'good');
        service.setProxyKey(PROXY_KEY);
        service.setKeys([plainKey(keyFor('a'), 'a-1'), plainKey(keyFor('b'), 'b-1')]);
        const state = await service.start();
        assert.ok(state.kind === 'running');
        const port = Number(new URL(state.baseUrl).port);
        for (let count = 0; count < 5; count++) {
          assert.equal((await rig.drive(ask(port, { proxyKey: PROXY_KEY }))).status, 200);
        }
        assert.deepEqual(new Set(rig.accountsTried), new Set(['b']));
        const [account] = service.snapshot().accounts;
        assert.deepEqual([account?.state, account?.untilMs], ['usedUp', midnightMs]);
      } finally {
        await service.stop(0);
        service.dispose();
      }
    });
  });

  it('is lifted by a reading that shows allowance, if it was taken long enough after it', async () => {
    await withRig({ accounts: accountsOf('a', 'b') }, async (rig) => {
      await runInto(rig, 'a');
      rig.simulator.topUp('a', 10);
      // Readings are about a minute late, so a reading at once proves nothing.
      await rig.drive(rig.service.refresh());
      assert.equal(viewOf(rig, 'a').state, 'usedUp');
      await rig.pass(minuteMs + 1);
      await rig.drive(rig.service.refresh());
      const { state, day, locks } = viewOf(rig, 'a');
      assert.deepEqual({ state, locks, limit: day.limit }, { state: 'ready', locks: [], limit: 1000 });
    });
  });
});

describe('what views are told', () => {
  it('is told anew when it ends, though nobody sends or looks: a lock, a day', async () => {
    await withRig({ accounts: accountsOf({ name: 'a', usedToday: 20, credits: 5 }) }, async (rig) => {
      const { clock, service } = rig;
      const untilMs = clock.wallMs() + 20 * minuteMs;
      const fault = { kind: 'error', error: 'guardrailBudget', resetAtMs: untilMs } as const;
      rig.simulator.script({ model: PAID, fault });
      await rig.get({ model: PAID });
      const view = (): object => {
        const { locks, day } = viewOf(rig, 'a');
        return { left: day.left, locks: [...locks, ...(viewOf(rig, 'a').keys[0]?.locks ?? [])].length };
      };
      let shown = view();
      service.onDidChange(() => (shown = view()));
      // Readings are hourly from here on.
      await rig.pass(untilMs - clock.wallMs() - 1_000);
      assert.deepEqual(shown, { left: 30, locks: 1 });
      await rig.pass(2_000);
      assert.deepEqual(shown, { left: 30, locks: 0 });
      await rig.pass(midnightMs - clock.wallMs() - 1_000);
      assert.deepEqual(shown, { left: 30, locks: 0 });
      await rig.pass(2_000);
      assert.deepEqual(shown, { left: 50, locks: 0 });
    });
  });
});
