// Running exchanges in the snapshot, and how the user ends one.
import assert from 'node:assert/strict';
import type { RunningView } from '../../src/service/snapshot';
import { accountsOf, FREE, withRig, type Rig } from './support';

const running = (rig: Rig): readonly RunningView[] => rig.service.snapshot().running;

describe('an exchange that has not ended', () => {
  it('waits for a slot that frees at a known time, and goes when it does', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      await rig.drive(Promise.all(Array.from({ length: 20 }, () => rig.ask())));
      const asked = rig.ask({ headers: ['User-Agent', 'Cline/4.1'] });
      await rig.pass(100);
      const [only, ...others] = running(rig);
      assert.equal(others.length, 0);
      assert.ok(only?.nextAtMs && only.endsAtMs);
      assert.deepEqual([only.stage, only.client, only.model, only.attempts], ['waiting', 'Cline', FREE, 0]);
      const nowMs = rig.clock.wallMs();
      assert.ok(only.nextAtMs > nowMs + 50_000 && only.nextAtMs <= nowMs + 61_000, String(only.nextAtMs));
      assert.ok(only.endsAtMs > only.nextAtMs);
      assert.equal((await rig.drive(asked)).status, 200);
      assert.deepEqual(running(rig), []);
    });
  });

  it('pauses before its next attempt, and says after which outcome', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'providerDown', retryAfterSeconds: 7 } });
      const asked = rig.ask();
      await rig.pass(1_000);
      const [only] = running(rig);
      assert.deepEqual([only?.stage, only?.outcome, only?.attempts], ['pausing', 'overloaded', 1]);
      assert.ok((only?.nextAtMs ?? 0) > rig.clock.wallMs());
      assert.equal((await rig.drive(asked)).status, 200);
    });
  });

  it('answers with the key that serves it', async () => {
    await withRig({ simulator: { answer: { events: 10, eventDelayMs: 100 } } }, async (rig) => {
      const asked = rig.ask({ stream: true });
      await rig.pass(300);
      const [only] = running(rig);
      assert.equal(only?.stage, 'answering');
      assert.match(only.keyLabel, /^[ab]-1$/);
      await rig.drive(asked);
    });
  });
});

describe('an exchange that the user cancels', () => {
  it('is refused while it waits, with the word not to come again', async () => {
    await withRig({ accounts: accountsOf('a') }, async (rig) => {
      await rig.drive(Promise.all(Array.from({ length: 20 }, () => rig.ask())));
      const asked = rig.ask();
      await rig.pass(100);
      assert.equal(rig.service.cancel(running(rig)[0]?.requestId ?? ''), true);
      const reply = await rig.drive(asked);
      assert.deepEqual([reply.status, reply.header('x-keywheel-refusal')], [400, 'cancelled']);
      assert.equal(reply.header('x-should-retry'), 'false');
      const [last] = rig.service.activity();
      assert.deepEqual([last?.end, last?.message], ['cancelled', 'Cancelled in Keywheel’s dashboard.']);
      assert.deepEqual(running(rig), []);
    });
  });

  it('ends in an error event where its answer runs, and upstream is left', async () => {
    await withRig({ simulator: { answer: { events: 100, eventDelayMs: 100 } } }, async (rig) => {
      const asked = rig.ask({ stream: true });
      await rig.pass(300);
      assert.equal(rig.service.cancel(running(rig)[0]?.requestId ?? ''), true);
      const reply = await rig.drive(asked);
      assert.match(reply.text, /Cancelled in Keywheel[^]*$/);
      assert.doesNotMatch(reply.text, /\[DONE\]/);
      assert.equal(rig.service.activity()[0]?.end, 'cancelled');
    });
  });

  it('is unknown once it is over', async () => {
    await withRig({}, async (rig) => {
      await rig.get();
      assert.equal(rig.service.cancel('0123456789ab'), false);
    });
  });
});

describe('the words of an error', () => {
  it('are kept as the client got them, ours and upstream’s', async () => {
    await withRig({ accounts: accountsOf('a'), settings: { freeOnly: true } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'contextLength' } });
      const given = await rig.get();
      assert.match(
        rig.service.activity()[0]?.message ?? '',
        /^This endpoint's maximum context length is 131072/,
      );
      assert.match(given.text, /This endpoint's maximum context length is 131072/);
      const refused = await rig.get({ model: 'x/y' });
      const { message } = rig.service.activity()[0] ?? {};
      assert.match(message ?? '', /^Keywheel is set to free models only/);
      assert.match(refused.text, /Keywheel is set to free models only/);
      assert.ok(rig.lines.some((line) => line.startsWith('info ') && line.includes(message ?? '')));
    });
  });
});
