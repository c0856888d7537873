import assert from 'node:assert/strict';
import { newestFirst } from '../../../src/webview/activityView';
import { readPageState } from '../../../src/webview/pageState';

describe('readPageState', () => {
  it('brings back tab, place, order and period, and begins anew with what it does not know', () => {
    const sort = { column: 'took', isDescending: false };
    const kept = { tab: 'activity', scrollTop: 120, sort, period: 30 };
    assert.deepEqual(readPageState(kept), kept);
    const fresh = { tab: 'accounts', scrollTop: 0, sort: newestFirst, period: 7 };
    for (const unknown of [
      undefined,
      null,
      3,
      { tab: 'x', scrollTop: 'y', sort: { column: 'z' }, period: 8 },
    ])
      assert.deepEqual(readPageState(unknown), fresh);
  });
});
