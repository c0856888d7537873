// Every row of "Errors before any output": the client's answer, and upstream's requests with their keys and times.
import assert from 'node:assert/strict';
import type { ErrorDetails, ErrorKind } from '../simulator/errors/errorKind';
import { someNoonMs } from '../support/manualClock';
import { headersOf } from './client';
import { FREE, PAID, withRig, type Rig } from './support';

const paths = ['/api/v1/chat/completions', '/api/v1/responses', '/api/v1/messages', '/api/v1/completions'];

interface Case {
  readonly path: string;
  readonly model: string;
  readonly stream: boolean;
}

/** Every form, streaming and not. */
const cases: readonly Case[] = paths.flatMap((path) =>
  [true, false].flatMap((stream) => [FREE, PAID].map((model) => ({ path, stream, model }))),
);

function nameOf({ path, model, stream }: Case): string {
  return `${path.slice(8)}${stream ? ', streamed' : ''}, ${model === FREE ? 'free' : 'paid'}`;
}

/** The last attempt's answer reached the client byte for byte. */
function assertGivenBack(rig: Rig, reply: Awaited<ReturnType<Rig['get']>>): void {
  const last = rig.attempts.at(-1);
  assert.ok(last !== undefined);
  assert.equal(reply.status, last.status);
  assert.deepEqual(reply.body, last.sent.bytes);
  assert.ok(reply.isWhole);
  assert.equal(headersOf(reply.rawHeaders, 'cf-ray').length, 1);
  assert.equal(reply.header('content-length'), String(reply.body.length));
  assert.equal(reply.header('x-keywheel-attempts'), String(rig.attempts.length));
}

function assertAnswered(rig: Rig, reply: Awaited<ReturnType<Rig['get']>>): void {
  assert.equal(reply.status, 200);
  assert.ok(reply.isWhole);
  assert.deepEqual(reply.body, rig.attempts.at(-1)?.sent.bytes);
}

function table(
  title: string,
  kinds: readonly (readonly [ErrorKind, ErrorDetails?])[],
  run: (rig: Rig, asked: Case, fault: ErrorDetails & { kind: 'error'; error: ErrorKind }) => Promise<void>,
  only: (asked: Case) => boolean = () => true,
): void {
  describe(title, () => {
    for (const [error, details = {}] of kinds) {
      it(`${error} ${JSON.stringify(details)}`, async () => {
        for (const asked of cases.filter(only)) {
          // Errors after keep-alive comments are tested in keepAlive.test.ts.
          await withRig({ settings: { keepAliveAfterSeconds: 3600 } }, async (rig) => {
            await run(rig, asked, { kind: 'error', error, ...details }).catch((cause: unknown) => {
              throw new Error(nameOf(asked), { cause });
            });
          });
        }
      });
    }
  });
}

const isFree = ({ model }: Case): boolean => model === FREE;
const isPaid = ({ model }: Case): boolean => model === PAID;
const isChat = ({ path }: Case): boolean => path === paths[0];

describe("the request's own fault goes back after one attempt", () => {
  const kinds: readonly ErrorKind[] = [
    'badRequest',
    'contextLength',
    'unknownModel',
    'noEndpoint',
    'notFound',
    'tooLarge',
    'unprocessable',
    'moderation',
    'guardrail',
    'region',
    'managementKey',
  ];
  for (const error of kinds) {
    it(error, async () => {
      await withRig({}, async (rig) => {
        for (const asked of cases) {
          rig.simulator.forget();
          rig.simulator.script({ fault: { kind: 'error', error } });
          const reply = await rig.get(asked);
          assert.equal(rig.attempts.length, 1, nameOf(asked));
          assertGivenBack(rig, reply);
        }
        const { accounts, busyModels } = rig.service.snapshot();
        assert.deepEqual([accounts.flatMap(({ locks }) => locks), busyModels], [[], []]);
      });
    });
  }
});

table(
  'a refusal of this account alone is asked of the other at once, and given back when both refuse',
  [['privacyFilter'], ['weightExceedsBudget']],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault });
    assertAnswered(rig, await rig.get(asked));
    assert.deepEqual(rig.gapsMs, [0]);
    rig.simulator.forget();
    rig.simulator.script({ fault, times: 99 });
    const reply = await rig.get(asked);
    assert.equal(rig.attempts.length, 2);
    assertGivenBack(rig, reply);
  },
);

table(
  'what holds one account back goes on with the other at once',
  [
    ['dailyLimit'],
    ['dailyLimitHighBalance'],
    ['dailyLimit', { headersInHead: false }],
    ['minuteLimit'],
    ['minuteLimitSayingPerDay'],
    ['minuteLimit', { headersInHead: false }],
  ],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault });
    assertAnswered(rig, await rig.get(asked));
    assert.equal(new Set(rig.accountsTried).size, 2);
    assert.deepEqual(rig.gapsMs, [0]);
    const [first] = rig.accountsTried;
    const account = rig.service.snapshot().accounts.find(({ name }) => name === `${first ?? ''}-1`);
    const reason = /^daily/.test(fault.error) ? 'dailyLimit' : 'minuteLimit';
    assert.deepEqual(
      account?.locks.map((lock) => lock.reason),
      [reason],
    );
  },
  isFree,
);

table(
  'what a key or its account cannot pay goes on with the other at once',
  [
    ['noCredits'],
    ['keyCap'],
    ['keyCap', { status: 402 }],
    ['guardrailBudget'],
    ['workspaceBudget'],
    ['badKey'],
    ['noAuth'],
    ['missingHeader'],
    ['inFlightBudget', { retryAfterSeconds: 4 }],
  ],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault });
    assertAnswered(rig, await rig.get(asked));
    assert.equal(new Set(rig.accountsTried).size, 2);
    assert.deepEqual(rig.gapsMs, [0]);
  },
  isPaid,
);

table(
  'what both accounts cannot pay comes back in OpenRouter’s words, or ours where it would mislead',
  [['noCredits'], ['keyCap'], ['guardrailBudget'], ['badKey']],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault, times: 9 });
    const reply = await rig.get(asked);
    assert.equal(rig.attempts.length, 2);
    assert.equal(new Set(rig.accountsTried).size, 2);
    assert.deepEqual(rig.gapsMs, [0]);
    assert.notEqual(reply.status, 401);
    assert.equal(reply.status, fault.error === 'badKey' ? 503 : fault.error === 'noCredits' ? 402 : 403);
    if (fault.error !== 'badKey') assertGivenBack(rig, reply);
    else assert.equal(reply.header('x-keywheel-refusal'), 'keys_refused');
  },
  isPaid,
);

table(
  'a busy provider is asked again when it says so, whichever key asks',
  [
    ['providerBusy', { retryAfterSeconds: 7 }],
    ['providerBusyPlain', { retryAfterSeconds: 7 }],
    ['capacityExhausted', { retryAfterSeconds: 7 }],
    ['googleExhausted', { retryAfterSeconds: 7 }],
  ],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault });
    // Only OpenAI's form contains the provider's words.
    assertAnswered(rig, await rig.get(asked));
    assert.deepEqual(rig.gapsMs, [7_000]);
  },
  isChat,
);

table(
  'without a hint the wait grows, and in the end the error itself comes back',
  [
    ['providerBusy'],
    ['providerBusyPlain'],
    ['providerDown'],
    ['providerUnavailable'],
    ['noneAvailable'],
    ['providerOverloaded'],
    ['unknown429'],
  ],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault, times: 99 });
    const reply = await rig.get(asked);
    assertGivenBack(rig, reply);
    const { gapsMs } = rig;
    assert.ok(rig.attempts.length >= 4 && rig.attempts.length <= 10, `${rig.attempts.length} attempts`);
    // After a 429 without any words the other account is tried at once.
    const own = fault.error === 'unknown429' ? gapsMs.slice(1) : gapsMs;
    for (const gapMs of own) assert.ok(gapMs >= 500 && gapMs <= 60_000, `a gap of ${gapMs} ms`);
    assert.ok(rig.clock.wallMs() - someNoonMs <= 241_000);
  },
  isChat,
);

table(
  'a hint of OpenRouter is kept to the millisecond',
  [
    ['providerDown', { retryAfterSeconds: 3 }],
    ['providerUnavailable', { retryAfterSeconds: 3 }],
    ['noneAvailable', { retryAfterSeconds: 3 }],
    ['providerOverloaded', { retryAfterSeconds: 3 }],
    ['cloudflarePage', { retryAfterSeconds: 3 }],
    ['cloudflarePage', { retryAfterSeconds: 3, cloudflareCode: 1015 }],
    ['cloudflarePage', { retryAfterSeconds: 3, cloudflareCode: 1020 }],
    ['timeout', { retryAfterSeconds: 3 }],
    ['gatewayTimeout', { retryAfterSeconds: 3 }],
    ['edgeTimeout', { retryAfterSeconds: 3 }],
  ],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault });
    assertAnswered(rig, await rig.get(asked));
    assert.deepEqual(rig.gapsMs, [3_000]);
  },
);

table('an internal error is tried once more', [['internal'], ['unmapped']], async (rig, asked, fault) => {
  rig.simulator.script({ fault, times: 9 });
  const reply = await rig.get(asked);
  assert.equal(rig.attempts.length, 2);
  assert.ok((rig.gapsMs[0] ?? 0) >= 500 && (rig.gapsMs[0] ?? 0) <= 1_000);
  assertGivenBack(rig, reply);
});

table(
  'a paid request is sent again at most once after a timeout',
  [['timeout'], ['gatewayTimeout'], ['edgeTimeout']],
  async (rig, asked, fault) => {
    rig.simulator.script({ fault, times: 9 });
    const reply = await rig.get(asked);
    assert.equal(rig.attempts.length, 2);
    assertGivenBack(rig, reply);
  },
  isPaid,
);

describe('Cloudflare’s own page', () => {
  it('holds everything back for a moment, whichever key would ask', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'cloudflarePage', retryAfterSeconds: 5 } });
      const first = rig.ask();
      await rig.pass(100);
      const replies = await rig.drive(Promise.all([first, rig.ask()]));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200],
      );
      const beganAtMs = rig.attempts[0]?.atMs ?? 0;
      const times = rig.attempts.slice(1).map(({ atMs }) => atMs - beganAtMs);
      assert.equal(times.length, 2);
      assert.ok(
        times.every((atMs) => atMs >= 5_000),
        String(times),
      );
    });
  });

  it('of one model holds the others back for a second each time, and no longer', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ model: FREE, times: 99, fault: { kind: 'error', error: 'cloudflarePage' } });
      const asked = rig.ask();
      for (let count = 0; count < 40; count++) {
        const fromMs = rig.clock.elapsedMs();
        assert.equal((await rig.get({ model: 'other/model:free' })).status, 200);
        assert.ok(rig.clock.elapsedMs() - fromMs <= 1_000);
        await rig.pass(5_000);
      }
      await rig.drive(asked);
    });
  });
});
