import assert from 'node:assert/strict';
import { readPageState } from '../../../src/webview/pageState';

describe('readPageState', () => {
  it('brings back tab and place, and begins anew with what it does not know', () => {
    assert.deepEqual(readPageState({ tab: 'activity', scrollTop: 120 }), { tab: 'activity', scrollTop: 120 });
    for (const kept of [undefined, null, 3, { tab: 'x', scrollTop: 'y' }])
      assert.deepEqual(readPageState(kept), { tab: 'accounts', scrollTop: 0 });
  });
});
