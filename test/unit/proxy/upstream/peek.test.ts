import assert from 'node:assert/strict';
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from 'node:zlib';
import { SilenceWatch } from '../../../../src/base/silence';
import {
  peek,
  StartScanner,
  type Held,
  type PeekLimits,
  type PeekMode,
  type StreamEvent,
} from '../../../../src/proxy/upstream/peek';
import { Reply } from '../../../../src/proxy/upstream/reply';
import { ManualClock } from '../../../support/manualClock';
import { assertCheap, processorMs } from '../../../support/processorTime';

const sse = ['content-type', 'text/event-stream'];

function eventOf(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function replyOf(headers: readonly string[], status = 200): Reply {
  const flow = { pause: () => undefined, resume: () => undefined, abort: () => undefined };
  return new Reply(status, 'OK', headers, flow);
}

function limitsAt(clock: ManualClock, more: Partial<PeekLimits> = {}): PeekLimits {
  return {
    clock,
    watch: new SilenceWatch(clock),
    firstTokenAtMs: null,
    idleTimeoutMs: 90_000,
    headByMs: 1e15,
    isUrgent: false,
    onPreamble: () => undefined,
    hold: () => true,
    ...more,
  };
}

async function peeked(reply: Reply, mode: PeekMode, limits: PeekLimits): Promise<Held> {
  return await new Promise((resolve) => peek(reply, mode, limits, resolve));
}

/** The first event of the text in each way to cut it, which must all agree. */
function scanned(text: string): StreamEvent | null {
  const bytes = Buffer.from(text);
  const results = [1, 2, 3, 7, bytes.length].map((size) => {
    const scanner = new StartScanner();
    for (let from = 0; from < bytes.length; from += size) {
      const event = scanner.push(bytes.subarray(from, from + size));
      if (event !== null) return event;
    }
    return scanner.end();
  });
  for (const result of results) assert.deepEqual(result, results[0], text);
  return results[0] ?? null;
}

describe('StartScanner', () => {
  it('finds the first event behind any line ends, comments and a byte order mark', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      for (const start of [
        '',
        '\ufeff',
        `\ufeff: hello${end}${end}`,
        `id: 1${end}${end}retry: 5${end}${end}`,
      ]) {
        const text = `${start}event: some${end}data: {"a":${end}data:1}${end}${end}data: other${end}${end}`;
        assert.deepEqual(scanned(text), { name: 'some', data: '{"a":\n1}' });
      }
    }
  });

  it('takes an event that the end left without its blank line, and not half of one', () => {
    assert.deepEqual(scanned('data: {"a":1}'), { name: null, data: '{"a":1}' });
    assert.deepEqual(scanned('data: [DONE]\n'), { name: null, data: '[DONE]' });
    assert.deepEqual(scanned('event: error\ndata: overloaded'), { name: 'error', data: 'overloaded' });
    assert.equal(scanned('data: {"a":'), null);
    assert.equal(scanned(': only a comment'), null);
  });

  const preambles: readonly unknown[] = [
    { type: 'response.debug', debug: { echo_upstream_body: { model: 'm' } }, sequence_number: 0 },
    { choices: [], debug: { echo_upstream_body: { model: 'm' } } },
    { type: 'response.created', response: { id: 'r', output: [] } },
    { type: 'response.in_progress', response: {} },
    { type: 'response.queued', response: {} },
    {
      type: 'response.output_item.added',
      item: { id: 'i', type: 'message', status: 'in_progress', role: 'assistant', content: [] },
    },
    { type: 'response.output_item.added', item: { id: 'i', type: 'reasoning', summary: [] } },
    { type: 'response.content_part.added', part: { type: 'output_text', text: '', annotations: [] } },
    { type: 'message_start', message: { id: 'm', content: [] } },
    { type: 'ping' },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    },
    { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    {
      choices: [{ delta: { role: 'assistant', content: null, reasoning: null, tool_calls: [] } }],
      usage: null,
    },
    { choices: [{ index: 0, text: '', finish_reason: null }] },
    { type: 'keepalive', sequence_number: 3 },
    { type: 'response.reasoning_summary_part.added', part: { type: 'summary_text', text: '' } },
    { type: 'response.output_text.delta', item_id: 'i', delta: '', logprobs: [] },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '' } },
    { type: 'content_block_stop', index: 0 },
    { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: '' }] },
    { choices: [{ delta: { content: '' } }], usage: { prompt_tokens: 9, completion_tokens: 0 } },
    { choices: [], usage: { prompt_tokens: 1 } },
  ];
  const output: readonly unknown[] = [
    { type: 'response.output_text.delta', delta: 'h' },
    { type: 'response.failed', response: {} },
    {
      type: 'response.output_item.added',
      item: { id: 'i', type: 'function_call', call_id: 'c', name: 'n', arguments: '' },
    },
    { type: 'content_block_start', content_block: { type: 'tool_use', id: 't', name: 'n', input: {} } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'h' } },
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    { choices: [{ delta: { role: 'assistant', content: 'h' } }] },
    { choices: [{ delta: { role: 'assistant', content: '', reasoning: 'h' } }] },
    { choices: [{ delta: { content: '', images: [{}] } }] },
    { choices: [{ delta: {}, finish_reason: 'stop' }] },
    { choices: [{ delta: { role: 'assistant', content: '' } }], error: { code: 502, message: 'Down' } },
    { type: 'content_block_delta', delta: { type: 'signature_delta', signature: 's' } },
    { type: 'response.function_call_arguments.done', arguments: '' },
    { anything: 'else' },
  ];

  it('passes over what says nothing yet, and stops at whatever says something', () => {
    const before = preambles.map(eventOf).join('');
    for (const value of output) {
      assert.deepEqual(scanned(before + eventOf(value)), { name: null, data: JSON.stringify(value) });
    }
    assert.equal(scanned(before), null);
    assert.deepEqual(scanned(`${before}data: no JSON\n\n`), { name: null, data: 'no JSON' });
  });

  it('looks at each byte once, also where 1 MiB comes byte by byte', async () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(1024 * 1024)}`);
    const scan = (): void => {
      const scanner = new StartScanner();
      for (let at = 0; at < bytes.length; at++) scanner.push(bytes.subarray(at, at + 1));
    };
    await assertCheap(scan, 15_000);
  });
});

describe('The beginning of a coded answer', () => {
  async function held(headers: readonly string[], pieces: readonly Buffer[]): Promise<Held> {
    const reply = replyOf(headers);
    const peeking = peeked(reply, 'start', limitsAt(new ManualClock()));
    for (const piece of pieces) {
      reply.data(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    reply.end();
    return await peeking;
  }

  it('is decoded as it comes, whatever its codings are, five of them at most', async () => {
    const text = Buffer.from(`: wait\n\n${eventOf({ a: 1 })}${eventOf({ b: 2 })}`);
    const once = [...sse, 'content-encoding', 'gzip'];
    const bytes = gzipSync(text);
    const pieces = [...bytes].map((byte) => Buffer.from([byte]));
    assert.deepEqual((await held(once, pieces)).event, { name: null, data: '{"a":1}' });
    const chained = [...sse, 'content-encoding', 'gzip, identity', 'Content-Encoding', 'br'];
    assert.deepEqual((await held(chained, [brotliCompressSync(bytes)])).event?.data, '{"a":1}');
    const raw = [...sse, 'content-encoding', 'deflate'];
    assert.deepEqual((await held(raw, [deflateRawSync(text)])).event?.data, '{"a":1}');
    let many = text;
    for (let time = 0; time < 6; time++) many = gzipSync(many);
    const six = [...sse, 'content-encoding', 'gzip,gzip,gzip,gzip,gzip,gzip'];
    const { event, text: read } = await held(six, [many]);
    assert.equal(event, null);
    assert.equal(read, null);
  });

  it('undoes deflate with its wrapper and without, within the bound', async () => {
    const type = ['content-type', 'application/json', 'content-encoding', 'deflate'];
    const textOf = async (coded: Buffer): Promise<string | undefined> => {
      const reply = replyOf(type, 400);
      const peeking = peeked(reply, 'whole', limitsAt(new ManualClock()));
      reply.data(coded);
      reply.end();
      return (await peeking).text?.toString();
    };
    for (const code of [deflateSync, deflateRawSync]) {
      for (const times of [100, 10_000]) {
        const text = '{"error":{"code":400,"message":"No"}}'.repeat(times);
        assert.equal(await textOf(code(text)), text);
        assert.ok((await textOf(code(text).subarray(0, -4)))?.startsWith('{"error"'));
      }
      assert.equal(await textOf(code('a'.repeat(1024 * 1024 + 1))), undefined);
    }
    assert.equal(await textOf(Buffer.from('<html>')), undefined);
  });

  it('that decodes to 256 MiB costs neither time nor memory', async () => {
    const zeros = Buffer.alloc(256 * 1024 * 1024);
    const bomb = brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
    assert.ok(bomb.length < 10_000);
    const start = async (): Promise<Held> => await held([...sse, 'content-encoding', 'br'], [bomb]);
    const before = process.memoryUsage().rss;
    assert.equal((await start()).text, null);
    assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
    const wholeMs = await processorMs(() => brotliDecompressSync(bomb));
    await assertCheap(start, wholeMs / 2);
  });

  it('that is dear to decode is decoded beside other work', async () => {
    const reply = replyOf(['content-type', 'application/json', 'content-encoding', 'gzip']);
    const text = JSON.stringify({ choices: 'x'.repeat(100_000) });
    let isTold = false;
    const telling = new Promise<Held>((resolve) => {
      peek(reply, 'whole', limitsAt(new ManualClock()), (held) => {
        isTold = true;
        resolve(held);
      });
    });
    reply.data(gzipSync(text));
    reply.end();
    assert.equal(isTold, false);
    assert.equal((await telling).text?.toString(), text);
  });

  it('that is a stream of comments without end is given up at 1 MiB of them', async () => {
    const comments = gzipSync(Buffer.from(': OPENROUTER PROCESSING\n\n'.repeat(2_000_000)));
    const pieces: Buffer[] = [];
    for (let from = 0; from < comments.length; from += 4_096)
      pieces.push(comments.subarray(from, from + 4_096));
    const { event, isWhole, sawComments } = await held([...sse, 'content-encoding', 'gzip'], pieces);
    assert.deepEqual([event, isWhole, sawComments], [null, false, true]);
  });

  it('that is not of its coding is held until its end, and no fault', async () => {
    const { event, fault, isWhole } = await held(
      [...sse, 'content-encoding', 'gzip'],
      [Buffer.from('data: 1\n\n')],
    );
    assert.deepEqual([event, fault, isWhole], [null, null, true]);
  });
});

describe('An answer that is waited for', () => {
  it('is passed on as far as it came where there is no room for more', async () => {
    const reply = replyOf(['content-type', 'application/json']);
    let room = 10;
    const telling = peeked(
      reply,
      'whole',
      limitsAt(new ManualClock(), { hold: (bytes) => (room -= bytes) >= 0 }),
    );
    reply.data(Buffer.from('{"choices"'));
    reply.data(Buffer.from(':'));
    reply.data(Buffer.from('[]}'));
    const { chunks, isWhole, fault } = await telling;
    assert.deepEqual([Buffer.concat(chunks).toString(), isWhole, fault], ['{"choices":', false, null]);
  });

  it('is held as one piece, however small those were in which it came', async () => {
    for (const [status, headers] of [
      [200, ['content-type', 'application/json']],
      [400, ['content-type', 'text/plain']],
      [200, sse],
    ] as const) {
      const reply = replyOf(headers, status);
      const telling = peeked(reply, headers === sse ? 'start' : 'whole', limitsAt(new ManualClock()));
      const text = `: ${'a'.repeat(3_000)}\ndata: {"a":1}\n\n`;
      for (const byte of Buffer.from(text)) reply.data(Buffer.from([byte]));
      reply.end();
      const { chunks } = await telling;
      assert.deepEqual(chunks.map(String), [text]);
    }
  });

  it('is passed on as far as it came when its head is due, and not before', async () => {
    const clock = new ManualClock();
    const reply = replyOf(['content-type', 'application/json']);
    let held: Held | null = null;
    void peeked(reply, 'whole', limitsAt(clock, { headByMs: clock.elapsedMs() + 240_000 })).then(
      (result) => (held = result),
    );
    reply.data(Buffer.from('\n   \n'));
    await clock.run(239_999);
    assert.equal(held, null);
    await clock.run(1);
    assert.deepEqual((held as Held | null)?.chunks, [Buffer.from('\n   \n')]);
    assert.equal((held as Held | null)?.isWhole, false);
    assert.equal(clock.pending, 0);
  });

  it('whose first output is due is not called silent before its sockets were read', async () => {
    const clock = new ManualClock();
    const reply = replyOf(sse);
    const peeking = peeked(reply, 'start', limitsAt(clock, { firstTokenAtMs: clock.elapsedMs() + 10_000 }));
    clock.sleep(3_600_000);
    await clock.run(10_000);
    reply.data(Buffer.from(eventOf({ a: 1 })));
    const { fault, event } = await peeking;
    assert.deepEqual([fault, event?.data], [null, '{"a":1}']);
  });
});
