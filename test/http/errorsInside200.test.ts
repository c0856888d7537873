// Errors inside a 200 are found before the client sees anything, and are treated as the errors that they mean.
import assert from 'node:assert/strict';
import type { ErrorDetails, ErrorKind } from '../simulator/errors/errorKind';
import type { Fault } from '../simulator/fault';
import { dataOf } from './client';
import { FREE, PAID, realTime, withRig } from './support';

const forms = ['/api/v1/chat/completions', '/api/v1/responses', '/api/v1/messages'];

/** The same error in each way in which it can hide. */
function hidden(error: ErrorKind, details: ErrorDetails = {}): readonly { stream: boolean; fault: Fault }[] {
  return [
    { stream: false, fault: { kind: 'errorIn200', error, ...details } },
    { stream: true, fault: { kind: 'errorIn200', error, ...details } },
    { stream: true, fault: { kind: 'errorEvent', afterEvents: 0, error, ...details } },
    {
      stream: true,
      fault: { kind: 'errorEvent', afterEvents: 0, error, responsesEvent: 'error', ...details },
    },
    {
      stream: true,
      fault: { kind: 'errorEvent', afterEvents: 0, error, responsesEvent: 'response.error', ...details },
    },
  ];
}

describe('an error inside a 200', () => {
  for (const path of forms) {
    it(`becomes its status for ${path.slice(7)} when it is the request's own fault`, async () => {
      await withRig({}, async (rig) => {
        for (const { stream, fault } of hidden('contextLength')) {
          rig.simulator.forget();
          rig.simulator.script({ fault });
          const reply = await rig.get({ path, stream });
          assert.equal(rig.attempts.length, 1);
          assert.equal(reply.status, 400, JSON.stringify(fault));
          assert.match(reply.header('content-type') ?? '', /^application\/json/);
          assert.equal(reply.header('content-length'), String(reply.body.length));
          const { error } = reply.json() as { error: { message: string } };
          assert.match(error.message, /maximum context length/);
          if (fault.kind === 'errorIn200') assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
        }
      });
    });

    it(`is tried again for ${path.slice(7)} when it passes`, async () => {
      for (const { stream, fault } of hidden('internal')) {
        await withRig({}, async (rig) => {
          rig.simulator.script({ fault });
          const reply = await rig.get({ path, stream });
          assert.equal(reply.status, 200);
          assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes);
          assert.equal(rig.attempts.length, 2);
          assert.ok((rig.gapsMs[0] ?? 0) >= 500);
        });
      }
    });
  }

  it('goes on with the other account after a daily limit as the first event', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'errorEvent', afterEvents: 0, error: 'dailyLimit' } });
      const reply = await rig.get({ stream: true });
      assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes);
      assert.equal(new Set(rig.accountsTried).size, 2);
      assert.deepEqual(rig.gapsMs, [0]);
    });
  });

  it('beside partial content is an error as well', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'choiceError', error: 'providerDown' } });
      assert.equal((await rig.get()).status, 200);
      assert.equal(rig.attempts.length, 2);
      rig.simulator.script({ fault: { kind: 'choiceError', error: 'badRequest' } });
      assert.equal((await rig.get()).status, 400);
      rig.simulator.script({ fault: { kind: 'choiceError', error: 'badRequest', afterEvents: 0 } });
      assert.equal((await rig.get({ stream: true })).status, 400);
    });
  });

  it('beside a part of an answer that was paid for goes to the client as it came, and is not bought again', async () => {
    const error = { code: 502, message: 'Provider disconnected' };
    const half = { index: 0, finish_reason: 'error', error, message: { content: 'Half an ans' } };
    const headers = { 'Content-Type': 'application/json' };
    for (const answer of [
      { id: 'gen-1', choices: [half] },
      { id: 'resp_1', status: 'failed', error, usage: { output_tokens: 5, cost: 0.02 } },
    ]) {
      await withRig({}, async (rig) => {
        const body = JSON.stringify(answer);
        rig.simulator.script({ times: 9, fault: { kind: 'respond', status: 200, headers, body } });
        const reply = await rig.get({ model: PAID });
        assert.deepEqual([reply.status, reply.text, rig.attempts.length], [200, body, 1]);
      });
    }
  });

  it('of a failed response is what OpenRouter calls it beside the form’s own name', async () => {
    await withRig({}, async (rig) => {
      const response = {
        status: 'failed',
        error: { code: 'server_error', message: 'No' },
        error_type: 'content_policy_violation',
      };
      const body = `data: ${JSON.stringify({ type: 'response.failed', response })}\n\n`;
      const headers = { 'Content-Type': 'text/event-stream' };
      rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
      const reply = await rig.get({ path: '/api/v1/responses', stream: true });
      assert.deepEqual([reply.status, rig.attempts.length], [403, 1]);
    });
  });

  it('after content goes to the client as it came, and the stream ends with it', async () => {
    await withRig({}, async (rig) => {
      for (const path of forms) {
        rig.simulator.forget();
        rig.simulator.script({ fault: { kind: 'errorEvent', afterEvents: 5, error: 'providerDown' } });
        const reply = await rig.get({ path, stream: true });
        assert.equal(reply.status, 200);
        assert.equal(rig.attempts.length, 1);
        assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
        assert.ok(reply.isWhole);
        assert.equal(rig.service.activity()[0]?.end, 'failed');
      }
    });
  });

  it('is found after comments, and in an answer of gzip or brotli', async () => {
    for (const coding of ['gzip', 'br', 'deflate'] as const) {
      // Coding runs in threads, and so takes real time.
      await withRig({ clock: realTime() }, async (rig) => {
        rig.simulator.script({
          fault: [
            { kind: 'coded', coding },
            { kind: 'comments', count: 3 },
            { kind: 'errorEvent', afterEvents: 0, error: 'contextLength' },
          ],
        });
        const streamed = await rig.get({ stream: true });
        assert.equal(streamed.status, 400);
        assert.equal(streamed.header('content-encoding'), undefined);
        assert.match(streamed.text, /maximum context length/);
        rig.simulator.script({
          fault: [
            { kind: 'coded', coding },
            { kind: 'errorIn200', error: 'badRequest' },
          ],
        });
        const whole = await rig.get();
        assert.equal(whole.status, 400);
        assert.match((whole.json() as { error: { message: string } }).error.message, /Input required/);
        rig.simulator.script({ fault: { kind: 'coded', coding } });
        const good = await rig.get({ stream: true });
        assert.equal(good.header('content-encoding'), coding);
        assert.deepEqual(good.body, rig.attempts.at(-1)?.sent.bytes);
      });
    }
  });

  it('in an image’s answer becomes its status, and the image is not asked for twice', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'errorIn200', error: 'providerDown' } });
      const reply = await rig.get({ path: '/api/v1/images', model: PAID });
      assert.equal(reply.status, 502);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('that is no JSON at all for a stream never reaches the client as a 200 that ends', async () => {
    await withRig({}, async (rig) => {
      const headers = { 'Content-Type': 'text/event-stream' };
      rig.simulator.script({
        times: 9,
        fault: { kind: 'respond', status: 200, headers, body: '{"error":{"code":400,"message":"So not."}}' },
      });
      const reply = await rig.get({ stream: true });
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json(), { error: { code: 400, message: 'So not.' } });
    });
  });

  it('of another content type, or of none, is found as well', async () => {
    const body = '\n {"error":{"code":429,"message":"Rate limit exceeded: free-models-per-min. "}}';
    for (const type of ['text/plain', 'text/html; charset=utf-8', null]) {
      for (const stream of [true, false]) {
        await withRig({}, async (rig) => {
          const headers: Record<string, string> = type === null ? {} : { 'Content-Type': type };
          const fault: Fault = { kind: 'respond', status: 200, headers, body };
          rig.simulator.script({ fault });
          const reply = await rig.get({ stream });
          assert.deepEqual(reply.body, rig.attempts[1]?.sent.bytes, `${String(type)} ${String(stream)}`);
          assert.equal(new Set(rig.accountsTried).size, 2);
          rig.simulator.script({
            fault: { ...fault, body: '{"error":{"code":400,"message":"So not."}}' },
          });
          const refused = await rig.get({ stream });
          assert.equal(refused.status, 400);
          assert.match(refused.header('content-type') ?? '', /^application\/json/);
        });
      }
    }
  });

  it('is not looked for in text that begins as events do: that passes as it comes', async () => {
    await withRig({}, async (rig) => {
      const body = 'data: {"choices":[]}\n\ndata: [DONE]\n\n';
      rig.simulator.script({
        fault: [
          { kind: 'respond', status: 200, headers: { 'Content-Type': 'text/plain' }, body },
          { kind: 'chunks', sizes: [2] },
          { kind: 'silent', ms: 30_000 },
        ],
      });
      const seen: string[] = [];
      const asked = rig.ask({ stream: true, onData: (text) => seen.push(text) });
      await rig.pass(1_000);
      assert.equal(seen.join(''), body.slice(0, body.length >> 1));
      const reply = await rig.drive(asked);
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('is not what events under the type of JSON are: they pass as they came', async () => {
    await withRig({}, async (rig) => {
      const body =
        'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
      const headers = { 'Content-Type': 'application/json' };
      rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
      const reply = await rig.get({ stream: true });
      assert.deepEqual([reply.status, reply.text, rig.attempts.length], [200, body, 1]);
    });
  });

  it('stands for what is no answer at all: a page, a proxy’s text, half of a value, no choices, or nothing', async () => {
    const bodies: readonly (readonly [string | null, string])[] = [
      ['text/html', '<p>Hello</p>'],
      ['text/plain', 'upstream connect error'],
      ['text/plain', '{"half": '],
      ['application/xml', '<answer/>'],
      ['text/plain', ''],
      [null, ''],
      ['application/json', ''],
      ['application/json', 'null'],
      ['application/json', '"OK"'],
      ['application/json', '{"id":"gen-1","choices":[]}'],
      ['application/json', '{"id":"gen-1","choices":null,"usage":{}}'],
      ['text/event-stream', ''],
      ['text/event-stream', 'data: [DONE]\n\n'],
      ['text/event-stream', ': OPENROUTER PROCESSING\n\ndata: {"choices":[]}\n\ndata: [DONE]\n\n'],
    ];
    for (const [type, body] of bodies) {
      for (const path of forms) {
        await withRig({}, async (rig) => {
          const headers: Record<string, string> = type === null ? {} : { 'Content-Type': type };
          const fault: Fault = { kind: 'respond', status: 200, headers, body };
          rig.simulator.script({ fault });
          const served = await rig.get({ path, stream: true });
          assert.deepEqual(served.body, rig.attempts[1]?.sent.bytes, `${String(type)} ${body}`);
          rig.simulator.script({ fault, times: 99 });
          const reply = await rig.get({ path });
          assert.equal(reply.status, 502, `${String(type)} ${body}`);
          assert.ok('error' in (reply.json() as object));
        });
      }
    }
  });

  it('stands for what is no answer once more where it costs money', async () => {
    const bodies: readonly (readonly [string, string])[] = [
      ['text/html', '<p>Hello</p>'],
      ['application/json', '<p>Hello</p>'],
      ['application/json', ''],
      ['application/json', '{"choices":[]}'],
      ['text/event-stream', ''],
      ['text/event-stream', 'data: [DONE]\n\n'],
    ];
    for (const [type, body] of bodies) {
      await withRig({}, async (rig) => {
        rig.simulator.script({
          times: 9,
          fault: { kind: 'respond', status: 200, headers: { 'Content-Type': type }, body },
        });
        const reply = await rig.get({ model: PAID, stream: true });
        assert.equal(reply.header('x-keywheel-refusal'), 'upstream_unfit', type);
        assert.equal(rig.attempts.length, 2, type);
      });
    }
  });

  it('is found behind a byte order mark, and an answer behind one passes as it came', async () => {
    await withRig({}, async (rig) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = '\ufeff{"id":"g","choices":[{"message":{"content":"Hi"}}]}';
      for (const path of ['/api/v1/chat/completions', '/api/v1/images']) {
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body: answer } });
        const reply = await rig.get({ path, model: PAID });
        assert.deepEqual([reply.status, reply.text], [200, answer]);
        const body = '\ufeff{"error":{"code":400,"message":"So not."}}';
        rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body } });
        assert.equal((await rig.get({ path, model: PAID })).status, 400);
      }
      assert.equal(rig.attempts.length, 4);
    });
  });

  it('an answer that is empty has been answered', async () => {
    await withRig({ simulator: { answer: { empty: true } } }, async (rig) => {
      const reply = await rig.get({ stream: true, model: FREE });
      assert.equal(dataOf(reply.text).at(-1), '[DONE]');
      assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
      assert.equal((await rig.get()).status, 200);
      assert.equal(rig.attempts.length, 2);
    });
  });
});
