// Streams: relayed byte for byte, held until they are judged, and never ended as if they were whole.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AnswerOptions } from '../simulator/answers/answerOptions';
import type { Fault } from '../simulator/fault';
import type { Rule } from '../simulator/script';
import { dataOf, RawSocket, rawChat, type Reply } from './client';
import { FREE, PAID, PROXY_KEY, realTime, withRig, type Rig } from './support';

const forms = ['/api/v1/chat/completions', '/api/v1/responses', '/api/v1/messages'];

async function streamed(
  fault: Fault | readonly Fault[],
  check: (reply: Reply, rig: Rig, path: string) => void,
  asked: { model?: string; answer?: AnswerOptions; paths?: readonly string[] } = {},
): Promise<void> {
  for (const path of asked.paths ?? forms) {
    await withRig({ simulator: { answer: asked.answer ?? { events: 60 } } }, async (rig) => {
      rig.simulator.script({ fault });
      const reply = await rig.get({ path, stream: true, model: asked.model ?? FREE });
      check(reply, rig, path);
      rig.simulator.clearScript();
      assert.equal((await rig.get({ path, stream: true })).status, 200, 'a good request right after');
    });
  }
}

/** The error that a stream of the form ends with; throws if there is none. */
function errorAtEnd(text: string, path: string): string {
  const last = text.trimEnd().split('\n\n').at(-1) ?? '';
  const data: unknown = JSON.parse(/^data: (.*)$/m.exec(last)?.[1] ?? 'null');
  if (path.endsWith('responses')) {
    assert.match(last, /^event: response\.failed$/m);
    const { response } = data as { response: { status: string; error: { message: string } } };
    assert.equal(response.status, 'failed');
    return response.error.message;
  }
  const { error } = data as { error: { message: string } };
  if (path.endsWith('messages')) assert.match(last, /^event: error$/m);
  else {
    const { choices } = data as { choices: readonly { finish_reason: string }[] };
    assert.equal(choices[0]?.finish_reason, 'error');
  }
  return error.message;
}

function assertBrokenOff(reply: Reply, rig: Rig, path: string, words: RegExp): void {
  const sent = rig.attempts[0]?.sent.bytes ?? Buffer.alloc(0);
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.body.subarray(0, sent.length), sent);
  const said = errorAtEnd(reply.text, path);
  assert.match(said, words);
  // Agents such as Pi judge by words where there is no status: these words make them try again.
  assert.match(said, /^Connection lost: .* \(502\)$/);
  assert.doesNotMatch(reply.text, /\[DONE\]|message_stop|response\.completed/);
  assert.ok(!reply.isWhole);
  assert.equal(rig.attempts.length, 1);
  assert.equal(rig.service.activity()[0]?.end, 'failed');
}

describe('a stream', () => {
  it('of 1,000 events is byte-identical to upstream’s', async () => {
    await withRig({ simulator: { answer: { events: 1_000, bytesPerEvent: 200 } } }, async (rig) => {
      for (const path of forms) {
        rig.simulator.forget();
        const reply = await rig.get({ path, stream: true });
        assert.ok(reply.isWhole);
        assert.equal(reply.body.length, rig.attempts[0]?.sent.length);
        assert.equal(createHash('sha256').update(reply.body).digest('hex'), rig.attempts[0]?.sent.sha256);
        assert.equal(rig.service.activity()[0]?.usage?.completionTokens, 1_000);
      }
    });
  });

  it('reaches the openai package whole, and its usage the activity list', async () => {
    await withRig({ clock: realTime(), simulator: { answer: { events: 40 } } }, async (rig) => {
      const stream = await rig.openai().chat.completions.create({
        model: FREE,
        stream: true,
        messages: [{ role: 'user', content: 'Hi' }],
      });
      let events = 0;
      for await (const chunk of stream) if ((chunk.choices[0]?.delta.content ?? '') !== '') events++;
      assert.equal(events, 40);
      const whole = await rig.openai().chat.completions.create({
        model: FREE,
        messages: [{ role: 'user', content: 'Hi' }],
      });
      assert.equal(whole.choices[0]?.finish_reason, 'stop');
    });
  });

  it('that a slow reader holds up loses nothing', async () => {
    await withRig(
      { clock: realTime(), simulator: { answer: { events: 2_000, bytesPerEvent: 2_000 }, keepBodyBytes: 1 } },
      async (rig) => {
        let pauses = 0;
        const reply = await rig.ask({
          stream: true,
          onData: () => {
            if (pauses++ % 20 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
          },
        });
        assert.ok(reply.isWhole);
        assert.equal(reply.body.length, rig.attempts[0]?.sent.length);
      },
    );
  });

  it('of CRLF lines, of malformed events and of comments passes as it came', async () => {
    const faults: readonly Fault[][] = [
      [{ kind: 'crlf' }],
      [{ kind: 'malformedEvent', afterEvents: 3 }],
      [{ kind: 'malformedEvent', afterEvents: 0, text: 'data: {"so' }],
      [{ kind: 'comments', count: 20, delayMs: 1_000 }, { kind: 'crlf' }],
      [{ kind: 'randomChunks', seed: 5, maxBytes: 7 }],
    ];
    for (const fault of faults) {
      await streamed(
        fault,
        (reply, rig) => {
          assert.equal(rig.attempts.length, 1);
          assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
          assert.ok(reply.isWhole);
          assert.equal(rig.service.activity()[0]?.end, 'answered');
        },
        { paths: forms.slice(0, 1) },
      );
    }
  });

  it('that is cut at event 40 of 60 ends in an error of its form', async () => {
    // Resets are tested in `faults.test.ts`, because they take the simulator real time.
    for (const how of ['destroy', 'cleanEnd'] as const) {
      await streamed({ kind: 'cut', afterEvents: 40, how }, (reply, rig, path) =>
        assertBrokenOff(
          reply,
          rig,
          path,
          /cut off before it was complete|ended the answer before it was complete/,
        ),
      );
    }
  });

  it('that came with a length has room for the error that it ends in', async () => {
    const event = 'data: {"id":"g","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';
    const headers = { 'content-type': 'text/event-stream', 'content-length': String(2 * event.length) };
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body: event + event } });
      const reply = await rig.get({ stream: true });
      assert.equal(reply.header('content-length'), undefined);
      assert.equal(reply.text.slice(0, 2 * event.length), event + event);
      assert.match(errorAtEnd(reply.text, '/api/v1/chat/completions'), /before it was complete/);
      assert.ok(!reply.isWhole);
    });
  });

  it('that is cut ends by FIN behind its error, without the last chunk, and not by a reset', async () => {
    await withRig({ clock: realTime(), simulator: { answer: { events: 60 } } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'cut', afterEvents: 40 } });
      const client = await RawSocket.open(rig.port);
      const failed: Error[] = [];
      client.socket.on('error', (error) => failed.push(error));
      client.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID, stream: true })));
      const text = await client.untilClosed();
      assert.match(text, /"reason":"upstream_cut".*\n\n\r\n$/s);
      assert.deepEqual(failed, []);
    });
  });

  it('that is cut in the middle of an event ends in an error that can still be read', async () => {
    await streamed({ kind: 'cut', afterBytes: 6_001 }, (reply, rig, path) =>
      assertBrokenOff(reply, rig, path, /cut off before it was complete/),
    );
  });

  it('that goes silent is given up after 90 s', async () => {
    await streamed({ kind: 'silent', afterEvents: 20, ms: 3_600_000 }, (reply, rig, path) => {
      assertBrokenOff(reply, rig, path, /stopped sending/);
      const { startedAtMs = 0, endedAtMs = 0 } = rig.service.activity()[0] ?? {};
      assert.equal(endedAtMs - startedAtMs, 90_000);
    });
  });

  it('that is silent for 30 s is whole', async () => {
    await streamed({ kind: 'silent', afterEvents: 20, ms: 30_000 }, (reply, rig) => {
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('that breaks, or stays open, after its end marker is whole', async () => {
    for (const path of forms) {
      await withRig({}, async (rig) => {
        await rig.get({ path, stream: true });
        const afterEvents = rig.attempts[0]?.eventsSent ?? 0;
        const after: readonly Rule[] = [
          { fault: { kind: 'cut', afterEvents } },
          { answer: { endDelayMs: 3_600_000 } },
        ];
        for (const rule of after) {
          rig.simulator.forget();
          rig.simulator.script(rule);
          const reply = await rig.get({ path, stream: true });
          assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes, JSON.stringify(rule));
          assert.ok(reply.isWhole);
          assert.equal(rig.service.activity()[0]?.end, 'answered');
        }
        assert.equal(rig.simulator.activeRequests(), 0);
      });
    }
  });

  it('that breaks after an error of upstream’s own gets no second one', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({
        fault: [
          { kind: 'errorEvent', afterEvents: 5, error: 'providerDown' },
          { kind: 'cut', afterEvents: 5 },
        ],
      });
      const reply = await rig.get({ stream: true });
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
      assert.equal(rig.service.activity()[0]?.end, 'failed');
    });
  });

  it('without its end marker is whole where it said that it has finished, and else ends in an error', async () => {
    await streamed(
      { kind: 'noEndMarker' },
      (reply, rig) => {
        assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
        assert.ok(reply.isWhole);
        assert.equal(rig.service.activity()[0]?.end, 'answered');
      },
      { paths: ['/api/v1/chat/completions', '/api/v1/messages'] },
    );
    await streamed(
      { kind: 'noEndMarker' },
      (reply, rig, path) => assertBrokenOff(reply, rig, path, /ended the answer before it was complete/),
      { paths: ['/api/v1/responses'] },
    );
  });

  it('of which one choice of two has not finished is cut', async () => {
    const choice = (index: number, finish: string | null): string =>
      `data: {"choices":[{"index":${index},"delta":{"content":"Hi"},"finish_reason":${JSON.stringify(finish)}}]}\n\n`;
    const usage = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n';
    for (const { events, isWhole } of [
      { events: [choice(0, null), choice(1, null), choice(0, 'stop'), usage], isWhole: false },
      {
        events: [choice(0, null), choice(1, null), choice(0, 'stop'), choice(1, 'length'), usage],
        isWhole: true,
      },
      { events: [choice(0, null), choice(0, 'stop'), choice(0, null)], isWhole: true },
    ]) {
      await withRig({}, async (rig) => {
        const headers = { 'Content-Type': 'text/event-stream' };
        const body = events.join('');
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
        const reply = await rig.get({ stream: true });
        assert.equal(reply.text === body, isWhole, body);
        assert.equal(rig.service.activity()[0]?.end, isWhole ? 'answered' : 'failed');
      });
    }
  });

  it('whose only event is an error without its blank line is that error', async () => {
    await withRig({}, async (rig) => {
      const headers = { 'Content-Type': 'text/event-stream' };
      for (const end of ['\n', '']) {
        rig.simulator.forget();
        const body = `data: {"error":{"code":400,"message":"So not."}}${end}`;
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
        const reply = await rig.get({ stream: true });
        assert.deepEqual([reply.status, rig.attempts.length], [400, 1]);
      }
    });
  });

  it('of lone CRs, or behind a byte order mark, is looked at as others are', async () => {
    const event = (value: unknown): string => `data: ${JSON.stringify(value)}`;
    const good = [event({ choices: [{ index: 0, delta: { content: 'Hi' } }] }), 'data: [DONE]'];
    const bad = [event({ error: { code: 400, message: 'So not.' } })];
    for (const { start, end } of [
      { start: '', end: '\r\r' },
      { start: '\ufeff', end: '\n\n' },
      { start: '\ufeff', end: '\r\n\r\n' },
    ]) {
      await withRig({}, async (rig) => {
        const headers = { 'Content-Type': 'text/event-stream' };
        const body = start + good.map((text) => text + end).join('');
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
        assert.equal((await rig.get({ stream: true })).text, body);
        rig.simulator.script({
          fault: { kind: 'respond', status: 200, headers, body: start + bad.join('') + end },
        });
        assert.equal((await rig.get({ stream: true })).status, 400);
      });
    }
  });

  it('that breaks before its first event is asked for again', async () => {
    for (const fault of [
      [{ kind: 'cut', afterEvents: 0 }],
      [
        { kind: 'comments', count: 2 },
        { kind: 'cut', afterEvents: 0, how: 'cleanEnd' },
      ],
    ] satisfies Fault[][]) {
      await streamed(fault, (reply, rig) => {
        assert.equal(rig.attempts.length, 2);
        assert.ok((rig.gapsMs[0] ?? 0) >= 500 && (rig.gapsMs[0] ?? 0) <= 1_000);
        assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes);
      });
    }
  });
});

describe('a paid answer that breaks off', () => {
  it('once something of it had come is not bought twice, streamed or not', async () => {
    await withRig({}, async (rig) => {
      for (const { stream, fault } of [
        { stream: false, fault: { kind: 'cut' } },
        { stream: false, fault: { kind: 'cut', how: 'cleanEnd' } },
        { stream: true, fault: { kind: 'cut', afterBytes: 20 } },
        { stream: true, fault: { kind: 'cut', afterBytes: 20, how: 'cleanEnd' } },
      ] satisfies { stream: boolean; fault: Fault }[]) {
        rig.simulator.forget();
        rig.simulator.script({ fault });
        const reply = await rig.get({ stream, model: PAID });
        assert.equal(reply.status, 502, JSON.stringify(fault));
        assert.equal(reply.header('x-keywheel-refusal'), 'upstream_cut');
        assert.equal(rig.attempts.length, 1, JSON.stringify(fault));
      }
    });
  });

  it('after its head is not bought again, although nothing else of it had come; a free one is asked for again', async () => {
    await withRig({}, async (rig) => {
      for (const stream of [false, true]) {
        rig.simulator.forget();
        rig.simulator.script({ times: 2, fault: { kind: 'cut', afterBytes: 0 } });
        assert.equal((await rig.get({ stream, model: PAID })).status, 502);
        assert.equal(rig.attempts.length, 1);
        assert.equal((await rig.get({ stream })).status, 200);
        assert.equal(rig.attempts.length, 3);
      }
    });
  });
});

describe('a connection that breaks before the head', () => {
  it('is tried again at once on a new one where it had served before, else after a back-off', async () => {
    for (const how of ['destroy', 'reset'] as const) {
      await withRig({}, async (rig) => {
        rig.simulator.script({ times: 2, fault: { kind: 'cutBeforeHead', how } });
        assert.equal((await rig.get({ stream: true })).status, 200);
        assert.equal(rig.attempts.length, 3);
        const [atOnce, backedOff = 0] = rig.gapsMs;
        assert.equal(atOnce, 0);
        assert.ok(backedOff >= 500 && backedOff <= 2_000, String(backedOff));
        assert.equal(new Set(rig.attempts.map(({ connectionId }) => connectionId)).size, 3);
      });
    }
  });
});

describe('the first token', () => {
  it('of a free model may take 120 s, then one more attempt is made, and then it is given up', async () => {
    await withRig({ settings: { keepAliveAfterSeconds: 3600 } }, async (rig) => {
      rig.simulator.script({ times: 9, fault: { kind: 'comments', count: 400, delayMs: 1_000 } });
      const reply = await rig.get({ stream: true });
      assert.equal(reply.status, 504);
      assert.equal(reply.header('x-keywheel-refusal'), 'upstream_silent');
      assert.equal(rig.attempts.length, 2);
      const gapMs = rig.gapsMs[0] ?? 0;
      assert.ok(gapMs >= 120_500 && gapMs <= 121_000, String(gapMs));
      assert.ok(rig.attempts.every(({ abortedAtMs }) => abortedAtMs !== undefined));
    });
  });

  it('of a paid model may take as long as comments come: 150 s, one attempt, whole', async () => {
    await withRig({ simulator: { answer: { events: 5 } } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'comments', count: 15, delayMs: 10_000 } });
      const reply = await rig.get({ stream: true, model: PAID });
      assert.equal(rig.attempts.length, 1);
      assert.equal(reply.status, 200);
      const sent = rig.attempts[0]?.sent.text ?? '';
      assert.ok(reply.text.endsWith(sent), 'all of upstream’s bytes, in their order, after our own comments');
      assert.doesNotMatch(reply.text, /^: ping/m);
      assert.equal(dataOf(reply.text).at(-1), '[DONE]');
    });
  });

  it('of a paid model that goes silent after comments is not bought twice', async () => {
    await withRig({ settings: { keepAliveAfterSeconds: 3600 } }, async (rig) => {
      rig.simulator.script({
        times: 9,
        fault: [
          { kind: 'comments', count: 3, delayMs: 1_000 },
          { kind: 'silent', ms: 3_600_000 },
        ],
      });
      const reply = await rig.get({ stream: true, model: PAID });
      assert.equal(reply.status, 504);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('no answer at all is asked for once more on a connection of its own', async () => {
    await withRig({ settings: { keepAliveAfterSeconds: 3600 } }, async (rig) => {
      rig.simulator.script({ times: 9, fault: { kind: 'noAnswer' } });
      const reply = await rig.get({ stream: true, model: PAID });
      assert.equal(reply.status, 504);
      assert.equal(rig.attempts.length, 2);
      assert.ok((rig.gapsMs[0] ?? 0) >= 90_500 && (rig.gapsMs[0] ?? 0) <= 91_000);
      assert.notEqual(rig.attempts[0]?.connectionId, rig.attempts[1]?.connectionId);
    });
  });
});

describe('an answer that is not streamed', () => {
  it('may take as long as its client waits', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'silent', ms: 280_000 } });
      const reply = await rig.get({ model: PAID });
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('that is cut is asked for again, and never passed on as whole', async () => {
    for (const how of ['destroy', 'cleanEnd'] as const) {
      await withRig({}, async (rig) => {
        rig.simulator.script({ times: 99, fault: { kind: 'cut', how } });
        const reply = await rig.get();
        assert.equal(reply.status, 502, how);
        assert.equal(reply.header('x-keywheel-refusal'), 'upstream_cut');
        assert.equal(rig.attempts.length, 5);
        rig.simulator.clearScript();
        assert.equal((await rig.get()).status, 200);
      });
    }
  });

  it('whose error is cut is not passed on as whole either', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: [{ kind: 'error', error: 'contextLength' }, { kind: 'cut' }] });
      const reply = await rig.get();
      assert.equal(reply.status, 400);
      assert.ok(typeof (reply.json() as { error: { message: unknown } }).error.message === 'string');
    });
  });

  it('of a plain download that is cut is cut for the client too', async () => {
    await withRig({ simulator: { answer: { downloadBytes: 100_000 } } }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'cut', afterBytes: 70_000 } });
      const reply = await rig.get({ path: '/api/v1/audio/speech', model: PAID });
      assert.equal(reply.status, 200);
      assert.ok(!reply.isWhole);
      assert.equal(rig.attempts.length, 1);
    });
  });
});
