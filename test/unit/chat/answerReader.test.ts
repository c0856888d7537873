/** Nothing of an answer is lost, reordered or doubled on its way to VS Code's chat, and none that is not whole is taken for one. */
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
    const reader = new AnswerReader(neverSkipped);
    assert.deepEqual(reader.take(`data: ${JSON.stringify({ choices: [{ delta: half }] })}\n\n`), []);
    assert.throws(() => reader.end(), { kind: 'cut' });
  });

  it('is whole without its end marker once it has said its reason', () => {
    const whole = `data: ${JSON.stringify({ choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }] })}`;
    assert.equal(said(read([whole])), 'Hi');
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
    const reader = new AnswerReader(neverSkipped);
    assert.equal(said(reader.take(': note\n\ndata: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')), 'Hi');
    assert.throws(
      () => reader.take('data: {"error":{"code":429,"message":"Busy."},"choices":[]}\n\n'),
      (error) => error instanceof ChatError && error.message === 'Busy.' && error.status === 429,
    );
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
      const reader = new AnswerReader(neverSkipped);
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
  const reader = new AnswerReader(neverSkipped);
  return [...all.flatMap((piece) => reader.take(piece)), ...reader.end()];
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

/** Takes the first of each, then the second of each. */
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
