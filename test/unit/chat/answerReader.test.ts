/** No part of an answer is lost, reordered or doubled on its way to VS Code's chat, and a cut answer is an error. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJson } from '../../../src/base/json';
import { AnswerReader, type AnswerPart } from '../../../src/chat/answerReader';
import { ChatError } from '../../../src/chat/chatRequest';

const neverSkipped = (kind: string): void => assert.fail(`${kind} was skipped`);

describe('an answer’s stream', () => {
  const calls = fc.array(
    fc.record({
      id: fc.uuid(),
      name: fc.constantFrom('read', 'write'),
      input: fc.dictionary(fc.string(), fc.jsonValue()),
    }),
    { maxLength: 4 },
  );

  it('gives all texts and calls once and in order, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', minLength: 1 })),
        calls,
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        fc.constantFrom('\n', '\r\n', '\r'),
        (texts, wanted, sizes, lineEnd) => {
          const deltas = [
            ...texts.map((content) => ({ content })),
            ...interleaved(
              wanted.map(({ id, name, input }, index) => [
                { tool_calls: [{ index, id, function: { name, arguments: '' } }] },
                ...pieces(JSON.stringify(input), sizes).map((args) => ({
                  tool_calls: [{ index, function: { arguments: args } }],
                })),
              ]),
            ),
          ];
          const parts = read(pieces(streamOf(deltas, lineEnd), sizes));
          assert.equal(said(parts), texts.join(''));
          assert.deepEqual(
            parts.flatMap((part) => (part.kind === 'call' ? [[part.callId, part.name, part.input]] : [])),
            // JSON knows no -0.
            wanted.map(({ id, name, input }) => [id, name, parseJson(JSON.stringify(input))]),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('that ends before its end gives no call, and says so', () => {
    const half = {
      tool_calls: [{ index: 0, id: 'a', function: { name: 'read', arguments: '{"path":"/"}' } }],
    };
    const { reader, parts } = opened();
    reader.take(`data: ${JSON.stringify({ choices: [{ delta: half }] })}\n\n`);
    assert.throws(() => reader.end(), { kind: 'cut' });
    assert.deepEqual(parts, []);
  });

  it('is whole without its end marker once it has said its reason', () => {
    const whole = `data: ${JSON.stringify({ choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }] })}`;
    assert.equal(said(read([whole])), 'Hi');
  });

  it('that ends at the model’s limit is no whole answer, and none of its calls is', () => {
    const call = { index: 0, id: 'a', function: { name: 'write', arguments: '{"text":"half' } };
    for (const delta of [{ content: 'Half an ans' }, { tool_calls: [call] }]) {
      const { reader } = opened();
      reader.take(`data: ${JSON.stringify({ choices: [{ delta, finish_reason: 'length' }] })}\n\n`);
      assert.throws(() => reader.take('data: [DONE]\n\n'), { kind: 'full' });
    }
  });

  it('that ends at the limit that was asked for is whole', () => {
    const { reader, parts } = opened(true);
    const end = { choices: [{ delta: { content: 'A title of' }, finish_reason: 'length' }] };
    reader.take(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    reader.end();
    assert.equal(said(parts), 'A title of');
  });

  it('that a filter ends is no whole answer', () => {
    const end = { choices: [{ delta: { content: 'Half' }, finish_reason: 'content_filter' }] };
    assert.throws(() => read([`data: ${JSON.stringify(end)}\n\n`]), { kind: 'filtered' });
  });

  it('with an event that is no JSON is cut, as what was in it is lost', () => {
    const { reader } = opened();
    assert.throws(() => reader.take('data: {"choices":[{"delta":{"content":"He\n\n'), { kind: 'cut' });
  });

  it('begins with its first event, with or without a byte order mark before it', () => {
    const event = JSON.stringify({ choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }] });
    assert.equal(said(read([`\ufeffdata: ${event}\n\n`])), 'Hi');
  });

  it('is the first of several that were asked for at once', () => {
    const chunks = [0, 1, 0, 1].map((index) => ({ choices: [{ index, delta: { content: String(index) } }] }));
    const events = [...chunks, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }];
    assert.equal(said(read(events.map((event) => `data: ${JSON.stringify(event)}\n\n`))), '00');
  });

  it('gives each call an id of its own, whatever ids its server gives', () => {
    const called = (pieces: readonly object[]): unknown =>
      read([
        streamOf(
          pieces.map((piece) => ({ tool_calls: [piece] })),
          '\n',
        ),
      ]).map((part) => (part.kind === 'call' ? [part.callId, part.name, part.input] : part));
    const read1 = { name: 'read', arguments: '{"n":1}' };
    const read2 = { name: 'read', arguments: '{"n":2}' };
    const same = called([
      { index: 0, id: 'a', function: read1 },
      { index: 1, id: 'a', function: read2 },
    ]);
    const none = called([{ function: read1 }, { function: read2 }, { index: 0, id: '', function: read1 }]);
    for (const [calls, count] of [
      [same, 2],
      [none, 3],
    ] as const) {
      assert.ok(Array.isArray(calls) && calls.length === count);
      assert.equal(new Set(calls.map(([id]: [unknown]) => id)).size, count);
      assert.deepEqual(
        calls.slice(0, 2).map(([, , input]: [unknown, unknown, unknown]) => input),
        [{ n: 1 }, { n: 2 }],
      );
    }
  });

  it('calls nothing for a piece without anything in it, and no tool without a name', () => {
    assert.equal(
      said(read([streamOf([{ content: 'Hi', tool_calls: [{ index: 0, function: {} }] }], '\n')])),
      'Hi',
    );
    const nameless = { index: 0, id: 'a', function: { arguments: '{"path":"/"}' } };
    assert.throws(() => read([streamOf([{ tool_calls: [nameless] }], '\n')]), { kind: 'refused' });
  });

  it('runs no tool with arguments that are no JSON', () => {
    const broken = {
      tool_calls: [{ index: 0, id: 'a', function: { name: 'remove', arguments: '{"path":"/ho' } }],
    };
    assert.throws(() => read([streamOf([broken], '\n')]), { kind: 'badArguments', message: 'remove' });
  });

  it('runs a tool with arguments that a server sends as an object, not with none', () => {
    const call = { index: 0, id: 'a', function: { name: 'open', arguments: { path: 'x' } } };
    const [part] = read([streamOf([{ tool_calls: [call] }], '\n')]);
    assert.deepEqual(part, { kind: 'call', callId: 'a', name: 'open', input: { path: 'x' } });
  });

  it('gives upstream’s words where an error comes in it, behind what was said', () => {
    const { reader, parts } = opened();
    const text = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n';
    assert.throws(
      () => reader.take(`: note\n\n${text}data: {"error":{"code":429,"message":"Busy."},"choices":[]}\n\n`),
      (error) => error instanceof ChatError && error.message === 'Busy.' && error.status === 429,
    );
    assert.equal(said(parts), 'Hi');
  });

  it('says what it has where an error beside it is null or of a strange kind', () => {
    for (const none of ['null', 'false', '""'])
      assert.equal(
        said(
          read([
            `data: {"error":${none},"choices":[{"delta":{"content":"Hi"},"error":${none},"finish_reason":"stop"}]}`,
          ]),
        ),
        'Hi',
      );
  });

  it('gives the provider’s words with OpenRouter’s, which say only that there are some', () => {
    const raw = '{"error":{"message":"Function call is missing a thought_signature."}}';
    const error = { message: 'Provider returned error', code: 400, metadata: { raw } };
    assert.throws(() => read([`data: ${JSON.stringify({ error })}`]), {
      message: 'Provider returned error: Function call is missing a thought_signature.',
      status: 400,
    });
  });

  it('ends with an error that is a text alone', () => {
    assert.throws(() => read(['data: {"error":"Busy."}']), { kind: 'refused', message: 'Busy.' });
  });

  it('ends with an error of one choice, with words or without', () => {
    for (const [error, message] of [
      ['{"message":"Busy.","code":"busy"}', 'Busy.'],
      ['{"code":502}', 'The model ended its answer with an error.'],
    ])
      assert.throws(() => read([`data: {"error":null,"choices":[{"error":${error}}]}`]), {
        kind: 'refused',
        message,
      });
  });

  it('says that the model refuses, in the model’s words', () => {
    const parts = read([streamOf([{ content: null, refusal: 'I can’t' }, { refusal: ' do that.' }], '\n')]);
    assert.equal(said(parts), 'I can’t do that.');
  });

  it('tells calls apart that have one index', () => {
    const each = (id: string): object => ({
      tool_calls: [{ index: 0, id, function: { name: 'read', arguments: '{}' } }],
    });
    const parts = read([streamOf([each('a'), each('b')], '\n')]);
    assert.deepEqual(
      parts.map((part) => part.kind === 'call' && part.callId),
      ['a', 'b'],
    );
  });

  it('is cut where it says no end of what has to be held', () => {
    const much = 'x'.repeat(1024 * 1024);
    const args = { tool_calls: [{ index: 0, id: 'a', function: { name: 'read', arguments: much } }] };
    for (const piece of [
      much,
      `data: ${much}\n`,
      `data: ${JSON.stringify({ choices: [{ delta: args }] })}\n\n`,
    ]) {
      const { reader } = opened();
      assert.throws(
        () => {
          for (let count = 0; count < 40; count++) reader.take(piece);
        },
        { kind: 'cut', message: 'Too much of the answer has no end.' },
      );
    }
  });

  it('gives images, and no reasoning', () => {
    const url = `data:image/png;base64,${Buffer.from('picture').toString('base64')}`;
    const parts = read([streamOf([{ reasoning: 'hm' }, { images: [{ image_url: { url } }] }], '\n')]);
    assert.deepEqual(parts, [{ kind: 'image', mimeType: 'image/png', data: Buffer.from('picture') }]);
  });
});

function read(all: readonly string[]): readonly AnswerPart[] {
  const { reader, parts } = opened();
  for (const piece of all) reader.take(piece);
  reader.end();
  return parts;
}

function opened(isLimited = false): { reader: AnswerReader; parts: readonly AnswerPart[] } {
  const parts: AnswerPart[] = [];
  const onPart = (part: AnswerPart): unknown => parts.push(part);
  return { reader: new AnswerReader({ onPart, onSkipped: neverSkipped, isLimited }), parts };
}

function said(parts: readonly AnswerPart[]): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}

function streamOf(deltas: readonly object[], lineEnd: string): string {
  const chunks = [
    ...deltas.map((delta) => ({ choices: [{ delta, finish_reason: null }] })),
    { choices: [{ delta: { content: '' }, finish_reason: 'stop' }] },
  ];
  const events = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'];
  return events.map((data) => `data: ${data}${lineEnd}${lineEnd}`).join('');
}

/** Interleaves the lists: the first item of each, then the second of each. */
function interleaved<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) =>
    lists.flatMap((list) => list.slice(index, index + 1)),
  ).flat();
}

function pieces(whole: string, sizes: Iterator<number>): readonly string[] {
  const cut: string[] = [];
  for (let at = 0; at < whole.length;) {
    const size = Number(sizes.next().value);
    cut.push(whole.slice(at, at + size));
    at += size;
  }
  return cut;
}
