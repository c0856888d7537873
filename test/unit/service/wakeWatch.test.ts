import assert from 'node:assert/strict';
import { WakeWatch } from '../../../src/service/wakeWatch';
import { ManualClock } from '../../support/manualClock';

describe('WakeWatch', () => {
  let clock: ManualClock;
  let sleeps: number[];
  let watch: WakeWatch;

  beforeEach(() => {
    clock = new ManualClock();
    sleeps = [];
    watch = new WakeWatch(clock, (sleptMs) => sleeps.push(sleptMs));
  });

  it('says nothing while time goes on as it should', () => {
    clock.advance(600_000);
    assert.deepEqual(sleeps, []);
  });

  it('tells once how long the machine slept', () => {
    clock.advance(3_000);
    clock.jump(3_600_000);
    clock.advance(60_000);
    assert.deepEqual(sleeps, [3_600_000]);
  });

  it('takes neither a thread that was held up nor a clock that was set back for a sleep', () => {
    clock.jump(9_000);
    clock.advance(2_000);
    clock.jump(-3_600_000);
    clock.advance(60_000);
    assert.deepEqual(sleeps, []);
  });

  it('leaves no timer when it is disposed', () => {
    watch.dispose();
    assert.equal(clock.pending, 0);
  });
});
