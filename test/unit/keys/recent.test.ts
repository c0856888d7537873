import assert from 'node:assert/strict';
import { Recent } from '../../../src/keys/recent';

describe('Recent', () => {
  it('keeps the newest names, and forgets those that are too old', () => {
    const recent = new Recent<number>(2, 100);
    recent.set('a', 1, 0);
    recent.set('b', 2, 10);
    recent.set('a', 3, 20);
    recent.set('c', 4, 30);
    assert.deepEqual([recent.get('a', 30), recent.get('b', 30), recent.get('c', 30)], [3, null, 4]);
    assert.deepEqual([recent.get('a', 120), recent.get('a', 121)], [3, null]);
  });

  it('comes back with what is not too old, never overrules what is known, and stays bounded', () => {
    const recent = new Recent<number>(2, 100);
    recent.set('old', 1, 0);
    recent.set('new', 2, 90);
    const again = new Recent<number>(2, 100);
    again.set('new', 7, 100);
    again.restore(recent.save(101));
    assert.deepEqual([again.get('new', 101), again.get('old', 101)], [7, null]);
    again.restore([
      ['x', 1, 100],
      ['y', 2, 100],
    ]);
    assert.equal(again.save(101).length, 2);
  });
});
