// Keys of one account share its limits: sums, choice and refusals are those of accounts, not of keys.
import assert from 'node:assert/strict';
import { keyFor, withRig, type Rig } from './support';

/** Three keys, two accounts. */
const accounts = [
  { name: 'shared', keys: [keyFor('shared-1'), keyFor('shared-2')] },
  { name: 'alone', keys: [keyFor('alone')] },
];

async function askTimes(rig: Rig, count: number): Promise<readonly number[]> {
  const replies = await rig.drive(Promise.all(Array.from({ length: count }, () => rig.ask())));
  return replies.map(({ status }) => status);
}

describe('two keys of one account and one of another', () => {
  it('are two accounts of 50 each in all sums', async () => {
    await withRig({ accounts }, async (rig) => {
      const { wheel, accounts: views } = rig.service.snapshot();
      const { keys, accounts: count, freeLeft, freeLimit } = wheel;
      assert.deepEqual(
        { keys, count, freeLeft, freeLimit },
        { keys: 3, count: 2, freeLeft: 100, freeLimit: 100 },
      );
      assert.deepEqual(
        views.map((view) => view.keys.map(({ label }) => label)),
        [['shared-1', 'shared-2'], ['alone-1']],
      );
      const wheelKey = (await rig.get({ method: 'GET', path: '/api/v1/key', body: null })).json() as {
        data: { label: string; free_model_daily_requests: unknown };
      };
      assert.equal(wheelKey.data.label, 'Keywheel (3 keys, 2 accounts)');
      assert.deepEqual(wheelKey.data.free_model_daily_requests, { used: 0, limit: 100, remaining: 100 });
    });
  });

  it('share the work by accounts, and the account by its keys', async () => {
    await withRig({ accounts }, async (rig) => {
      assert.deepEqual(await askTimes(rig, 40), Array<number>(40).fill(200));
      const { perKey, perAccount } = rig.simulator.sums();
      assert.equal(perAccount.get('shared')?.requests, 20);
      assert.equal(perAccount.get('alone')?.requests, 20);
      for (const key of ['shared-1', 'shared-2'])
        assert.ok((perKey.get(keyFor(key))?.requests ?? 0) > 0, key);
      // Both accounts' minutes are full: the 41st request waits, although there are three keys.
      const beforeMs = rig.clock.wallMs();
      assert.deepEqual(await askTimes(rig, 1), [200]);
      assert.equal(rig.clock.wallMs() - beforeMs, 60_000);
      assert.equal(rig.simulator.limitAnswers, 0);
    });
  });

  it('are refused as two accounts', async () => {
    await withRig({ accounts }, async (rig) => {
      for (let round = 0; round < 4; round++) {
        assert.deepEqual(await askTimes(rig, 25), Array<number>(25).fill(200));
        await rig.pass(61_000);
      }
      const refused = await rig.get();
      assert.equal(refused.status, 429);
      const { error } = refused.json() as { error: { metadata: { accounts: { name: string }[] } } };
      assert.deepEqual(
        error.metadata.accounts.map(({ name }) => name),
        ['shared-1', 'alone-1'],
      );
      assert.equal(rig.attempts.length, 100);
      assert.equal(rig.simulator.limitAnswers, 0);
    });
  });

  it('a limit answer to one key holds the other key of its account back too', async () => {
    await withRig({ accounts }, async (rig) => {
      rig.simulator.script({ account: 'shared', fault: { kind: 'error', error: 'dailyLimit' } });
      for (let count = 0; count < 10; count++) assert.equal((await rig.get()).status, 200);
      assert.equal(rig.accountsTried.filter((name) => name === 'shared').length, 1);
    });
  });

  it('are asked what is left as soon as the user takes back the name that made them one', async () => {
    const used = [
      { name: 'a', keys: [keyFor('a-1')], usedToday: 30 },
      { name: 'b', keys: [keyFor('b-1')], usedToday: 40 },
    ];
    await withRig({ accounts: used }, async (rig) => {
      const named = (accountName: string | null): void =>
        rig.service.setKeys(
          ['a-1', 'b-1'].map((label) => ({
            key: keyFor(label),
            label,
            accountName,
            dailyLimit: null,
            paidUse: 'auto',
            enabled: true,
          })),
        );
      named('one and the same');
      await rig.pass(1_000);
      rig.simulator.forget();
      named(null);
      await rig.pass(1_000);
      const asked = rig.simulator.requests.filter(({ path }) => path === '/api/v1/key');
      assert.equal(asked.length, 2);
      assert.deepEqual(
        rig.service.snapshot().accounts.map(({ day }) => day.used),
        [30, 40],
      );
      // A key that has not changed its account is not asked again.
      named(null);
      await rig.pass(1_000);
      assert.equal(rig.simulator.requests.filter(({ path }) => path === '/api/v1/key').length, 2);
    });
  });

  it('are two accounts by the user’s word where OpenRouter tells no names', async () => {
    const nameless = [{ name: 'nameless', keys: [keyFor('n-1'), keyFor('n-2')], userId: null }];
    await withRig({ accounts: nameless }, (rig) => {
      assert.equal(rig.service.snapshot().wheel.freeLimit, 100);
      const key = { dailyLimit: null, paidUse: 'auto' as const, enabled: true };
      rig.service.setKeys([
        { ...key, key: keyFor('n-1'), label: 'n-1', accountName: 'one and the same' },
        { ...key, key: keyFor('n-2'), label: 'n-2', accountName: 'one and the same' },
      ]);
      const { wheel, accounts: views } = rig.service.snapshot();
      assert.deepEqual([wheel.accounts, wheel.freeLimit, views[0]?.name], [1, 50, 'one and the same']);
      return Promise.resolve();
    });
  });
});

describe('a key that was revoked', () => {
  it('is told as the reason to each request that comes for it', async () => {
    await withRig({ accounts: [{ name: 'a', keys: [keyFor('a')] }] }, async (rig) => {
      rig.simulator.revokeKey(keyFor('a'));
      const first = await rig.get();
      await rig.pass(120_000);
      const later = await rig.get();
      assert.deepEqual([first.status, later.status], [402, 402]);
      assert.match(first.text, /OpenRouter refused the key\. Check it/);
      assert.match(
        later.text,
        /this request: a-1: OpenRouter refused the key\. Check the key at openrouter\.ai/,
      );
    });
  });
});
