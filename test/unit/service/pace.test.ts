// Soon after it was asked for, and no more often than its pace.
import assert from 'node:assert/strict';
import { Pace } from '../../../src/service/pace';
import { ManualClock } from '../../support/manualClock';

describe('Pace', () => {
  it('runs once for all touches of its time, and again for the next', () => {
    const clock = new ManualClock();
    let runs = 0;
    const pace = new Pace(clock, 100, () => runs++);
    pace.touch();
    clock.advance(60);
    pace.touch();
    clock.advance(39);
    assert.equal(runs, 0);
    clock.advance(1);
    assert.equal(runs, 1);
    clock.advance(1_000);
    assert.equal(runs, 1);
    pace.touch();
    clock.advance(100);
    assert.equal(runs, 2);
  });

  it('takes a touch from within its own run', () => {
    const clock = new ManualClock();
    const atMs: number[] = [];
    const startMs = clock.wallMs();
    const pace: Pace = new Pace(clock, 100, () => {
      atMs.push(clock.wallMs() - startMs);
      if (atMs.length < 3) pace.touch();
    });
    pace.touch();
    clock.advance(1_000);
    assert.deepEqual(atMs, [100, 200, 300]);
  });

  it('does nothing after its end', () => {
    const clock = new ManualClock();
    const pace = new Pace(clock, 100, () => assert.fail());
    pace.touch();
    pace.dispose();
    pace.touch();
    clock.advance(1_000);
    assert.equal(clock.pending, 0);
  });
});
