import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Fault } from './fault';
import type { Simulator } from './simulator';
import { codingAvailable } from './wire/coding';
import {
  ask,
  dataOf,
  FREE,
  KEY,
  NOON_MS,
  PAID,
  raw,
  rawChat,
  SetClock,
  untilClosed,
  withSimulator,
} from './support';

async function streamed(
  fault: Fault | Fault[],
  check: (text: string, simulator: Simulator) => void,
): Promise<void> {
  await withSimulator({ answer: { events: 10 } }, async (simulator) => {
    simulator.script({ fault });
    const response = await ask(simulator, { stream: true });
    assert.equal(response.status, 200);
    check(await response.text(), simulator);
  });
}

describe('the simulator, scripted faults', () => {
  it('meets the next n requests that fit, and counts the free ones among them', async () => {
    await withSimulator({}, async (simulator) => {
      const rule = simulator.script({
        path: '/chat/completions',
        model: FREE,
        times: 2,
        fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: 1 },
      });
      simulator.topUp('a', 1);
      const statuses: number[] = [];
      for (const model of [PAID, FREE, FREE, FREE]) statuses.push((await ask(simulator, { model })).status);
      assert.deepEqual(statuses, [200, 429, 429, 200]);
      assert.deepEqual([rule.hits, simulator.usedToday('a'), simulator.limitAnswers], [2, 3, 0]);
      simulator.script({ counts: false, fault: { kind: 'error', error: 'cloudflarePage' } });
      await ask(simulator);
      assert.equal(simulator.usedToday('a'), 3);
    });
  });

  it('keeps a provider down until a time of the clock', async () => {
    const clock = new SetClock();
    await withSimulator({ clock }, async (simulator) => {
      simulator.script({ untilMs: NOON_MS + 60_000, fault: { kind: 'error', error: 'providerDown' } });
      assert.equal((await ask(simulator)).status, 502);
      clock.advance(59_999);
      assert.equal((await ask(simulator)).status, 502);
      clock.advance(1);
      assert.equal((await ask(simulator)).status, 200);
    });
  });

  it('answers anything: redirects, 204, 304, empty and malformed bodies', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ fault: { kind: 'respond', status: 302, headers: { Location: '/elsewhere' } } });
      simulator.script({ fault: { kind: 'respond', status: 204 } });
      simulator.script({ fault: { kind: 'respond', status: 304 } });
      simulator.script({ fault: { kind: 'respond', status: 200 } });
      simulator.script({
        fault: { kind: 'respond', status: 200, body: '{"id":', headers: { 'X-A': ['1', '2'] } },
      });
      const url = `${simulator.baseUrl}/chat/completions`;
      const seen: [number, string, string | null][] = [];
      for (let index = 0; index < 5; index++) {
        const response = await fetch(url, { method: 'POST', redirect: 'manual' });
        seen.push([response.status, await response.text(), response.headers.get('x-a')]);
      }
      assert.deepEqual(seen, [
        [302, '', null],
        [204, '', null],
        [304, '', null],
        [200, '', null],
        [200, '{"id":', '1, 2'],
      ]);
    });
  });

  it('gives a 200 with a JSON error, for streams too', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ fault: { kind: 'errorIn200', error: 'providerDown' } });
      const response = await ask(simulator, { stream: true });
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json']);
      assert.match(await response.text(), /^\{"error":\{"message":"Provider returned error","code":502/);
    });
  });

  it('leaves its rule alone when a limit refuses first', async () => {
    await withSimulator({ accounts: [{ name: 'a', keys: [KEY], usedToday: 50 }] }, async (simulator) => {
      const rule = simulator.script({ fault: { kind: 'cut', afterEvents: 1 } });
      assert.equal((await ask(simulator, { stream: true })).status, 429);
      assert.equal(rule.hits, 0);
      simulator.setTier('a', 1000);
      await assert.rejects(async () => await (await ask(simulator, { stream: true })).text());
      assert.equal(rule.hits, 1);
    });
  });

  it('is silent for ever, and sees when the client leaves', async () => {
    const clock = new SetClock();
    await withSimulator({ clock }, async (simulator) => {
      simulator.script({ fault: { kind: 'noAnswer' } });
      const leave = new AbortController();
      const asked = fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', signal: leave.signal });
      await simulator.waitFor(() => simulator.requests.length === 1);
      leave.abort();
      await assert.rejects(asked);
      await simulator.waitFor(() => simulator.requests[0]?.abortedAtMs !== undefined);
      assert.equal(simulator.requests[0]?.abortedAtMs, NOON_MS);
      assert.equal(simulator.requests[0].status, undefined);
    });
  });

  it('resets before the head', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ fault: { kind: 'cutBeforeHead' } });
      const answer = await raw(simulator, rawChat(false));
      assert.deepEqual([answer.error?.code, answer.chunks.length], ['ECONNRESET', 0]);
      assert.equal(simulator.requests[0]?.abortedAtMs, undefined);
    });
  });

  it('cuts a stream after n events', async () => {
    await withSimulator({ answer: { events: 10 } }, async (simulator) => {
      simulator.script({ fault: { kind: 'cut', afterEvents: 4 } });
      simulator.script({ fault: { kind: 'cut', afterEvents: 4, how: 'reset' } });
      const ended = await raw(simulator, rawChat(true));
      const text = Buffer.concat(ended.chunks).toString();
      assert.equal(text.match(/data: /g)?.length, 4);
      assert.ok(!text.endsWith('0\r\n\r\n'));
      assert.equal(ended.error, undefined);
      assert.equal((await raw(simulator, rawChat(true))).error?.code, 'ECONNRESET');
    });
  });

  it('cuts a stream in the middle of an event', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ fault: { kind: 'cut', afterBytes: 300, how: 'cleanEnd' } });
      const text = await (await ask(simulator, { stream: true })).text();
      assert.equal(Buffer.byteLength(text), 300);
    });
  });

  it('ends a close-delimited body early and cleanly, streaming and not', async () => {
    await withSimulator({ answer: { events: 10 } }, async (simulator) => {
      simulator.script({ times: 2, fault: { kind: 'cut', afterEvents: 4, how: 'cleanEnd' } });
      const response = await ask(simulator, { stream: true });
      assert.deepEqual(
        ['transfer-encoding', 'content-length'].map((name) => response.headers.get(name)),
        [null, null],
      );
      assert.equal(dataOf(await response.text()).length, 4);
      const whole = await (await ask(simulator)).text();
      assert.throws(() => JSON.parse(whole) as unknown);
      assert.ok(whole.startsWith('{"id":'));
    });
  });

  it('cuts a body that is not streamed short of its length', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ fault: { kind: 'cut', afterBytes: 20 } });
      const response = await ask(simulator);
      assert.ok(Number(response.headers.get('content-length')) > 20);
      await assert.rejects(response.text());
    });
  });

  it('is silent in mid-stream', async () => {
    const begun = performance.now();
    await streamed({ kind: 'silent', afterEvents: 3, ms: 80 }, (text) => {
      assert.equal(dataOf(text).length, 12);
      assert.ok(performance.now() - begun >= 78);
    });
  });

  it('sends comments first', async () => {
    await streamed({ kind: 'comments', count: 3, delayMs: 5 }, (text) => {
      assert.ok(text.startsWith(': OPENROUTER PROCESSING\n\n'.repeat(3) + 'data: {'));
    });
  });

  it('sends an error as the first event or after n', async () => {
    await streamed({ kind: 'errorEvent', afterEvents: 0, error: 'providerDown' }, (text) => {
      const events = dataOf(text);
      assert.equal(events.length, 1);
      assert.match(
        events[0] ?? '',
        /"finish_reason":"error".*"error":\{"message":"Provider returned error","code":502/,
      );
    });
    await streamed({ kind: 'errorEvent', afterEvents: 5, error: 'providerOverloaded' }, (text) => {
      assert.equal(dataOf(text).length, 6);
      assert.doesNotMatch(text, /\[DONE\]/);
    });
  });

  it('sends error events in the other forms', async () => {
    await withSimulator({}, async (simulator) => {
      const fault: Fault = { kind: 'errorEvent', afterEvents: 2, error: 'providerDown' };
      simulator.script({ times: 2, fault });
      simulator.script({ fault: { ...fault, responsesEvent: 'error' } });
      const messages = await (await ask(simulator, { path: '/messages', stream: true })).text();
      assert.match(messages, /event: error\ndata: \{"type":"error","error":\{"type":"api_error".*\n\n$/);
      const failed = await (await ask(simulator, { path: '/responses', stream: true })).text();
      assert.match(
        failed,
        /event: response.failed\ndata: .*"status":"failed","error":\{"code":"server_error".*\n\n$/,
      );
      const error = await (await ask(simulator, { path: '/responses', stream: true })).text();
      assert.match(error, /event: error\ndata: \{"type":"error","code":"server_error".*\n\n$/);
    });
  });

  it('puts an error into the first choice', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ times: 2, fault: { kind: 'choiceError', afterEvents: 3, error: 'providerDown' } });
      const whole = await (await ask(simulator)).text();
      assert.match(whole, /"content":"This answer.*"finish_reason":"error",.*"error":\{"message"/);
      const events = dataOf(await (await ask(simulator, { stream: true })).text());
      assert.equal(events.length, 4);
      assert.match(
        events[3] ?? '',
        /"finish_reason":"error","error":\{"message":"Provider returned error","code":502/,
      );
    });
  });

  it('ends lines with CRLF, breaks an event, leaves out the end marker', async () => {
    await streamed(
      [{ kind: 'crlf' }, { kind: 'noEndMarker' }, { kind: 'malformedEvent', afterEvents: 2 }],
      (text) => {
        assert.equal(text.replaceAll('\r\n', '').includes('\n'), false);
        const events = dataOf(text);
        assert.equal(events.length, 12);
        assert.throws(() => JSON.parse(events[2] ?? '') as unknown);
        assert.doesNotMatch(text, /\[DONE\]/);
      },
    );
  });

  it('cuts events anywhere, and sends the same bytes all the same', async () => {
    await withSimulator({ answer: { events: 5 }, clock: new SetClock() }, async (simulator) => {
      simulator.script({ fault: { kind: 'chunks', sizes: [1, 6, 3] } });
      const answer = await raw(simulator, rawChat(true).replace('Host: x', 'Host: x\r\nConnection: close'));
      const text = Buffer.concat(answer.chunks).toString();
      assert.match(text, /\r\n\r\n1\r\nd\r\n6\r\nata: \{\r\n3\r\n"id\r\n/);
      const random = simulator.script({ fault: { kind: 'randomChunks', seed: 7, maxBytes: 9 } });
      const cut = await (await ask(simulator, { stream: true })).text();
      const plain = await (await ask(simulator, { stream: true })).text();
      assert.equal(random.hits, 1);
      assert.equal(cut.replaceAll(/gen-\d+-\d+/g, ''), plain.replaceAll(/gen-\d+-\d+/g, ''));
    });
  });

  it('codes bodies, streaming and not, where Node has the coding', async () => {
    await withSimulator({ answer: { events: 5 } }, async (simulator) => {
      const decoders = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync };
      for (const coding of ['gzip', 'br', 'deflate'] as const) {
        for (const stream of [true, false]) {
          simulator.script({ fault: { kind: 'coded', coding } });
          const response = await ask(simulator, { stream });
          assert.equal(response.headers.get('content-encoding'), coding);
          const text = await response.text();
          assert.ok(stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}'));
          assert.equal(decoders[coding](simulator.requests.at(-1)?.sent.bytes ?? '').toString(), text);
        }
      }
      if (!codingAvailable('zstd')) {
        assert.throws(() => simulator.script({ fault: { kind: 'coded', coding: 'zstd' } }), /zstd/);
      }
    });
  });

  it('sees that a client leaves in mid-stream, and charges only what was sent', async () => {
    await withSimulator(
      { answer: { events: 6_000, eventDelayMs: 10 }, costPerRequest: 1 },
      async (simulator) => {
        simulator.topUp('a', 5);
        const leave = new AbortController();
        const response = await fetch(`${simulator.baseUrl}/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${KEY}` },
          body: JSON.stringify({ model: PAID, stream: true }),
          signal: leave.signal,
        });
        await response.body?.getReader().read();
        leave.abort();
        await simulator.waitFor(() => simulator.requests[0]?.abortedAtMonotonicMs !== undefined);
        await simulator.waitFor(() => simulator.account('a').credits < 5);
        assert.ok(simulator.account('a').credits > 4.5);
        assert.equal(simulator.sums().perModel.get(PAID)?.aborted, 1);
      },
    );
  });

  it('spoils idle connections', async () => {
    await withSimulator({}, async (simulator) => {
      const socket = connect(simulator.port, '127.0.0.1');
      const text = rawChat(false);
      const closed = untilClosed(socket, text);
      await simulator.waitFor(() => simulator.requests[0]?.endedAtMs !== undefined);
      assert.equal(simulator.resetConnections('halfDead'), 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.equal(socket.destroyed, false);
      socket.write(text);
      assert.equal((await closed).error?.code, 'ECONNRESET');
      assert.deepEqual([simulator.requests.length, simulator.staleHits()], [1, 1]);
      const second = connect(simulator.port, '127.0.0.1');
      await simulator.waitFor(() => simulator.openSockets() === 1);
      const secondClosed = new Promise((resolve) => second.once('close', resolve));
      second.resume();
      assert.equal(simulator.resetConnections(), 1);
      await secondClosed;
      await simulator.waitFor(() => simulator.openSockets() === 0);
    });
  });

  it('lets delays pass in the clock of the test', async () => {
    const due: (() => void)[] = [];
    const clock = {
      nowMs: () => NOON_MS,
      after: (_delayMs: number, run: () => void) => {
        due.push(run);
        return { dispose: () => undefined };
      },
    };
    await withSimulator({ clock, delays: 'clock', answer: { headDelayMs: 3_600_000 } }, async (simulator) => {
      const answered = ask(simulator);
      await simulator.waitFor(() => due.length === 1);
      assert.equal(simulator.requests[0]?.status, undefined);
      due[0]?.();
      assert.equal((await answered).status, 200);
    });
  });
});
