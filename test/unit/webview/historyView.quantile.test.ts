import assert from 'node:assert/strict';
import { quantile } from '../../../src/webview/historyView';

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
