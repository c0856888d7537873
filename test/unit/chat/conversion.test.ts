/** Nothing of a conversation is lost or doubled on its way to OpenAI's form, whose rules it keeps. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { estimatedTokens, requestBody } from '../../../src/chat/conversion';

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
