// A fallback answers while the client still waits, money is not spent twice, and a model that keeps failing pauses.
import assert from 'node:assert/strict';
import type { Fault } from '../simulator/fault';
import type { Asked } from './client';
import { accountsOf, FREE, PAID, withRig, type Rig } from './support';

const fallbackModels = { 'x/*:free': ['y/z:free', 'big/one'], 'x/y': ['x/cheap'] };
const accounts = accountsOf({ name: 'a', credits: 5 }, { name: 'b', credits: 5 });

const down: Fault = { kind: 'error', error: 'providerDown' };
/** Kinds of a model's failure; `silent`: only a time-out shows it. */
const kinds: readonly (readonly [name: string, fault: Fault])[] = [
  ['is down', down],
  ['is busy', { kind: 'error', error: 'providerBusy' }],
  ['fails inside', { kind: 'error', error: 'internal' }],
  ['resets', { kind: 'cutBeforeHead' }],
  ['times out at the gateway', { kind: 'error', error: 'gatewayTimeout' }],
  ['is overloaded', { kind: 'error', error: 'providerOverloaded' }],
  ['has a minute of its own on every account', { kind: 'error', error: 'modelMinute' }],
  ['says that nobody explains', { kind: 'error', error: 'unknown429' }],
  ['answers with nothing', { kind: 'respond', status: 200, body: '' }],
  ['answers with a page', { kind: 'error', error: 'cloudflarePage' }],
];

function modelsOf(rig: Rig): readonly (string | undefined)[] {
  return rig.attempts.map(({ model }) => model);
}

async function elapsedMs(rig: Rig, asked: Asked): Promise<number> {
  const fromMs = rig.clock.elapsedMs();
  assert.equal((await rig.get(asked)).status, 200);
  return rig.clock.elapsedMs() - fromMs;
}

describe('failover', () => {
  for (const [name, fault] of kinds) {
    for (const model of [FREE, PAID]) {
      it(`answers within 6 s where ${model} ${name}, streaming or not`, async () => {
        for (const stream of [true, false]) {
          await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
            rig.simulator.script({ model, times: 999, fault });
            assert.ok((await elapsedMs(rig, { model, stream })) < 6_000);
            const own = modelsOf(rig).filter((each) => each === model);
            assert.ok(own.length <= 3);
            assert.equal(rig.attempts.at(-1)?.model, model === FREE ? 'y/z:free' : 'x/cheap');
          });
        }
      });
    }
  }

  for (const model of [FREE, PAID]) {
    for (const stream of [true, false]) {
      it(`waits for a silent ${model} once, ${stream ? '' : 'not '}streaming`, async () => {
        await withRig({ accounts, settings: { fallbackModels, idleTimeoutSeconds: 30 } }, async (rig) => {
          rig.simulator.script({ model, times: 999, fault: { kind: 'noAnswer' } });
          assert.equal(await elapsedMs(rig, { model, stream }), 30_000);
          assert.equal(rig.attempts.length, 2);
        });
      });
    }
  }

  it('does not wait out an answer that is not streamed and stalls, if another model could answer', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ model: PAID, fault: { kind: 'silent', ms: 3_600_000 } });
      assert.ok((await elapsedMs(rig, { model: PAID })) <= 91_000);
      assert.deepEqual(modelsOf(rig), [PAID, 'x/cheap']);
    });
  });

  it('waits for no model that one account is limited for and the other cannot pay', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ account: 'b', times: 99, fault: { kind: 'error', error: 'noCredits' } });
      rig.simulator.script({ model: PAID, times: 99, fault: { kind: 'error', error: 'newAccount' } });
      assert.ok((await elapsedMs(rig, { model: PAID })) < 6_000);
      assert.equal(rig.attempts.at(-1)?.model, 'x/cheap');
    });
  });

  it('waits 3 s for credits in use, if a free model could answer', async () => {
    await withRig({ accounts, settings: { fallbackModels: { [PAID]: ['y/z:free'] } } }, async (rig) => {
      const fault = { kind: 'error', error: 'inFlightBudget', retryAfterSeconds: 60 } as const;
      rig.simulator.script({ model: PAID, times: 99, fault });
      assert.ok((await elapsedMs(rig, { model: PAID })) <= 3_000);
      assert.deepEqual(modelsOf(rig), [PAID, PAID, 'y/z:free']);
    });
  });

  it('counts the time that a model takes to fail', async () => {
    for (const model of [FREE, PAID]) {
      await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
        rig.simulator.script({ model, times: 999, fault: [down, { kind: 'headDelay', ms: 2_500 }] });
        const ms = await elapsedMs(rig, { model });
        assert.ok(ms >= 2_500 && ms < 6_000);
      });
    }
  });

  it('begins the next request with the fallback after an answer that broke', async () => {
    for (const model of [FREE, PAID]) {
      await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
        rig.simulator.script({ model, fault: { kind: 'cut', afterEvents: 3 } });
        await rig.get({ model, stream: true });
        assert.equal(await elapsedMs(rig, { model, stream: true }), 0);
        assert.deepEqual(modelsOf(rig), [model, model === FREE ? 'y/z:free' : 'x/cheap']);
      });
    }
  });

  it('begins the next request with the fallback, unless that has none', async () => {
    const list = { 'a/b:free': [FREE], [FREE]: ['y/z:free'] };
    await withRig({ accounts, settings: { fallbackModels: list } }, async (rig) => {
      rig.simulator.script({ model: 'a/b:free', times: 999, fault: down });
      const rule = rig.simulator.script({ model: FREE, times: 999, fault: down });
      await rig.get({ model: FREE });
      rule.remove();
      const before = rig.attempts.length;
      assert.equal(await elapsedMs(rig, { model: FREE }), 0);
      assert.deepEqual(modelsOf(rig).slice(before), ['y/z:free']);
      // This request's only fallback is FREE, so it is not passed over.
      assert.equal((await rig.get({ model: 'a/b:free' })).status, 200);
      assert.equal(rig.attempts.at(-1)?.model, FREE);
    });
  });

  for (const error of ['noEndpoint', 'unknownModel', 'privacyFilter'] as const) {
    it(`begins the next request with the fallback of a model that nobody reaches: ${error}`, async () => {
      await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
        rig.simulator.script({ model: FREE, times: 999, fault: { kind: 'error', error } });
        assert.equal(await elapsedMs(rig, {}), 0);
        assert.equal(await elapsedMs(rig, {}), 0);
        const asked = error === 'privacyFilter' ? [FREE, FREE] : [FREE];
        assert.deepEqual(modelsOf(rig), [...asked, 'y/z:free', 'y/z:free']);
      });
    });
  }

  it('asks a model again that could not take one request alone', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ model: FREE, fault: { kind: 'error', error: 'noToolUse' } });
      assert.equal(await elapsedMs(rig, {}), 0);
      assert.equal(await elapsedMs(rig, {}), 0);
      assert.deepEqual(modelsOf(rig), [FREE, 'y/z:free', FREE]);
    });
  });

  it('passes a model that was just left by at once, though the fallback costs', async () => {
    await withRig({ accounts, settings: { fallbackModels: { 'x/*:free': ['big/one'] } } }, async (rig) => {
      rig.simulator.script({ model: FREE, times: 999, fault: down });
      assert.ok((await elapsedMs(rig, {})) < 6_000);
      assert.equal(await elapsedMs(rig, {}), 0);
      assert.equal(rig.attempts.at(-1)?.model, 'big/one');
    });
  });

  it('sends one probe to a model that was left, and doubles the pause while it fails', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      const rule = rig.simulator.script({ model: PAID, times: 999, fault: down });
      await rig.get({ model: PAID });
      await rig.pass(15_000);
      const before = rig.attempts.length;
      await rig.drive(Promise.all([1, 2, 3].map(() => rig.ask({ model: PAID }))));
      assert.equal(
        modelsOf(rig)
          .slice(before)
          .filter((model) => model === PAID).length,
        1,
      );
      rule.remove();
      await rig.pass(16_000);
      await rig.get({ model: PAID });
      assert.equal(rig.attempts.at(-1)?.model, 'x/cheap');
      await rig.pass(15_000);
      await rig.get({ model: PAID });
      assert.equal(rig.attempts.at(-1)?.model, PAID);
      await rig.drive(Promise.all([1, 2, 3].map(() => rig.ask({ model: PAID }))));
      assert.deepEqual(modelsOf(rig).slice(-3), [PAID, PAID, PAID]);
    });
  });

  it('waits up to 20 s for a hint before a free request costs money', async () => {
    for (const [seconds, served] of [
      [15, FREE],
      [25, 'big/one'],
    ] as const) {
      await withRig({ accounts, settings: { fallbackModels: { 'x/*:free': ['big/one'] } } }, async (rig) => {
        rig.simulator.script({
          model: FREE,
          fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: seconds },
        });
        assert.equal(await elapsedMs(rig, {}), served === FREE ? 15_000 : 0);
        assert.equal(rig.attempts.at(-1)?.model, served);
      });
    }
  });

  it('waits 3 s for a busy free model without a hint, though the fallback costs', async () => {
    await withRig({ accounts, settings: { fallbackModels: { 'x/*:free': ['big/one'] } } }, async (rig) => {
      rig.simulator.script({ model: FREE, times: 999, fault: { kind: 'error', error: 'providerBusy' } });
      assert.ok((await elapsedMs(rig, {})) <= 3_000);
    });
  });

  it('waits up to 20 s for a free slot before a free request costs money', async () => {
    const settings = { fallbackModels: { 'x/*:free': ['big/one'] } };
    await withRig({ accounts: accountsOf({ name: 'a', credits: 5 }), settings }, async (rig) => {
      for (let count = 0; count < 20; count++) await rig.get();
      assert.ok((await elapsedMs(rig, {})) <= 20_000);
      assert.equal(rig.attempts.at(-1)?.model, 'big/one');
    });
  });

  it('goes on to the first model of another class where the day or the minute of every account is used up', async () => {
    for (const [error, ms] of [
      ['dailyLimit', 0],
      ['minuteLimit', 20_000],
    ] as const) {
      await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
        rig.simulator.script({ model: FREE, times: 99, fault: { kind: 'error', error } });
        assert.ok((await elapsedMs(rig, {})) <= ms, error);
        assert.ok((await elapsedMs(rig, {})) <= ms, error);
        assert.deepEqual(new Set(modelsOf(rig)), new Set([FREE, 'big/one']));
      });
    }
    const list = { 'x/*': ['x/cheap', 'y/z:free'] };
    await withRig({ accounts, settings: { fallbackModels: list } }, async (rig) => {
      rig.simulator.script({ model: PAID, times: 99, fault: { kind: 'error', error: 'noCredits' } });
      assert.equal(await elapsedMs(rig, { model: PAID }), 0);
      assert.deepEqual(modelsOf(rig), [PAID, PAID, 'y/z:free']);
    });
  });

  it('counts attempts per exchange, over all models', async () => {
    const models = ['m/1', 'm/2', 'm/3', 'm/4'];
    await withRig({ accounts, settings: { fallbackModels: { 'x/y': models } } }, async (rig) => {
      rig.simulator.script({ times: 999, fault: down });
      assert.equal((await rig.get({ model: PAID })).status, 502);
      assert.equal(rig.attempts.length, 10);
      assert.deepEqual(new Set(modelsOf(rig)), new Set([PAID, ...models]));
    });
    const free = models.slice(0, 3).map((model) => `${model}:free`);
    await withRig({ accounts, settings: { fallbackModels: { 'x/*': free } } }, async (rig) => {
      rig.simulator.script({ times: 999, fault: down });
      assert.equal((await rig.get()).status, 502);
      // At most 5 % of the requests left, but at least 4 attempts.
      assert.ok(rig.attempts.length <= 5);
      assert.deepEqual(new Set(modelsOf(rig)), new Set([FREE, ...free]));
    });
  });

  it('goes on to the fallback where the retry budget has no place, as every request of a crowd does', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ model: PAID, times: 999, fault: down });
      const fromMs = rig.clock.elapsedMs();
      const replies = await rig.drive(
        Promise.all(Array.from({ length: 20 }, () => rig.ask({ model: PAID }))),
      );
      assert.ok(replies.every(({ status }) => status === 200));
      assert.ok(rig.clock.elapsedMs() - fromMs < 6_000);
    });
  });
});

describe('a paid request', () => {
  const mayBeBilled: readonly (readonly [name: string, fault: Fault])[] = [
    ['a reset before the head', { kind: 'cutBeforeHead' }],
    ['FIN before the head', { kind: 'cutBeforeHead', how: 'destroy' }],
    ['silence', { kind: 'noAnswer' }],
    ['408', { kind: 'error', error: 'timeout' }],
    ['504', { kind: 'error', error: 'gatewayTimeout' }],
    ['524', { kind: 'error', error: 'edgeTimeout' }],
    ['an empty answer', { kind: 'respond', status: 200, body: '' }],
    ['a broken answer', { kind: 'cut' }],
  ];
  for (const [name, fault] of mayBeBilled) {
    it(`is sent twice at most at ${name}, with a fallback, without one and on connections that had served`, async () => {
      for (const stream of [true, false]) {
        for (const list of [{}, fallbackModels]) {
          await withRig(
            { accounts, settings: { fallbackModels: list, deadlineSeconds: 3_600 } },
            async (rig) => {
              await rig.get({ model: 'any/other' });
              rig.simulator.forget();
              rig.simulator.script({ times: 999, fault });
              await rig.get({ model: PAID, stream });
              assert.ok(rig.attempts.length <= 2, `${rig.attempts.length} sends`);
            },
          );
        }
      }
    });
  }

  it('is sent once more at a 500', async () => {
    await withRig({ accounts }, async (rig) => {
      rig.simulator.script({ times: 999, fault: { kind: 'error', error: 'internal' } });
      assert.equal((await rig.get({ model: PAID })).status, 500);
      assert.equal(rig.attempts.length, 2);
    });
  });

  it('is answered by the fallback at JSON that is broken in the middle, though HTTP has ended it', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      const headers = { 'content-type': 'application/json' };
      const body = '{"id":"gen-1","choices":[{"mess "usage":{}}';
      rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
      const reply = await rig.get({ model: PAID });
      assert.equal(reply.status, 200);
      assert.ok(reply.json());
      assert.equal(rig.attempts.length, 2);
    });
  });

  it('is refused in words before it is sent where only free models are wanted, as a fallback too', async () => {
    await withRig({ accounts, settings: { freeOnly: true, fallbackModels } }, async (rig) => {
      const reply = await rig.get({ model: PAID });
      assert.equal(reply.status, 402);
      assert.match(reply.text, /free models only/);
      assert.equal(rig.attempts.length, 0);
      rig.simulator.script({ times: 999, fault: down });
      assert.equal((await rig.get()).status, 502);
      assert.ok(modelsOf(rig).every((model) => model?.endsWith(':free')));
    });
  });
});

describe('a thread whose answers break', () => {
  const cut: Fault = { kind: 'cut', afterEvents: 3 };
  const error: Fault = { kind: 'errorEvent', afterEvents: 3, error: 'providerDown' };
  const inSession = (session: string, model: string): Asked => ({
    model,
    stream: true,
    headers: ['x-session-id', session],
  });

  for (const [model, fault] of [
    [PAID, cut],
    [FREE, cut],
    [FREE, error],
  ] as const) {
    it(`pauses after the third ${fault.kind} of ${model} in five minutes, longer each time, until one is whole`, async () => {
      await withRig({ accounts }, async (rig) => {
        const rule = rig.simulator.script({ model, times: 999, fault });
        const ask = async (): Promise<string | undefined> => {
          // The model's own locks end before.
          const reply = await rig.get(inSession('one', model));
          return reply.status === 429 ? reply.header('retry-after') : `${reply.status}`;
        };
        assert.deepEqual([await ask(), await ask(), await ask()], ['200', '200', '200']);
        const sent = rig.attempts.length;
        for (const seconds of [2, 4, 8]) {
          assert.equal(await ask(), `${seconds}`);
          await rig.pass(seconds * 1_000);
          assert.equal(await ask(), '200');
        }
        assert.equal(rig.attempts.length, sent + 3);
        assert.equal((await rig.ask(inSession('one', model))).status, 429);
        rule.remove();
        assert.equal((await rig.get(inSession('two', model))).status, 200);
        await rig.pass(16_000);
        assert.equal(await ask(), '200');
        rig.simulator.script({ model, times: 2, fault });
        assert.deepEqual([await ask(), await ask(), await ask()], ['200', '200', '200']);
      });
    });
  }

  it('is told by its words where the client names no conversation', async () => {
    await withRig({ accounts }, async (rig) => {
      const rule = rig.simulator.script({ model: FREE, times: 3, fault: cut });
      const said = (content: string): Asked => ({
        body: { model: FREE, stream: true, messages: [{ role: 'user', content }] },
      });
      for (let count = 0; count < 3; count++) await rig.get(said('one'));
      assert.equal(rule.hits, 3);
      assert.equal((await rig.get(said('one'))).status, 429);
      assert.equal((await rig.get(said('two'))).status, 200);
    });
  });

  it('is that of the model that was asked for, whichever served', async () => {
    await withRig({ accounts, settings: { fallbackModels } }, async (rig) => {
      rig.simulator.script({ model: PAID, times: 999, fault: down });
      rig.simulator.script({ model: 'x/cheap', times: 999, fault: cut });
      for (let count = 0; count < 3; count++) await rig.get(inSession('one', PAID));
      assert.equal((await rig.get(inSession('one', PAID))).header('retry-after'), '2');
    });
  });
});
