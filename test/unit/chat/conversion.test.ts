/** Nothing of a conversation is lost, reordered or doubled on its way to OpenAI's form, nor of an answer on its way back. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJson } from '../../../src/base/json';
import { ChatError } from '../../../src/chat/chatRequest';
import { AnswerReader, estimatedTokens, requestBody, type AnswerPart } from '../../../src/chat/conversion';

type Body = {
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | null | readonly { text?: string; image_url?: { url: string } }[];
    readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
    readonly tool_call_id?: string;
  }[];
} & Readonly<Record<string, unknown>>;

const question = { model: 'a/b:free', tools: [], mustCall: false, modelOptions: {} };
const neverSkipped = (kind: string): void => assert.fail(`${kind} was skipped`);

function bodyOf(messages: readonly { role: number; content: readonly unknown[] }[]): Body {
  const named = messages.map((message) => ({ ...message, name: undefined }));
  return requestBody({ ...question, messages: named }, neverSkipped) as Body;
}

const text = fc.record({ value: fc.string({ unit: 'binary', minLength: 1 }) });
const image = fc.record({ mimeType: fc.constant('image/png'), data: fc.uint8Array({ minLength: 1 }) });
const call = fc.record({
  callId: fc.uuid(),
  name: fc.constantFrom('read', 'write'),
  input: fc.dictionary(fc.string(), fc.jsonValue()),
});
const result = fc.record({ callId: fc.uuid(), content: fc.array(fc.oneof(text, image)) });
const message = fc.oneof(
  fc.record({ role: fc.constant(1), content: fc.array(fc.oneof(text, image, result)) }),
  fc.record({ role: fc.constant(2), content: fc.array(fc.oneof(text, call)) }),
);

describe('a conversation in OpenAI’s form', () => {
  it('has every text, image, call and result of it once and in order', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
        const body = bodyOf(messages);
        for (const role of [1, 2]) {
          const parts = messages
            .filter((each) => each.role === role)
            .flatMap(({ content }) => content as object[]);
          const came = body.messages.filter((each) => (each.role === 'assistant') === (role === 2));
          const said = came.filter(({ role: name }) => name !== 'tool');
          // Results stand in messages of their own, before what else the message says.
          const texts = parts.flatMap((part) => ('value' in part ? [part.value] : [])).join('');
          assert.equal(said.map(({ content }) => textOf(content)).join(''), texts);
          const calls = parts.flatMap((part) => ('input' in part ? [part] : []));
          const cameCalls = came.flatMap(({ tool_calls = [] }) => tool_calls);
          assert.deepEqual(
            cameCalls.map(({ id, function: { name, arguments: args } }) => [id, name, args]),
            calls.map((part) => [
              'callId' in part && part.callId,
              'name' in part && part.name,
              JSON.stringify(part.input),
            ]),
          );
          const results = parts.flatMap((part) => ('content' in part ? [part] : []));
          assert.deepEqual(
            came
              .filter(({ role: name }) => name === 'tool')
              .map(({ tool_call_id, content }) => [tool_call_id, content]),
            results.map((part) => ['callId' in part && part.callId, textsIn(part).join('\n')]),
          );
        }
        assert.deepEqual(
          body.messages
            .flatMap(({ content }) => (typeof content === 'string' ? [] : (content ?? [])))
            .flatMap(imageOf)
            .sort(),
          messages
            .flatMap(({ content }) => content as object[])
            .flatMap(imagesIn)
            .sort(),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('has each tool’s result right behind the calls, whatever stands before it in the message', () => {
    const { messages } = bodyOf([
      { role: 2, content: [{ callId: 'a', name: 'read', input: {} }] },
      { role: 1, content: [{ value: 'And then?' }, { callId: 'a', content: [{ value: 'done' }] }] },
    ]);
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['assistant', 'tool', 'user'],
    );
  });

  it('passes options on, but for those that are ours, and notes of VS Code’s own', () => {
    const tools = [{ name: 'read', description: 'Reads' }];
    const modelOptions = { temperature: 0, model: 'x', stream: false, _trace: 1 };
    const { messages, ...rest } = requestBody(
      { ...question, messages: [], tools, mustCall: true, modelOptions },
      neverSkipped,
    );
    assert.deepEqual(messages, []);
    assert.deepEqual(rest, {
      temperature: 0,
      model: 'a/b:free',
      stream: true,
      tools: [
        {
          type: 'function',
          function: { name: 'read', description: 'Reads', parameters: { type: 'object', properties: {} } },
        },
      ],
      tool_choice: 'required',
    });
  });

  it('leaves out kinds that it does not know, and says which', () => {
    const skipped: string[] = [];
    const content = [
      { value: 'hm', id: undefined },
      { mimeType: 'cache_control', data: Buffer.from('x') },
      7,
      { value: 'Hello' },
    ];
    const body = requestBody({ ...question, messages: [{ role: 3, content, name: undefined }] }, (kind) =>
      skipped.push(kind),
    );
    assert.deepEqual(body.messages, [{ role: 'system', content: 'Hello' }]);
    assert.deepEqual(skipped, ['thinking', 'cache_control', 'number']);
  });
});

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

describe('the estimate of tokens', () => {
  // Counts of OpenAI's o200k_base.
  for (const [text, tokens] of [
    ['The quick brown fox jumps over the lazy dog.', 10],
    ['{"name":"read_file","arguments":{"path":"/home/me/a.ts"}}', 16],
    ['敏捷的棕色狐狸跳过了懒狗。', 14],
  ] as const)
    it(`is no lower than what a model counts: ${text.slice(0, 12)}`, () => {
      assert.ok(estimatedTokens(text) >= tokens, String(estimatedTokens(text)));
    });

  it('counts what is in results and calls, and images', () => {
    const content = [
      {
        callId: 'a',
        content: [{ value: 'x'.repeat(300) }, { mimeType: 'image/png', data: new Uint8Array(3) }],
      },
    ];
    assert.ok(estimatedTokens({ content }) > 2_000);
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

function textOf(content: Body['messages'][number]['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text: each = '' }) => each).join('');
}

function imageOf({ image_url }: { image_url?: { url: string } }): readonly string[] {
  return image_url === undefined ? [] : [image_url.url];
}

function textsIn(part: object): readonly string[] {
  const { content } = part as { content: readonly object[] };
  return content.flatMap((each) => ('value' in each ? [String(each.value)] : []));
}

function imagesIn(part: object): readonly string[] {
  if ('content' in part) return (part.content as object[]).flatMap(imagesIn);
  if (!('data' in part)) return [];
  return [`data:image/png;base64,${Buffer.from(part.data as Uint8Array).toString('base64')}`];
}
