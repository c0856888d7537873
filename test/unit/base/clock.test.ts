import assert from 'node:assert/strict';
import { SystemClock, wait } from '../../../src/base/clock';
import { ManualClock, settled } from '../../support/manualClock';

describe('wait', () => {
  it('resolves after its time', async () => {
    const clock = new ManualClock();
    let isOver = false;
    void wait(clock, 1_000, new AbortController().signal).then(() => (isOver = true));
    await clock.run(999);
    assert.equal(isOver, false);
    await clock.run(1);
    assert.equal(isOver, true);
  });

  it('rejects with the signal’s reason at once, and leaves no timer', async () => {
    const clock = new ManualClock();
    const client = new AbortController();
    const waiting = wait(clock, 1_000, client.signal);
    client.abort(new Error('left'));
    await assert.rejects(waiting, /left/);
    assert.equal(clock.pending, 0);
    await assert.rejects(wait(clock, 1_000, client.signal), /left/);
  });
});

describe('SystemClock', () => {
  it('runs a timer later, never when it was disposed before, and never at once for being too long', async () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    const long = clock.after(2 ** 40, () => ran.push('long'));
    clock.after(1, () => ran.push('disposed')).dispose();
    await new Promise<void>((resolve) => {
      const keepAlive = setTimeout(() => undefined, 1_000);
      clock.after(5, () => {
        clearTimeout(keepAlive);
        resolve();
      });
    });
    await settled();
    long.dispose();
    assert.deepEqual(ran, []);
    assert.ok(Math.abs(clock.nowMs() - Date.now()) < 1_000);
  });
});

describe('ManualClock', () => {
  it('runs timers in their order, each at its own time, and timers know nothing of jumps', () => {
    const clock = new ManualClock(1_000);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`late ${clock.nowMs()}`));
    clock.after(10, () => {
      ran.push(`early ${clock.nowMs()}`);
      clock.after(5, () => ran.push(`nested ${clock.nowMs()}`));
    });
    clock.jump(1_000);
    clock.advance(20);
    assert.deepEqual(ran, ['early 2010', 'nested 2015', 'late 2020']);
  });
});
