/** The demands of the strictest providers behind OpenRouter on a request's messages. */
import assert from 'node:assert/strict';

export interface SentMessage {
  readonly role: string;
  readonly content: string | null | readonly { text?: string; image_url?: { url: string } }[];
  readonly name?: string;
  readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
  readonly tool_call_id?: string;
}

/** Throws where a provider would answer 400. */
export function assertAccepted(messages: readonly SentMessage[]): void {
  let open: string[] = [];
  const ids = new Set<string>();
  let before: SentMessage | undefined;
  for (const message of messages) {
    const { role, content, tool_calls: calls, tool_call_id: id } = message;
    assert.ok(JSON.stringify(message).isWellFormed() && !/\\+ud[89a-f]/i.test(JSON.stringify(message)));
    if (role === 'tool') {
      assert.ok(open.includes(id ?? ''), `a result of “${id}” that nobody asked for`);
      open = open.filter((each) => each !== id);
      assert.ok(typeof content === 'string' && content.trim() !== '', 'an empty result');
    } else {
      assert.deepEqual(open, [], 'calls without a result');
      const isSame = before?.role === role && before.name === message.name;
      assert.ok(!isSame, `two messages of ${role} in a row`);
      const texts = typeof content === 'string' ? [content] : (content ?? []).map(({ text }) => text ?? 'x');
      assert.ok(
        texts.every((text) => text.trim() !== '') && texts.length + (calls?.length ?? 0) > 0,
        'empty',
      );
    }
    for (const call of calls ?? []) {
      assert.ok(call.id !== '' && !ids.has(call.id), `“${call.id}” twice`);
      ids.add(call.id);
      open.push(call.id);
      assert.ok(typeof JSON.parse(call.function.arguments) === 'object');
    }
    before = message;
  }
  assert.deepEqual(open, [], 'calls without a result at the end');
}
