// The lock after each refusal: the narrowest thing that its words support, for as long as they say, and nothing else.
import assert from 'node:assert/strict';
import type { ErrorDetails, ErrorKind } from '../simulator/errors/errorKind';
import type { Reply } from './client';
import { accountsOf, FREE, keyFor, PAID, withRig, type Rig } from './support';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** `someNoonMs` is noon, UTC. */
const toMidnightMs = 12 * hourMs;
const CLOAKED = 'openrouter/sun-alpha';

interface Lock {
  /** `reason` of a model's lock ends in its place. */
  readonly locks: string;
  readonly lastsMs: number;
}

interface Row extends ErrorDetails {
  readonly error: ErrorKind;
  /** The requested model. */
  readonly model: string;
  readonly lock: Lock | null;
}

/** Rounded up to the second, because readings take time before. */
const lastsMs = (leftMs: number): number => Math.ceil(leftMs / secondMs) * secondMs;

/** All locks that views see, as `place: reason`, with how long they last from now. */
function locksOf(rig: Rig): readonly Lock[] {
  const { accounts, busyModels, atMs } = rig.service.snapshot();
  const nameOf = (accountId: string): string =>
    accounts.find((account) => account.accountId === accountId)?.name ?? '';
  return [
    ...accounts.flatMap(({ name, locks }) =>
      locks.map(({ reason, covers, untilMs }) => ({
        locks: `${name}: ${reason}, ${covers}`,
        lastsMs: lastsMs(untilMs - atMs),
      })),
    ),
    ...accounts.flatMap(({ keys }) =>
      keys.flatMap(({ label, locks }) =>
        locks.map(({ reason, covers, untilMs }) => ({
          locks: `key ${label}: ${reason}, ${covers}`,
          lastsMs: lastsMs(untilMs - atMs),
        })),
      ),
    ),
    ...busyModels.map(({ model, accountId, keyId, reason, untilMs }) => ({
      locks: `${model}${accountId === null ? '' : ` on ${keyId === undefined ? '' : 'key '}${nameOf(accountId)}`}: ${reason}`,
      lastsMs: lastsMs(untilMs - atMs),
    })),
  ];
}

const say = (text: string, more: object = {}): Readonly<Record<string, unknown>> => ({
  messages: [{ role: 'user', content: text }],
  max_tokens: 9,
  ...more,
});

/** Several conversations at once, so that every account is asked. */
async function askAll(rig: Rig, model: string): Promise<readonly Reply[]> {
  return await rig.drive(
    Promise.all(
      ['one', 'two', 'three', 'four'].map((text) => rig.ask({ body: say(`${text} of ${model}`, { model }) })),
    ),
  );
}

const narrow: readonly Row[] = [
  {
    error: 'modelMinute',
    model: FREE,
    lock: { locks: `${FREE} on a-1: modelLimit`, lastsMs: 45 * secondMs },
  },
  { error: 'newAccount', model: PAID, lock: { locks: `${PAID} on a-1: modelLimit`, lastsMs: 40 * secondMs } },
  {
    error: 'stealthDay',
    model: CLOAKED,
    lock: { locks: `${CLOAKED} on a-1: modelDailyLimit`, lastsMs: 6 * hourMs },
  },
  {
    error: 'unknown429',
    model: FREE,
    lock: { locks: `${FREE} on a-1: unknownLimit`, lastsMs: 5 * secondMs },
  },
  {
    error: 'unknown429',
    model: PAID,
    retryAfterSeconds: 300,
    lock: { locks: `${PAID} on a-1: unknownLimit`, lastsMs: 30 * secondMs },
  },
  {
    error: 'providerBusy',
    model: PAID,
    isByok: true,
    lock: { locks: `${PAID} on a-1: ownProviderBusy`, lastsMs: 2 * secondMs },
  },
  ...(['privacyFilter', 'guardrailPolicy', 'allowedProviders', 'excludedByPolicy'] as const).map(
    (error): Row => ({ error, model: FREE, lock: { locks: `${FREE} on key a-1: policy`, lastsMs: dayMs } }),
  ),
  { error: 'ownKeyWanted', model: PAID, lock: { locks: `${PAID} on a-1: ownKeyWanted`, lastsMs: dayMs } },
  ...(['tooDear', 'tooDearForKey', 'promptTooDear', 'weightExceedsBudget'] as const).map((error): Row => ({
    error,
    model: PAID,
    lock: null,
  })),
];

const ofAccount: readonly Row[] = [
  { error: 'dailyLimit', model: FREE, lock: { locks: 'a-1: dailyLimit, free', lastsMs: toMidnightMs } },
  { error: 'minuteLimit', model: FREE, lock: { locks: 'a-1: minuteLimit, free', lastsMs: minuteMs } },
  {
    error: 'admissionControl',
    model: PAID,
    lock: { locks: 'a-1: inFlightBudget, paid', lastsMs: 10 * secondMs },
  },
  {
    error: 'inFlightBudget',
    model: PAID,
    lock: { locks: 'a-1: inFlightBudget, paid', lastsMs: 2 * secondMs },
  },
  { error: 'noCredits', model: PAID, lock: { locks: 'a-1: noCredits, paid', lastsMs: 5 * minuteMs } },
  { error: 'neverPurchased', model: PAID, lock: { locks: 'a-1: noCredits, paid', lastsMs: 5 * minuteMs } },
  { error: 'keyCap', model: PAID, lock: { locks: 'key a-1: keyCap, paid', lastsMs: toMidnightMs } },
  { error: 'keyCapByLink', model: PAID, lock: { locks: 'key a-1: keyCap, paid', lastsMs: hourMs } },
  { error: 'guardrailBudget', model: PAID, lock: { locks: 'key a-1: budget, paid', lastsMs: toMidnightMs } },
  { error: 'workspaceBudget', model: PAID, lock: { locks: 'key a-1: budget, paid', lastsMs: toMidnightMs } },
  { error: 'badKey', model: PAID, lock: { locks: 'key a-1: unauthorized, all', lastsMs: minuteMs } },
];

/** The refusal of one account: the request goes on with the other at once, and the lock is the row's. */
async function refusedOnce(rig: Rig, row: Row): Promise<void> {
  rig.simulator.script({ account: 'a', model: row.model, times: 99, fault: { kind: 'error', ...row } });
  const reply = await rig.get({ model: row.model });
  assert.equal(reply.status, 200);
  assert.deepEqual(rig.accountsTried, ['a', 'b']);
  assert.deepEqual(rig.gapsMs, [0]);
  assert.deepEqual(locksOf(rig), row.lock === null ? [] : [row.lock]);
}

describe('a refusal of one account about one model', () => {
  for (const row of narrow) {
    it(`${row.error} of ${row.model} locks ${row.lock?.locks ?? 'nothing'}`, async () => {
      await withRig({}, async (rig) => {
        await refusedOnce(rig, row);
        rig.simulator.forget();
        // The refused account serves other models at once too.
        for (const model of ['other/model:free', 'other/model']) {
          const replies = await askAll(rig, model);
          assert.ok(replies.every(({ status }) => status === 200));
        }
        assert.deepEqual(new Set(rig.accountsTried), new Set(['a', 'b']));
        assert.ok(rig.gapsMs.every((gapMs) => gapMs === 0));
        if (row.lock === null) return;
        // Only the other account serves the same model.
        rig.simulator.forget();
        await askAll(rig, row.model);
        assert.deepEqual(rig.accountsTried, ['b', 'b', 'b', 'b']);
      });
    });
  }

  it('is lifted by the user, by time and by success', async () => {
    await withRig({}, async (rig) => {
      const lock = { locks: `${FREE} on a-1: modelLimit`, lastsMs: 45 * secondMs };
      await refusedOnce(rig, { error: 'modelMinute', model: FREE, lock });
      rig.service.unlock({ model: FREE });
      assert.deepEqual(locksOf(rig), []);
      rig.simulator.forget();
      await rig.get({ model: FREE });
      assert.deepEqual(locksOf(rig), [lock]);
      await rig.pass(lock.lastsMs);
      assert.deepEqual(locksOf(rig), []);
    });
    await withRig({ accounts: accountsOf({ name: 'a', credits: 5 }) }, async (rig) => {
      // A setting's lock does not keep the only account from a try, and success lifts the lock.
      rig.simulator.script({ fault: { kind: 'error', error: 'guardrailPolicy' } });
      assert.equal((await rig.get({ model: FREE })).status, 404);
      assert.equal(locksOf(rig).length, 1);
      assert.equal((await rig.get({ model: FREE })).status, 200);
      assert.deepEqual(locksOf(rig), []);
    });
  });
});

describe('a cloaked model', () => {
  it('costs nothing and counts nothing until its day is used up; from then on it counts', async () => {
    await withRig({}, async (rig) => {
      const leftOf = (): readonly number[] => rig.service.snapshot().accounts.map(({ day }) => day.own);
      await rig.get({ model: CLOAKED });
      assert.deepEqual(leftOf(), [0, 0]);
      rig.simulator.script({ fault: { kind: 'error', error: 'stealthDay' } });
      await rig.get({ model: CLOAKED });
      await rig.get({ model: CLOAKED });
      assert.equal(
        leftOf().reduce((sum, own) => sum + own),
        1,
      );
    });
  });
});

describe('a refusal of an account or a key', () => {
  for (const row of ofAccount) {
    it(`${row.error} locks ${row.lock?.locks ?? ''}`, async () => {
      await withRig({}, async (rig) => {
        await refusedOnce(rig, row);
        rig.simulator.forget();
        // Only the other account serves the locked class, with any model.
        await askAll(rig, row.model === FREE ? 'other/model:free' : 'other/model');
        assert.deepEqual(rig.accountsTried, ['b', 'b', 'b', 'b']);
        rig.simulator.forget();
        const replies = await askAll(rig, row.model === FREE ? 'other/model' : 'other/model:free');
        assert.ok(replies.every(({ status }) => status === 200));
        const isOfAll = row.lock?.locks.endsWith(', all') === true;
        assert.equal(rig.accountsTried.includes('a'), !isOfAll);
      });
    });
  }

  it('keyCap of a free request locks all of the key, and nothing of the account’s other key', async () => {
    const accounts = accountsOf({ name: 'a', credits: 5, keys: [keyFor('a1'), keyFor('a2')] });
    await withRig({ accounts }, async (rig) => {
      rig.simulator.script({ key: keyFor('a1'), times: 99, fault: { kind: 'error', error: 'keyCap' } });
      for (const model of [FREE, PAID, FREE, PAID]) assert.equal((await rig.get({ model })).status, 200);
      assert.equal(rig.attempts.filter(({ key }) => key === keyFor('a1')).length, 1);
      assert.deepEqual(
        locksOf(rig).map(({ locks }) => locks),
        ['key a-1: keyCap, all'],
      );
    });
  });
});

describe('a lack of money', () => {
  it('keeps no account from telling its balance, or what it has made', async () => {
    const accounts = accountsOf({ name: 'a', credits: -1 });
    await withRig({ accounts }, async (rig) => {
      assert.equal((await rig.get({ model: FREE })).status, 402);
      assert.equal(locksOf(rig)[0]?.locks, 'a-1: belowZero, all');
      assert.equal((await rig.get({ method: 'GET', path: '/api/v1/credits' })).status, 200);
      assert.equal((await rig.get({ model: FREE })).status, 402);
      assert.equal(rig.attempts.filter(({ model }) => model === FREE).length, 1);
    });
  });
});

describe('a file that OpenRouter reads for a free model', () => {
  const pdf = 'data:application/pdf;base64,JVBERi0=';
  const bodies: readonly (readonly [path: string, content: unknown])[] = [
    [
      '/api/v1/chat/completions',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'https://x.test/a.pdf' } },
    ],
    ['/api/v1/chat/completions', { type: 'file', file: { filename: 'a.pdf', file_data: pdf } }],
    ['/api/v1/responses', { type: 'input_file', file_url: 'https://x.test/a.pdf' }],
    [
      '/api/v1/messages',
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: '' } },
    ],
    ['/api/v1/messages', { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } }],
  ];
  for (const [path, part] of bodies) {
    it(`may cost: an account without credits refuses that request alone (${path.slice(7)} ${JSON.stringify(part).slice(0, 60)})`, async () => {
      await withRig({}, async (rig) => {
        rig.simulator.script({ times: 2, fault: { kind: 'error', error: 'noCredits' } });
        const turn = [{ role: 'user', content: [part] }];
        const body = {
          model: FREE,
          max_tokens: 9,
          [path.endsWith('responses') ? 'input' : 'messages']: turn,
        };
        assert.equal((await rig.get({ path, body })).status, 402);
        assert.deepEqual(rig.accountsTried, ['a', 'b']);
        assert.deepEqual(locksOf(rig), []);
        assert.equal((await rig.get({ model: FREE })).status, 200);
      });
    });
  }
});

describe('a batch', () => {
  it('goes to accounts that have credits first', async () => {
    await withRig({}, async (rig) => {
      const batch = { path: '/api/v1/batches', body: { requests: [] } };
      rig.simulator.script({ account: 'a', times: 99, fault: { kind: 'error', error: 'noCredits' } });
      for (let count = 0; count < 3; count++) await rig.get({ ...batch });
      assert.deepEqual(rig.accountsTried, ['a', 'b', 'b', 'b']);
    });
  });
});

describe('a capacity that all users share', () => {
  it('locks the model for every account: one attempt until its reset', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'sharedCapacity' } });
      const reply = rig.ask({ model: FREE });
      await rig.pass(secondMs);
      assert.deepEqual(locksOf(rig), [{ locks: `${FREE}: sharedCapacity`, lastsMs: 59 * secondMs }]);
      assert.equal((await rig.get({ model: 'other/model:free' })).status, 200);
      assert.equal((await rig.drive(reply)).status, 200);
      const times = rig.attempts.filter(({ model }) => model === FREE).map(({ atMs }) => atMs);
      assert.deepEqual((times[1] ?? 0) - (times[0] ?? 0), minuteMs);
    });
  });

  it('is given back after one attempt where it lasts for the day', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'error', error: 'sharedDay' } });
      const reply = await rig.get({ model: FREE });
      assert.equal(reply.status, 429);
      assert.match(reply.text, /Daily limit reached for/);
      assert.equal(rig.attempts.length, 1);
      assert.deepEqual(locksOf(rig), [{ locks: `${FREE}: sharedCapacity`, lastsMs: toMidnightMs }]);
      await rig.get({ model: FREE });
      assert.equal(rig.attempts.length, 1);
    });
  });
});

describe('a refusal that nobody explains', () => {
  it('widens to the model after two accounts within 10 s, so that the others are not hammered', async () => {
    const accounts = accountsOf(...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, credits: 5 })));
    await withRig({ accounts }, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'error', error: 'unknown429' } });
      const reply = rig.ask({ model: FREE });
      await rig.pass(100);
      assert.deepEqual(rig.accountsTried, ['a', 'b']);
      assert.ok(locksOf(rig).some(({ locks }) => locks === `${FREE}: busy`));
      assert.equal((await rig.get({ model: 'other/model' })).status, 429);
      await rig.drive(reply);
      const own = rig.attempts.filter(({ model }) => model === FREE);
      assert.ok(own.length <= 10, `${own.length} attempts`);
    });
  });

  it('only reorders: the last account is still asked', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'unknown429', retryAfterSeconds: 300 } });
      assert.equal((await rig.get({ model: FREE })).status, 429);
      assert.equal(locksOf(rig)[0]?.locks, `${FREE} on a-1: unknownLimit`);
      assert.equal((await rig.get({ model: FREE })).status, 200);
      assert.deepEqual(rig.accountsTried, ['a', 'a']);
    });
  });
});

describe('a refusal by policy', () => {
  const refusal = { kind: 'error', error: 'guardrailPolicy' } as const;

  it('is asked of every account once, and goes back in upstream’s words', async () => {
    await withRig({ accounts: accountsOf('a', 'b', 'c') }, async (rig) => {
      rig.simulator.script({ times: 99, fault: refusal });
      for (let count = 1; count <= 2; count++) {
        const reply = await rig.get({ model: FREE });
        assert.equal(reply.status, 404);
        assert.match(reply.text, /guardrail restrictions/);
        assert.equal(reply.header('x-keywheel-key'), `${rig.accountsTried.at(-1)}-1`);
        assert.equal(rig.attempts.length, 3 * count);
      }
    });
  });

  for (const error of ['guardrailPolicy', 'guardrailBudget'] as const) {
    it(`of one key is no refusal of the account’s other key: ${error}`, async () => {
      const keys = [keyFor('a-1'), keyFor('a-2')];
      await withRig({ accounts: accountsOf({ name: 'a', keys, credits: 5 }) }, async (rig) => {
        rig.simulator.script({ fault: { kind: 'error', error } });
        assert.equal((await rig.get({ model: PAID })).status, 200);
        assert.equal(rig.attempts.length, 2);
      });
    });
  }

  it('goes back at once where the user wants that', async () => {
    await withRig({ settings: { policyRefusals: 'giveBack' } }, async (rig) => {
      rig.simulator.script({ times: 99, fault: refusal });
      assert.equal((await rig.get({ model: FREE })).status, 404);
      assert.equal(rig.attempts.length, 1);
    });
  });

  for (const error of ['guardrailPolicy', 'guardrailBudget', 'ownKeyWanted'] as const) {
    it(`of an organization never goes to an account without one: ${error}`, async () => {
      const accounts = accountsOf(
        { name: 'a', credits: 5, organizationId: 'org_a' },
        { name: 'b', credits: 5 },
        { name: 'c', credits: 5, organizationId: 'org_c' },
      );
      await withRig({ accounts }, async (rig) => {
        rig.simulator.script({ times: 99, account: 'a', fault: { kind: 'error', error } });
        rig.simulator.script({ times: 99, account: 'c', fault: { kind: 'error', error } });
        const reply = await rig.get({ model: PAID });
        assert.deepEqual(rig.accountsTried, ['a', 'c']);
        assert.equal(reply.status, error === 'guardrailPolicy' ? 404 : 403);
      });
    });
  }

  it('of an account without an organization may go to one with', async () => {
    const accounts = accountsOf('a', { name: 'b', organizationId: 'org_b' });
    await withRig({ accounts }, async (rig) => {
      rig.simulator.script({ account: 'a', fault: refusal });
      assert.equal((await rig.get({ model: FREE })).status, 200);
      assert.deepEqual(rig.accountsTried, ['a', 'b']);
    });
  });
});

describe('a request’s own fault', () => {
  it('locks nothing where its tools or its providers rule all providers out', async () => {
    await withRig({}, async (rig) => {
      for (const [error, more] of [
        ['noToolUse', { tools: [{ type: 'function', function: { name: 'x', parameters: {} } }] }],
        ['allowedProviders', { provider: { only: ['tencent'] } }],
      ] as const) {
        rig.simulator.forget();
        rig.simulator.script({ times: 99, fault: { kind: 'error', error } });
        assert.equal((await rig.get({ body: say('Hi', { model: FREE, ...more }) })).status, 404);
        assert.equal(rig.attempts.length, 1);
        assert.deepEqual(locksOf(rig), []);
      }
    });
  });
});
