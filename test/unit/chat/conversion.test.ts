/** No part of a conversation is lost or doubled on its way to OpenAI's form, and the result keeps that form's rules. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { estimatedTokens, requestBody } from '../../../src/chat/conversion';
import { assertAccepted, type SentMessage } from './strictProvider';

type Body = { readonly messages: readonly SentMessage[] } & Readonly<Record<string, unknown>>;

const question = { model: 'a/b:free', tools: [], mustCall: false, modelOptions: {}, thoughtBefore: () => [] };
const neverSkipped = (kind: string): void => assert.fail(`${kind} was skipped`);

function bodyOf(messages: readonly { role: number; content: readonly unknown[] }[]): Body {
  const named = messages.map((message) => ({ ...message, name: undefined }));
  return requestBody({ ...question, messages: named }, neverSkipped) as Body;
}

/** Texts that can be found in the output: each is one word, followed by half of a surrogate pair. */
const said = fc.uuid().map((id) => ` ${id}\ud83d`);
const text = fc.record({ value: fc.oneof({ weight: 5, arbitrary: said }, fc.constantFrom('', ' \n')) });
const image = fc.record({ mimeType: fc.constant('image/png'), data: fc.uint8Array({ minLength: 1 }) });
const note = fc.constantFrom<object>(
  { mimeType: 'cache_control', data: Buffer.from('ephemeral') },
  { value: 'hm', id: 'x', metadata: { signature: 's' } },
  { value: ['a', 'b'], id: undefined, metadata: { redactedData: 'r' } },
);
/** Few ids, so that some occur twice, and some results have no call. */
const callId = fc.constantFrom('a', 'b', 'c', '');
const call = fc.record({ callId, name: fc.constantFrom('read', 'write'), input: fc.record({ text: said }) });
const result = fc.record({
  callId,
  content: fc.array(fc.oneof(text, image, note, fc.record({ value: fc.record({ node: said }) })), {
    maxLength: 3,
  }),
});
const message = fc.oneof(
  fc.record({ role: fc.constant(3), content: fc.array(fc.oneof(text, note), { maxLength: 2 }) }),
  fc.record({
    role: fc.constant(1),
    content: fc.array(fc.oneof(text, image, result, note), { maxLength: 4 }),
  }),
  fc.record({ role: fc.constant(2), content: fc.array(fc.oneof(text, call, note), { maxLength: 4 }) }),
);

describe('a conversation in OpenAI’s form', () => {
  it('is accepted by the strictest provider, and has all that was said, shown, called and answered once', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
        const named = messages.map((each) => ({ ...each, name: undefined }));
        const { messages: sent } = requestBody({ ...question, messages: named }, () => undefined) as Body;
        assertAccepted(sent);
        assert.deepEqual([...wordsIn(sent)].sort(), [...wordsIn(messages)].sort());
        assert.deepEqual(
          sent.flatMap(sentImages).sort(),
          messages.flatMap(({ content }) => content.flatMap(imagesIn)).sort(),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('keeps what each side says in its order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ role: fc.constantFrom(1, 2), content: fc.array(text, { maxLength: 3 }) })),
        (messages) => {
          assert.deepEqual(wordsIn(bodyOf(messages).messages), wordsIn(messages));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has the results of calls made at once right behind the calls, and what they show behind all of them', () => {
    const picture = { mimeType: 'image/png', data: Buffer.from('x') };
    const { messages } = bodyOf([
      { role: 2, content: ['a', 'b'].map((id) => ({ callId: id, name: 'look', input: {} })) },
      { role: 1, content: [{ value: 'And then?' }, { callId: 'a', content: [{ value: 'It:' }, picture] }] },
      { role: 1, content: [{ callId: 'b', content: [{ value: 'done' }] }] },
      { role: 1, content: [{ value: 'Go on.' }] },
    ]);
    const [{ tool_calls: calls } = {}, ...others] = messages;
    assert.deepEqual(
      calls?.map(({ id }) => id),
      ['a', 'b'],
    );
    const url = `data:image/png;base64,${Buffer.from('x').toString('base64')}`;
    assert.deepEqual(others, [
      { role: 'tool', tool_call_id: 'a', content: 'It:\n[image]' },
      { role: 'tool', tool_call_id: 'b', content: 'done' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text: 'And then?\n\nGo on.' },
        ],
      },
    ]);
  });

  it('says of a call whose result is missing that there is none, and keeps a result without its call', () => {
    const { messages } = bodyOf([
      { role: 1, content: [{ callId: 'gone', content: [{ value: 'of before' }] }] },
      { role: 2, content: [{ callId: 'a', name: 'read', input: {} }] },
      { role: 1, content: [{ value: 'Stop.' }] },
    ]);
    assert.deepEqual(
      messages.map(({ role, content }) => [role, content]),
      [
        ['user', 'of before'],
        ['assistant', null],
        ['tool', 'No result.'],
        ['user', 'Stop.'],
      ],
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

/** The ids in the messages, in their order. */
function wordsIn(value: unknown): readonly string[] {
  return JSON.stringify(value).match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
}

function sentImages({ content }: SentMessage): readonly string[] {
  return typeof content === 'string' ? [] : (content ?? []).flatMap(({ image_url }) => image_url?.url ?? []);
}

function imagesIn(part: object): readonly string[] {
  if ('content' in part) return (part.content as object[]).flatMap(imagesIn);
  if (!('data' in part && 'mimeType' in part && part.mimeType === 'image/png')) return [];
  return [`data:image/png;base64,${Buffer.from(part.data as Uint8Array).toString('base64')}`];
}
