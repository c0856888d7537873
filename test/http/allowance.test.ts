// Three accounts of 50: all that they have together is served, and no request is sent in vain.
import assert from 'node:assert/strict';
import type { Reply } from './client';
import { accountsOf, withRig } from './support';

describe('the allowance of three accounts', () => {
  it('serves 150 free requests over the minutes and refuses the 151st at once', async () => {
    await withRig({ accounts: accountsOf('anna', 'ben', 'cleo') }, async (rig) => {
      const { simulator } = rig;
      const replies: Reply[] = [];
      for (let round = 0; round < 15; round++) {
        const asked = Array.from({ length: 10 }, (_, index) => rig.ask({ stream: index % 2 === 0 }));
        replies.push(...(await rig.drive(Promise.all(asked))));
      }
      assert.deepEqual(
        replies.map(({ status }) => status),
        Array.from({ length: 150 }, () => 200),
      );
      assert.deepEqual(
        ['anna', 'ben', 'cleo'].map((name) => simulator.usedToday(name)),
        [50, 50, 50],
      );
      // Accounts that only the own count calls empty are read once more: 5 readings a second.
      await rig.pass(1_000);
      const beforeMs = rig.clock.wallMs();
      const refused = await rig.ask();
      assert.equal(rig.clock.wallMs(), beforeMs);
      assert.equal(rig.attempts.length, 150);
      const midnightMs = Date.UTC(2026, 0, 16);
      assert.equal(refused.status, 429);
      assert.equal(refused.header('x-ratelimit-reset'), String(midnightMs));
      assert.equal(refused.header('x-should-retry'), 'false');
      assert.equal(refused.header('retry-after'), undefined);
      const { error } = refused.json() as { error: { code: number; message: string; metadata: unknown } };
      assert.equal(error.code, 429);
      for (const words of ['anna-1', 'ben-1', 'cleo-1', '00:00 (UTC)'])
        assert.ok(error.message.includes(words));
      assert.deepEqual(error.metadata, {
        headers: { 'X-RateLimit-Reset': String(midnightMs) },
        accounts: ['anna-1', 'ben-1', 'cleo-1'].map((name) => ({
          name,
          reason: 'dailyLimit',
          until_ms: midnightMs,
        })),
        limit_source: 'keywheel',
        reason: 'accounts_exhausted',
        provider_name: null,
        request_id: refused.header('x-keywheel-request-id'),
      });
      assert.equal(simulator.limitAnswers, 0);
    });
  });

  it('spreads by the share that is left, so that a large account takes more', async () => {
    const accounts = accountsOf({ name: 'small', dailyLimit: 50 }, { name: 'large', dailyLimit: 1000 });
    await withRig({ accounts }, async (rig) => {
      for (let count = 0; count < 21; count++) assert.equal((await rig.get()).status, 200);
      assert.equal(rig.attempts.filter(({ accountName }) => accountName === 'small').length, 1);
    });
  });
});
