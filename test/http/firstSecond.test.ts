// The first requests of a process without saved state: they wait for the first reading, and for nothing else.
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import { accountsOf, keyFor, withRig } from './support';

describe('the first second of a proxy without saved counts', () => {
  it('draws no limit answer from an account that has little left, whichever keys it has', async () => {
    const small = { name: 'small', keys: ['small', 'small-2'].map(keyFor), usedToday: 45 };
    const accounts = accountsOf(small, 'large');
    await withRig({ accounts, clock: new SystemClock(), isRead: false }, async (rig) => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => rig.ask()));
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
      assert.equal(rig.simulator.limitAnswers, 0);
    });
  });
});
