import assert from 'node:assert/strict';
import { Canceller } from '../../../../src/base/signal';
import { SilenceWatch } from '../../../../src/base/silence';
import type { Reply } from '../../../../src/proxy/upstream/reply';
import { Connection, DispatchHandler, type SendResult } from '../../../../src/proxy/upstream/dispatchHandler';
import { ManualClock } from '../../../support/manualClock';

/** A sending whose head has come, and how often undici was told to resume. */
function answered(): { handler: DispatchHandler; reply: Reply; resumed: () => number } {
  const over = (): void => undefined;
  const connection = new Connection({ dispatch: () => true, destroy: () => Promise.resolve() }, over);
  let sent: SendResult | null = null;
  let resumed = 0;
  const handler = new DispatchHandler(connection, null, {
    steps: { onSent: over },
    signal: new Canceller(),
    watch: new SilenceWatch(new ManualClock()),
    onResult: (told) => (sent = told),
  });
  handler.onConnect(over);
  handler.onHeaders(200, [], () => resumed++, 'OK');
  const told = sent as SendResult | null;
  assert.ok(told !== null && 'reply' in told);
  return { handler, reply: told.reply, resumed: () => resumed };
}

const nextTurn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

/** Gives bytes one by one until undici is told to pause; returns their number. */
function untilPaused(handler: DispatchHandler, most = 100_000): number {
  for (let count = 1; count <= most; count++) if (!handler.onData(Buffer.from('a'))) return count;
  return most;
}

const reader = { data: () => undefined, end: () => undefined, fault: () => undefined };

describe('an answer that comes in single bytes', () => {
  it('lets other work go first after some thousands of them, and then goes on', async () => {
    const { handler, reply, resumed } = answered();
    reply.readInto(reader);
    const before = resumed();
    assert.ok(untilPaused(handler) < 50_000);
    assert.equal(resumed(), before);
    await nextTurn();
    assert.equal(resumed(), before + 1);
  });

  it('goes on no sooner than its reader, who has paused meanwhile', async () => {
    const { handler, reply, resumed } = answered();
    reply.readInto(reader);
    untilPaused(handler);
    reply.pause();
    const before = resumed();
    await nextTurn();
    assert.equal(resumed(), before);
    reply.resume();
    assert.equal(resumed(), before + 1);
  });

  it('runs out at once where upstream has closed its side: a paused one would end the process', () => {
    const { handler, reply, resumed } = answered();
    reply.readInto(reader);
    untilPaused(handler);
    const before = resumed();
    handler.letRunOut();
    assert.equal(resumed(), before + 1);
    assert.equal(untilPaused(handler), 100_000);
  });

  it('is never interrupted in pieces of usual size', () => {
    const { handler, reply } = answered();
    reply.readInto(reader);
    for (let count = 0; count < 50_000; count++) assert.ok(handler.onData(Buffer.alloc(100)));
  });
});
