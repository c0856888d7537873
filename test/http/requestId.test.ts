// One id names a request in its answer, in its refusal and in the log; a trace that the client began goes on upstream.
import assert from 'node:assert/strict';
import { PAID, withRig, type Rig } from './support';

function linesWith(rig: Rig, id: string | undefined): readonly string[] {
  assert.match(id ?? '', /^[0-9a-f]{12}$/);
  return rig.lines.filter((line) => line.includes(id ?? ''));
}

describe('the id of a request', () => {
  it('is in the head of an answer and in the log, each time another', async () => {
    await withRig({}, async (rig) => {
      const replies = [await rig.get({ model: PAID }), await rig.get({ model: PAID, stream: true })];
      const ids = replies.map((reply) => reply.header('x-keywheel-request-id'));
      assert.notEqual(ids[0], ids[1]);
      for (const id of ids) {
        const [line, ...others] = linesWith(rig, id);
        assert.match(
          line ?? '',
          /POST \/chat\/completions x\/y: answered, status 200, .* attempts: \w+ answer$/,
        );
        assert.deepEqual(others, []);
      }
    });
  });

  it('is in the body of a refusal and in the log', async () => {
    await withRig({ settings: { freeOnly: true } }, async (rig) => {
      for (const [reply, line] of [
        [await rig.get({ model: PAID }), /POST \/chat\/completions x\/y: refused,.* attempts: none: /],
        [await rig.get({ model: PAID, proxyKey: 'wrong' }), / is refused: proxy_key_wrong: /],
      ] as const) {
        const id = reply.header('x-keywheel-request-id');
        assert.ok(reply.text.includes(`"request_id":"${id}"`));
        assert.equal(linesWith(rig, id).length, 1);
        assert.match(linesWith(rig, id)[0] ?? '', line);
      }
    });
  });

  it('is in a line of few words, however long the path of the request: anybody may ask for lists', async () => {
    await withRig({}, async (rig) => {
      const path = `/api/v1/models/${'x'.repeat(12_000)}`;
      const reply = await rig.get({ method: 'GET', path, proxyKey: null });
      const [line = ''] = linesWith(rig, reply.header('x-keywheel-request-id'));
      assert.ok(line.length < 1_000, line);
      assert.match(line, /x: (?:answered|refused), status/);
    });
  });

  it('is in the last event of a stream that we end ourselves', async () => {
    await withRig({ simulator: { answer: { events: 9, eventDelayMs: 1_000 } } }, async (rig) => {
      const asked = rig.ask({ model: PAID, stream: true });
      await rig.pass(2_500);
      const [reply] = await rig.drive(Promise.all([asked, rig.service.stop(0)]));
      assert.ok(reply.text.includes(`"request_id":"${reply.header('x-keywheel-request-id')}"`));
    });
  });
});

describe('a trace', () => {
  it('that the client began goes on upstream', async () => {
    await withRig({}, async (rig) => {
      const headers = [
        ...['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
        ...['tracestate', 'vendor=1'],
      ];
      await rig.get({ model: PAID, headers });
      const sent = rig.attempts[0]?.headers.flat() ?? [];
      for (const value of headers) assert.ok(sent.includes(value), value);
    });
  });
});
