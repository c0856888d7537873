// A streaming client that waits gets comments after 45 s; a later failure is an error in its stream.
import assert from 'node:assert/strict';
import type { Fault } from '../simulator/fault';
import { dataOf, type Reply } from './client';
import { accountsOf, PAID, withRig, type Rig } from './support';

const forms = ['/api/v1/chat/completions', '/api/v1/responses', '/api/v1/messages'];
const comment = ': keywheel is waiting for a free slot\n\n';

/** The text after the comments. After an error of ours the stream does not end as a whole one. */
function afterComments(reply: Reply, isWhole = false): string {
  assert.equal(reply.status, 200);
  assert.equal(reply.header('content-type'), 'text/event-stream');
  assert.equal(reply.isWhole, isWhole);
  assert.ok(reply.text.startsWith(comment));
  let { text } = reply;
  while (text.startsWith(comment)) text = text.slice(comment.length);
  return text;
}

function lastData(text: string): Record<string, unknown> {
  return JSON.parse(dataOf(text).at(-1) ?? 'null') as Record<string, unknown>;
}

/** A provider that is busy for so long that the client is kept alive, and then `fault`. */
async function keptAlive(
  fault: Fault | null,
  check: (reply: Reply, rig: Rig, path: string) => void,
  model = PAID,
): Promise<void> {
  for (const path of forms) {
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'providerOverloaded', retryAfterSeconds: 60 } });
      if (fault !== null) rig.simulator.script({ fault, times: 99 });
      const reply = await rig.get({ path, stream: true, model });
      assert.equal(rig.gapsMs[0], 60_000);
      check(reply, rig, path);
      assert.equal(rig.service.snapshot().wheel.inFlight, 0);
    });
  }
}

describe('a streaming client that waits', () => {
  it('gets its first comment after 45 s, one every 10 s, then the answer as it came', async () => {
    await keptAlive(null, (reply, rig) => {
      assert.equal(reply.text.split(comment).length - 1, 2);
      for (const name of ['attempts', 'key', 'waited-ms'])
        assert.equal(reply.header(`x-keywheel-${name}`), undefined);
      assert.equal(afterComments(reply, true), rig.attempts[1]?.sent.text);
      assert.equal(rig.service.activity()[0]?.end, 'answered');
    });
  });

  it('gets no comment before, nor one who does not stream at all', async () => {
    await withRig({}, async (rig) => {
      for (const { stream, seconds } of [
        { stream: true, seconds: 44 },
        { stream: false, seconds: 60 },
      ]) {
        rig.simulator.script({
          fault: { kind: 'error', error: 'providerOverloaded', retryAfterSeconds: seconds },
        });
        const reply = await rig.get({ stream, model: PAID });
        assert.deepEqual(reply.body, rig.attempts.at(-1)?.sent.bytes);
        assert.equal(reply.header('x-keywheel-attempts'), '2');
        assert.equal(reply.header('x-keywheel-waited-ms'), String(seconds * 1000));
      }
    });
  });

  it('gets upstream’s own error in its stream, with message, status and metadata', async () => {
    await keptAlive({ kind: 'error', error: 'moderation' }, (reply, rig, path) => {
      assert.equal(rig.attempts.length, 2);
      const data = lastData(afterComments(reply));
      const text = JSON.stringify(data);
      assert.match(text, /Your input was flagged for \\"violence\\"/);
      assert.doesNotMatch(reply.text, /\[DONE\]/);
      if (path.endsWith('completions')) {
        const { code, metadata } = data.error as { code: number; metadata: Record<string, unknown> };
        assert.equal(code, 403);
        assert.deepEqual(metadata.reasons, ['violence']);
        assert.notEqual(metadata.limit_source, 'keywheel');
      }
    });
  });

  it('learns of a response in its stream whether the same request would be worth another try', async () => {
    for (const [error, code] of [
      ['moderation', 'invalid_prompt'],
      ['noCredits', 'invalid_prompt'],
      ['providerDown', 'server_error'],
    ] as const)
      await keptAlive({ kind: 'error', error }, (reply, _, path) => {
        if (!path.endsWith('/responses')) return;
        const { response } = lastData(afterComments(reply)) as { response: { error: { code: string } } };
        assert.equal(response.error.code, code, error);
      });
  });

  it('gets our own refusal in its stream, with the same information', async () => {
    await keptAlive({ kind: 'noAnswer' }, (reply) => {
      assert.match(JSON.stringify(lastData(afterComments(reply))), /upstream_silent/);
      assert.match(reply.text, /did not answer in time\. \(504\)/);
    });
  });

  it('gets an error and no foreign bytes where upstream then answers with no event stream', async () => {
    const unfit: readonly Fault[] = [
      { kind: 'respond', status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"id":"x"}' },
      { kind: 'respond', status: 302, headers: { Location: '/elsewhere' } },
      { kind: 'respond', status: 204 },
    ];
    for (const fault of unfit) {
      await keptAlive(fault, (reply) => {
        assert.match(JSON.stringify(lastData(afterComments(reply))), /upstream_unfit/);
        assert.equal(dataOf(reply.text).length, 1);
      });
    }
  });

  it('gets no byte order mark in the middle of its stream', async () => {
    const body = `data: ${JSON.stringify({ choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }] })}\n\n`;
    const headers = { 'Content-Type': 'text/event-stream' };
    await withRig({}, async (rig) => {
      rig.simulator.script({ fault: { kind: 'error', error: 'providerOverloaded', retryAfterSeconds: 60 } });
      rig.simulator.script({ fault: { kind: 'respond', status: 200, headers, body: `\ufeff${body}` } });
      assert.equal(afterComments(await rig.get({ stream: true, model: PAID }), true), body);
    });
  });

  it('for what is made once gets upstream’s own answer as it came, and no comment', async () => {
    const body = 'event: image.completed\ndata: {"b64_json":"AAAA"}\n\n';
    for (const type of ['text/event-stream', 'application/json']) {
      await withRig({}, async (rig) => {
        const headers = { 'Content-Type': type };
        rig.simulator.script({
          fault: [
            { kind: 'respond', status: 200, headers, body: type.endsWith('json') ? '{"data":[]}' : body },
            { kind: 'headDelay', ms: 120_000 },
          ],
        });
        const reply = await rig.get({ path: '/api/v1/images', stream: true, model: PAID });
        assert.equal(reply.status, 200);
        assert.equal(reply.header('content-type'), type);
        assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes);
        assert.equal(rig.attempts.length, 1);
        assert.equal(rig.service.activity()[0]?.end, 'answered');
      });
    }
  });

  it('is told in its stream that nobody can serve any more', async () => {
    await withRig({ accounts: accountsOf({ name: 'a', minuteLimit: 1 }) }, async (rig) => {
      rig.simulator.script({
        fault: { kind: 'error', error: 'minuteLimit', resetAtMs: rig.clock.wallMs() + 50_000 },
      });
      const waiting = rig.ask({ stream: true });
      await rig.pass(47_000);
      // Another program uses up the day meanwhile.
      rig.simulator.spendElsewhere('a', 50);
      const reply = await rig.drive(waiting);
      const error = lastData(afterComments(reply)).error as {
        code: number;
        message: string;
        metadata: unknown;
      };
      assert.equal(error.code, 429);
      assert.match(error.message, /a-1: today’s free requests are used up until 00:00 \(UTC\)/);
      assert.match(JSON.stringify(error.metadata), /"X-RateLimit-Reset":"\d{13}".*"reason":"dailyLimit"/);
      assert.equal(rig.service.activity()[0]?.end, 'refused');
    });
  });
});
