// A client that leaves: its upstream request ends at once, its lease is settled, and no key is blamed.
import assert from 'node:assert/strict';
import type { RequestRecord } from '../simulator/record';
import { RawSocket, rawChat } from './client';
import { accountsOf, FREE, PAID, PROXY_KEY, realTime, withRig, type Rig, type StartOptions } from './support';

/** How soon upstream sees a departure on a machine that has nothing else to do. */
const usualMs = 100;
const inRealTime: StartOptions = { clock: realTime() };

async function leaving(rig: Rig, model = FREE, stream = true): Promise<RawSocket> {
  const socket = await RawSocket.open(rig.port);
  socket.write(rawChat(PROXY_KEY, JSON.stringify({ model, stream })));
  return socket;
}

/** Leaves, and returns how long it took upstream to see it. */
async function seenAfterMs(rig: Rig, socket: RawSocket, record: RequestRecord): Promise<number> {
  const leftAtMs = performance.now();
  socket.leave();
  await rig.simulator.waitFor(() => record.abortedAtMonotonicMs !== undefined);
  return (record.abortedAtMonotonicMs ?? Number.POSITIVE_INFINITY) - leftAtMs;
}

/** The answers here take a minute by themselves. The quickest of three times counts, because a machine may be busy. */
async function assertSeen(rig: Rig, leave: () => Promise<number>): Promise<void> {
  let quickestMs = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3 && quickestMs >= usualMs; turn++) {
    rig.simulator.forget();
    quickestMs = Math.min(quickestMs, await leave());
    await assertForgotten(rig, turn + 1);
  }
  console.log(`      seen after ${quickestMs.toFixed(0)} ms`);
  assert.ok(quickestMs < 100 * usualMs, `${quickestMs} ms`);
}

async function assertForgotten(rig: Rig, exchanges = 1): Promise<void> {
  await rig.simulator.waitFor(() => rig.service.activity().length >= exchanges);
  const { wheel, accounts, busyModels } = rig.service.snapshot();
  assert.deepEqual([wheel.inFlight, wheel.waiting], [0, 0]);
  assert.deepEqual(
    accounts.flatMap(({ locks, keys }) => [...locks, ...keys.flatMap((key) => key.locks)]),
    [],
  );
  assert.deepEqual(
    accounts.flatMap(({ keys }) => keys.map(({ errors }) => errors)).filter((errors) => errors > 0),
    [],
  );
  assert.deepEqual(busyModels, []);
  assert.equal(rig.service.activity()[0]?.end, 'cancelled');
}

function recordOf(rig: Rig): RequestRecord {
  const record = rig.attempts[0];
  assert.ok(record !== undefined);
  return record;
}

describe('a client that leaves', () => {
  it('after three events makes upstream see the abort', async () => {
    const options = { ...inRealTime, simulator: { answer: { events: 3_000, eventDelayMs: 20 } } };
    for (const model of [FREE, PAID])
      await withRig(options, async (rig) => {
        await assertSeen(rig, async () => {
          const socket = await leaving(rig, model);
          await socket.until(/(?:data: [^]*){3}/);
          return await seenAfterMs(rig, socket, recordOf(rig));
        });
      });
  });

  it('before the head does so too, streaming or not', async () => {
    for (const stream of [true, false]) {
      await withRig({ ...inRealTime, simulator: { answer: { headDelayMs: 60_000 } } }, async (rig) => {
        await assertSeen(rig, async () => {
          const socket = await leaving(rig, FREE, stream);
          await rig.simulator.waitFor(() => rig.attempts.length === 1);
          return await seenAfterMs(rig, socket, recordOf(rig));
        });
      });
    }
  });

  it('while comments come does so too', async () => {
    await withRig(inRealTime, async (rig) => {
      await assertSeen(rig, async () => {
        rig.simulator.script({ fault: { kind: 'comments', count: 3_000, delayMs: 20 } });
        const socket = await leaving(rig, PAID);
        await rig.simulator.waitFor(() => (rig.attempts[0]?.sent.length ?? 0) > 100);
        return await seenAfterMs(rig, socket, recordOf(rig));
      });
    });
  });

  it('in the middle of an answer that is not streamed does so too', async () => {
    await withRig(inRealTime, async (rig) => {
      await assertSeen(rig, async () => {
        rig.simulator.script({ fault: { kind: 'silent', ms: 60_000 } });
        const socket = await leaving(rig, FREE, false);
        await rig.simulator.waitFor(() => (rig.attempts[0]?.sent.length ?? 0) > 0);
        return await seenAfterMs(rig, socket, recordOf(rig));
      });
    });
  });

  it('while it waits for a slot frees its place, and nothing is sent for it', async () => {
    await withRig({ ...inRealTime, accounts: accountsOf({ name: 'a', minuteLimit: 20 }) }, async (rig) => {
      await Promise.all(Array.from({ length: 20 }, () => rig.ask()));
      const socket = await leaving(rig);
      await rig.simulator.waitFor(() => rig.service.snapshot().wheel.waiting === 1);
      socket.leave();
      await rig.simulator.waitFor(() => rig.service.snapshot().wheel.waiting === 0);
      await assertForgotten(rig);
      assert.equal(rig.attempts.length, 20);
    });
  });

  it('while a retry is waited for ends the exchange', async () => {
    await withRig(inRealTime, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'providerDown', retryAfterSeconds: 30 } });
      const socket = await leaving(rig, PAID);
      await rig.simulator.waitFor(() => rig.attempts[0]?.endedAtMs !== undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.leave();
      await rig.simulator.waitFor(() => rig.service.activity().length === 1);
      assert.equal(rig.service.activity()[0]?.end, 'cancelled');
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('right after the end marker has cancelled nothing', async () => {
    const options = { ...inRealTime, simulator: { answer: { events: 5, endDelayMs: 300 } } };
    await withRig(options, async (rig) => {
      const socket = await leaving(rig);
      await socket.until(/\[DONE\]/);
      socket.leave();
      await rig.simulator.waitFor(() => rig.service.activity().length === 1);
      const [activity] = rig.service.activity();
      assert.equal(activity?.end, 'answered');
      assert.equal(activity.usage?.completionTokens, 5);
    });
  });

  it('with two requests on one connection ends the one that runs, and the other is never sent', async () => {
    const options = { ...inRealTime, simulator: { answer: { events: 3_000, eventDelayMs: 20 } } };
    await withRig(options, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      const asked = rawChat(PROXY_KEY, JSON.stringify({ model: FREE, stream: true }));
      socket.write(asked + asked);
      await socket.until(/data: /);
      socket.leave();
      await rig.simulator.waitFor(() =>
        rig.attempts.every(({ abortedAtMonotonicMs }) => abortedAtMonotonicMs !== undefined),
      );
      await rig.simulator.waitFor(() => rig.service.activity().length === 1);
      assert.ok(rig.service.activity().every(({ end }) => end === 'cancelled'));
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('by sending what is no request gets no second head into its answer', async () => {
    const options = { ...inRealTime, simulator: { answer: { events: 3_000, eventDelayMs: 20 } } };
    await withRig(options, async (rig) => {
      const socket = await leaving(rig);
      await socket.until(/data: /);
      socket.write('\n}} more\r\n\r\n');
      await rig.simulator.waitFor(() => socket.isClosed && rig.service.activity().length === 1);
      assert.equal(socket.text.split('HTTP/1.1').length, 2);
      assert.equal(rig.service.activity()[0]?.end, 'cancelled');
    });
  });

  it('while it sends its body leaves nothing behind', async () => {
    await withRig(inRealTime, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      const whole = rawChat(PROXY_KEY, 'x'.repeat(1_000));
      socket.write(whole.slice(0, -500));
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.leave();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(rig.attempts.length, 0);
      assert.equal((await rig.ask()).status, 200);
    });
  });

  it('is what one does that takes nothing of its answer for 5 minutes', async () => {
    await withRig({ simulator: { answer: { events: 20_000, bytesPerEvent: 2_000 } } }, async (rig) => {
      const socket = await leaving(rig, PAID);
      socket.socket.pause();
      await rig.pass(290_000);
      assert.equal(rig.service.activity().length, 0);
      await rig.pass(320_000);
      await rig.simulator.waitFor(() => recordOf(rig).abortedAtMonotonicMs !== undefined);
      await assertForgotten(rig);
      socket.leave();
    });
  });
});
