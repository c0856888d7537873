import assert from 'node:assert/strict';
import { newestFirst } from '../../../src/webview/activityView';
import { readPageState } from '../../../src/webview/pageState';

describe('readPageState', () => {
  it('brings back tab, place and order, and begins anew with what it does not know', () => {
    const kept = { tab: 'activity', scrollTop: 120, sort: { column: 'took', isDescending: false } };
    assert.deepEqual(readPageState(kept), kept);
    for (const unknown of [undefined, null, 3, { tab: 'x', scrollTop: 'y', sort: { column: 'z' } }])
      assert.deepEqual(readPageState(unknown), { tab: 'accounts', scrollTop: 0, sort: newestFirst });
  });
});
