import assert from 'node:assert/strict';
import { watchSleep } from '../../../src/service/machineWatch';
import type { Disposable } from '../../../src/base/disposable';
import { ManualClock } from '../../support/manualClock';

describe('watchSleep', () => {
  let clock: ManualClock;
  let sleeps: number[];
  let watch: Disposable;

  beforeEach(() => {
    clock = new ManualClock();
    sleeps = [];
    watch = watchSleep(clock, (sleptMs) => sleeps.push(sleptMs));
  });

  it('says nothing while time goes on as it should', () => {
    clock.advance(600_000);
    assert.deepEqual(sleeps, []);
  });

  it('tells once how long the machine slept', () => {
    clock.advance(3_000);
    clock.sleep(3_600_000);
    clock.advance(60_000);
    assert.deepEqual(sleeps, [3_600_000]);
  });

  it('tells of a clock that was set, either way, and of no thread that was held up', () => {
    clock.sleep(9_000);
    clock.advance(2_000);
    clock.set(-3_600_000);
    clock.advance(60_000);
    clock.set(3_600_000);
    clock.advance(60_000);
    assert.deepEqual(sleeps, [-3_600_000, 3_600_000]);
  });

  it('leaves no timer when it is disposed', () => {
    watch.dispose();
    assert.equal(clock.pending, 0);
  });
});
