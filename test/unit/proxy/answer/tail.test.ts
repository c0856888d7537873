import assert from 'node:assert/strict';
import { endedInError, endedWhole, errorAtEnd, hasFinished, Tail } from '../../../../src/proxy/answer/tail';

function chunk(finish: string | null, index = 0): string {
  return `data: ${JSON.stringify({ choices: [{ index, delta: { content: '"finish_reason":"stop"' }, finish_reason: finish }] })}\n\n`;
}

describe('The tail of a stream', () => {
  it('has finished when every choice said so, and not by what the model writes', () => {
    assert.ok(!hasFinished('openai', chunk(null)));
    assert.ok(!hasFinished('openai', chunk('')));
    assert.ok(hasFinished('openai', chunk(null) + chunk('stop')));
    assert.ok(hasFinished('openai', chunk('tool_calls') + chunk(null)));
    assert.ok(!hasFinished('openai', chunk('stop') + chunk(null, 1)));
    assert.ok(!hasFinished('openai', `\ufeff${chunk(null)}${chunk('stop', 1)}`));
    assert.ok(hasFinished('openai', chunk('stop').trimEnd()));
    assert.ok(!hasFinished('openai', chunk('stop').slice(0, -5)));
    const delta = (reason: string | null): string =>
      `event: message_delta\r\ndata: {"type":"message_delta","delta":{"stop_reason":${JSON.stringify(reason)}}}\r\n\r\n`;
    assert.ok(hasFinished('anthropic', delta('end_turn')));
    assert.ok(!hasFinished('anthropic', delta(null)));
    assert.ok(!hasFinished('anthropic', delta('')));
    assert.ok(!hasFinished('responses', 'data: {"type":"response.output_text.done"}\n\n'));
  });

  it('gives the error that upstream ended it with, wherever that stands', () => {
    const errors = [
      'data: {"id":"g","error":{"code":402,"message":"No credits"},"choices":[]}\n\n',
      'data: {"choices":[{"index":0,"finish_reason":"error","error":{"code":502,"message":"Down"}}]}\r\n\r\n',
      'event: error\rdata: {"type":"error","error":{"type":"overloaded_error","message":"Busy"}}\r\r',
      'event: response.failed\ndata: {"type":"response.failed","response":{"error":{"code":"x","message":"y"}}}',
    ];
    for (const error of errors) {
      const tail = `${chunk(null)}${error}data: [DONE]\n\n`.replace(/data: \[DONE\]\n\n$/, '');
      assert.equal(errorAtEnd(tail), /^data: (.*?)\s*$/m.exec(error)?.[1], error);
      assert.ok(endedWhole('openai', tail) || error.startsWith('event'));
    }
    assert.equal(errorAtEnd(chunk(null) + chunk('stop')), null);
  });

  it('that is one error longer than itself is an error all the same', () => {
    const tail = new Tail();
    tail.push(Buffer.from(chunk(null)));
    const error = Buffer.from(`data: {"error":{"code":502,"message":"${'x'.repeat(200_000)}"}}\n\n`);
    for (let from = 0; from < error.length; from += 16_384) tail.push(error.subarray(from, from + 16_384));
    assert.ok(endedInError(tail.text()));
  });

  it('that breaks off in the middle of an error has not ended', () => {
    for (const [form, half] of [
      ['openai', 'data: {"error":{"code":502,"mess'],
      ['openai', 'data: {"choices":[{"index":0,"finish_reason":"error","err'],
      ['responses', 'data: {"type":"response.failed","response":{"error":{"co'],
      ['anthropic', 'data: {"type":"error","error":{"type":"over'],
    ] as const)
      assert.ok(!endedWhole(form, chunk(null) + half), half);
  });

  it('that is one failed response longer than itself is an error all the same', () => {
    const tail = new Tail();
    const output = Array.from({ length: 3_000 }, () => ({ type: 'message', text: '"x"'.repeat(20) }));
    const response = { id: 'r'.repeat(100), error: { code: 'x', message: 'y' }, output };
    const error = Buffer.from(
      `event: response.failed\ndata: ${JSON.stringify({ type: 'response.failed', response })}\n\n`,
    );
    for (let from = 0; from < error.length; from += 16_384) tail.push(error.subarray(from, from + 16_384));
    assert.ok(endedWhole('responses', tail.text()));
    assert.ok(endedInError(tail.text()));
  });

  it('that is one event longer than itself has finished if that event says so', () => {
    for (const [finish, has] of [
      ['stop', true],
      ['', false],
      [null, false],
    ] as const) {
      const tail = new Tail();
      const image = { index: 0, delta: { images: ['x'.repeat(300_000)] }, finish_reason: finish };
      const event = Buffer.from(`data: ${JSON.stringify({ id: 'g'.repeat(200), choices: [image] })}\n\n`);
      for (let from = 0; from < event.length; from += 16_384) tail.push(event.subarray(from, from + 16_384));
      assert.equal(hasFinished('openai', tail.text()), has);
    }
  });

  it('of lone CRs shows how a long last event began', () => {
    const tail = new Tail();
    const event = `event: response.completed\rdata: {"type":"response.completed","x":"${'y'.repeat(200_000)}"}\r\r`;
    tail.push(Buffer.from('data: {"type":"response.created"}\r\r'));
    for (let from = 0; from < event.length; from += 10_000)
      tail.push(Buffer.from(event.slice(from, from + 10_000)));
    assert.ok(endedWhole('responses', tail.text()));
  });
});
