/** A model's reasoning before its calls goes back to it, because some providers refuse a conversation without it. */
import assert from 'node:assert/strict';
import { AnswerReader } from '../../../src/chat/answerReader';
import { requestBody } from '../../../src/chat/conversion';
import { ReasoningMemory, type ReasoningDetail } from '../../../src/chat/reasoning';

const model = 'google/gemini-3-pro-preview';

describe('what a model thought before its calls', () => {
  const memory = new ReasoningMemory();

  before(() => {
    const details = (...reasoning_details: readonly object[]): object => ({ delta: { reasoning_details } });
    const text = { type: 'reasoning.text', index: 0, format: 'unknown' };
    const call = { index: 0, id: 'a', function: { name: 'read', arguments: '{}' } };
    const events = [
      details({ ...text, text: 'Let me ', signature: null }),
      details({ ...text, text: 'see.' }, { ...text, text: '', signature: 'sealed' }),
      details({ type: 'reasoning.encrypted', index: 1, data: 'x' }),
      { delta: { tool_calls: [call] }, finish_reason: 'tool_calls' },
    ];
    const reader = new AnswerReader({
      onPart: () => undefined,
      onSkipped: (kind) => assert.fail(kind),
      onThought: (...thought) => memory.keep(model, ...thought),
    });
    for (const choice of events) reader.take(`data: ${JSON.stringify({ choices: [choice] })}\n\n`);
    reader.end();
  });

  it('goes back with them, whole and in order', () => {
    assert.deepEqual(thoughtIn(model), [
      { type: 'reasoning.text', index: 0, format: 'unknown', text: 'Let me see.', signature: 'sealed' },
      { type: 'reasoning.encrypted', index: 1, data: 'x' },
    ]);
  });

  it('is told to no other model', () => {
    assert.equal(thoughtIn('deepseek/deepseek-v4-flash'), undefined);
  });

  it('is forgotten once there is much of it that is newer', () => {
    const much = [{ type: 'reasoning.text', text: 'x'.repeat(1024 * 1024) }];
    for (let count = 0; count < 20; count++) memory.keep(model, `newer${count}`, much);
    assert.equal(thoughtIn(model), undefined);
    assert.deepEqual(memory.of(model, 'newer19'), much);
  });

  function thoughtIn(asked: string): readonly ReasoningDetail[] | undefined {
    const messages = [{ role: 2, content: [{ callId: 'a', name: 'read', input: {} }], name: undefined }];
    const thoughtBefore = (callId: string): readonly ReasoningDetail[] => memory.of(asked, callId);
    const body = requestBody(
      { model: asked, messages, tools: [], mustCall: false, modelOptions: {}, thoughtBefore },
      (kind) => assert.fail(kind),
    );
    return (body.messages as { reasoning_details?: readonly ReasoningDetail[] }[])[0]?.reasoning_details;
  }
});
