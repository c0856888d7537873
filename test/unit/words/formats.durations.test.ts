import assert from 'node:assert/strict';
import {
  durationText,
  nextTickMs,
  nextTickUpMs,
  passedText,
  roughDurationText,
} from '../../../src/words/formats';
import { english } from '../vscode/views';

describe('durations', () => {
  it('are told to the minute, and to the second when little is left', () => {
    const text = (ms: number): string => durationText(ms, english.t);
    assert.equal(text(26_400_000), '7 h 20 min');
    assert.equal(text(12 * 60_000 + 1_000), '13 min');
    assert.equal(text(59 * 60_000 + 1_000), '1 h 0 min');
    assert.equal(text(300_001), '6 min');
    assert.equal(text(245_000), '4 min 05 s');
    assert.equal(text(400), '1 s');
    assert.equal(text(-5), '0 s');
  });

  it('round down what has passed', () => {
    const text = (ms: number): string => passedText(ms, english.t);
    assert.deepEqual([-5, 999, 61_500, 12 * 60_000 + 59_000].map(text), [
      '0 s',
      '0 s',
      '1 min 01 s',
      '12 min',
    ]);
  });

  it('are told to the minute where they do not tick', () => {
    assert.equal(roughDurationText(245_000, english.t), '5 min');
    assert.equal(roughDurationText(1000, english.t), '1 min');
    assert.equal(roughDurationText(3_600_000, english.t), '1 h 0 min');
  });

  it('say when their text changes next', () => {
    assert.equal(nextTickMs(10_500, 0), 501);
    assert.equal(nextTickMs(400_000, 0), 40_001);
    assert.equal(nextTickMs(0, 1), Number.POSITIVE_INFINITY);
  });

  it('changes the text of what goes on with each second, then with each minute', () => {
    assert.equal(nextTickUpMs(0, 1_400), 601);
    assert.equal(nextTickUpMs(0, 6 * 60_000 + 15_000), 45_001);
    assert.equal(nextTickUpMs(10_000, 0), 1_001);
  });
});
