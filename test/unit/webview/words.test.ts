import assert from 'node:assert/strict';
import { durationText, nextTickMs, roughDurationText } from '../../../src/webview/durations';
import { parseLimit } from '../../../src/webview/limit';
import { readPageState } from '../../../src/webview/pageState';
import { quantile } from '../../../src/webview/quantile';
import { english } from '../vscode/views';

describe('durations', () => {
  it('are told to the minute, and to the second when little is left', () => {
    const text = (ms: number): string => durationText(ms, english.t);
    assert.equal(text(26_400_000), '7 h 20 min');
    assert.equal(text(12 * 60_000 + 59_000), '12 min');
    assert.equal(text(245_000), '4 min 05 s');
    assert.equal(text(400), '1 s');
    assert.equal(text(-5), '0 s');
  });

  it('are told to the minute where they do not tick', () => {
    assert.equal(roughDurationText(245_000, english.t), '4 min');
    assert.equal(roughDurationText(1000, english.t), '1 min');
    assert.equal(roughDurationText(3_600_000, english.t), '1 h 0 min');
  });

  it('say when their text changes next', () => {
    assert.equal(nextTickMs(10_500, 0), 501);
    assert.equal(nextTickMs(400_000, 0), 40_001);
    assert.equal(nextTickMs(0, 1), Number.POSITIVE_INFINITY);
  });
});

describe('quantile', () => {
  it('is the value of the class that holds the rank', () => {
    const bins = [
      [200, 10],
      [100, 89],
      [900, 1],
    ] as const;
    assert.equal(quantile(bins, 0.5), 100);
    assert.equal(quantile(bins, 0.95), 200);
    assert.equal(quantile(bins, 1), 900);
    assert.equal(quantile([], 0.5), null);
  });
});

describe('parseLimit', () => {
  it('takes whole numbers and nothing', () => {
    assert.equal(parseLimit(' 200 '), 200);
    assert.equal(parseLimit('0'), 0);
    assert.equal(parseLimit(' '), null);
  });

  it('takes nothing else', () => {
    for (const text of ['-1', '1.5', '1e3', 'many', '1000001', '1,000'])
      assert.equal(parseLimit(text), undefined, text);
  });
});

describe('readPageState', () => {
  it('brings back tab and place, and begins anew with what it does not know', () => {
    assert.deepEqual(readPageState({ tab: 'activity', scrollTop: 120 }), { tab: 'activity', scrollTop: 120 });
    for (const kept of [undefined, null, 3, { tab: 'x', scrollTop: 'y' }])
      assert.deepEqual(readPageState(kept), { tab: 'accounts', scrollTop: 0 });
  });
});
