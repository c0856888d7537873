// Answers that are dear to read: judged by their ends, so that no other request waits for them.
import assert from 'node:assert/strict';
import { SilenceWatch } from '../../src/base/silence';
import { Secret } from '../../src/base/secret';
import { readHead } from '../../src/proxy/request/admission';
import { planOf } from '../../src/proxy/request/plan';
import { judge, type Judged } from '../../src/proxy/upstream/judge';
import { Reply } from '../../src/proxy/upstream/reply';
import { ManualClock } from '../support/manualClock';
import { processorMs } from '../support/processorTime';
import { PAID } from './support';

const mib = 1024 * 1024;
const pieceBytes = 64 * 1024;

async function judged(status: number, type: string, text: string): Promise<Judged> {
  const body = Buffer.from(JSON.stringify({ model: PAID, messages: [] }));
  const release = (): void => undefined;
  const kept = { bytes: body, isDecoded: false, length: body.length, passing: null, release };
  const head = readHead('POST', '/api/v1/chat/completions', []);
  const plan = await planOf({ ...head, body: kept }, new Secret('kw'));
  const clock = new ManualClock();
  const flow = { pause: () => undefined, resume: () => undefined, abort: () => undefined };
  const reply = new Reply(status, '', ['Content-Type', type], flow);
  const limits = {
    ...{
      clock,
      watch: new SilenceWatch(clock),
      firstTokenAtMs: null,
      headByMs: 1e15,
      key: null,
      isUrgent: false,
    },
    ...{ idleTimeoutMs: 1e6, onPreamble: () => undefined, hold: () => true },
  };
  const bytes = Buffer.from(text);
  const judging = new Promise<Judged>((onJudged, onError) =>
    judge({ reply }, plan, limits, { onJudged, onError }),
  );
  for (let at = 0; at < bytes.length; at += pieceBytes) reply.data(bytes.subarray(at, at + pieceBytes));
  reply.end();
  return await judging;
}

const list = (item: string, bytes: number): string =>
  `[${`${item},`.repeat(Math.floor(bytes / (item.length + 1)))}${item}]`;

describe('an answer that is dear to read', () => {
  const answers: Readonly<Record<string, string>> = {
    'millions of objects': `{"choices":${list('{}', 7.9 * mib)}}`,
    'a deep nesting': '['.repeat(3.9 * mib) + ']'.repeat(3.9 * mib),
    'millions of numbers': `{"data":[{"embedding":${list('0.123', 7.9 * mib)}}]}\n`,
  };
  for (const [what, text] of Object.entries(answers)) {
    it(`is an answer: ${what}`, async () => {
      const { outcome } = await judged(200, 'application/json', text);
      assert.equal(outcome, null);
    });

    it(`is no answer when its end is missing: ${what}`, async () => {
      const { outcome } = await judged(200, 'application/json', text.trimEnd().slice(0, -2));
      assert.equal(outcome?.kind, 'fault');
    });
  }

  it('is judged without building its values: that would cost several times as much', async () => {
    const text = answers['a deep nesting'] ?? '';
    const builtMs = await processorMs(() => JSON.parse(text) as unknown, Number.POSITIVE_INFINITY);
    const judgedMs = await processorMs(() => judged(200, 'application/json', text), builtMs / 3);
    console.log(`      judged in ${judgedMs.toFixed(0)} ms, built in ${builtMs.toFixed(0)} ms`);
    assert.ok(judgedMs < builtMs / 2, `${judgedMs} ms`);
  });

  it('is an error by its status alone where it is an error', async () => {
    const text = `{"error":{"code":500,"x":${list('{}', 0.9 * mib)}}}`;
    const { error, outcome } = await judged(500, 'application/json', text);
    assert.equal(outcome?.kind, 'internal');
    assert.equal(error?.body.toString(), text);
  });

  it('begins with its first event, however large', async () => {
    const text = `data: {"choices":${list('{}', 0.9 * mib)},"error":1}\n\n`;
    const { outcome } = await judged(200, 'text/event-stream', text);
    assert.equal(outcome, null);
  });

  it('begins after so many events without words', async () => {
    const silent = 'data: {"choices":[]}\n\n';
    const error = 'data: {"error":{"code":500,"message":"No"}}\n\n';
    const few = await judged(200, 'text/event-stream', silent.repeat(200) + error);
    assert.notEqual(few.outcome, null);
    const many = await judged(200, 'text/event-stream', silent.repeat(40_000) + error);
    assert.equal(many.outcome, null);
  });
});
