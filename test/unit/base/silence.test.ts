import assert from 'node:assert/strict';
import { SilenceWatch } from '../../../src/base/silence';
import { ManualClock } from '../../support/manualClock';

describe('SilenceWatch', () => {
  function watched(): {
    clock: ManualClock;
    watch: SilenceWatch;
    calls: () => number;
  } {
    const clock = new ManualClock();
    let calls = 0;
    const watch = new SilenceWatch(clock);
    watch.watch(10_000, () => calls++);
    return { clock, watch, calls: () => calls };
  }

  it('tells once, when nothing has moved for the limit', () => {
    const { clock, watch, calls } = watched();
    clock.advance(9_000);
    watch.noteProgress();
    clock.advance(9_999);
    assert.equal(calls(), 0);
    clock.advance(1);
    assert.equal(calls(), 1);
    clock.advance(60_000);
    assert.equal(calls(), 1);
    assert.equal(clock.pending, 0);
  });

  it('lets the sockets be read first where its timer fired late', () => {
    const { clock, watch, calls } = watched();
    clock.sleep(3_600_000);
    clock.advance(10_000);
    assert.equal(calls(), 0);
    clock.advance(100);
    watch.noteProgress();
    clock.advance(9_999);
    assert.equal(calls(), 0);
    clock.advance(1);
    assert.equal(calls(), 1);
  });

  it('still tells soon after a sleep in which nothing came', () => {
    const { clock, calls } = watched();
    clock.sleep(3_600_000);
    clock.advance(10_000);
    clock.advance(250);
    assert.equal(calls(), 1);
  });

  it('counts no time by which the clock is set, in either direction', () => {
    for (const byMs of [3 * 3_600_000, -3 * 3_600_000]) {
      const { clock, watch, calls } = watched();
      clock.advance(6_000);
      watch.noteProgress();
      clock.advance(1_000);
      clock.set(byMs);
      clock.advance(8_999);
      assert.equal(calls(), 0, String(byMs));
      clock.advance(1);
      assert.equal(calls(), 1, String(byMs));
    }
  });

  it('counts no time in which nothing is watched, and leaves no timer when it is disposed', () => {
    const { clock, watch, calls } = watched();
    watch.stop();
    clock.advance(60_000);
    watch.watch(10_000, () => assert.fail('Something else is watched.'));
    clock.advance(9_999);
    let others = 0;
    watch.watch(20_000, () => others++);
    clock.advance(19_999);
    assert.deepEqual([calls(), others], [0, 0]);
    clock.advance(1);
    assert.deepEqual([calls(), others], [0, 1]);
    watch.watch(1_000, () => assert.fail('It is disposed.'));
    watch.dispose();
    assert.equal(clock.pending, 0);
  });
});
