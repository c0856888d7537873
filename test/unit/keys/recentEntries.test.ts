import assert from 'node:assert/strict';
import { RecentEntries, remember } from '../../../src/keys/recentEntries';

const dayMs = 86_400_000;

describe('remember', () => {
  it('makes a name the newest, and drops the oldest', () => {
    const entries = new Map<string, number>();
    for (const name of ['a', 'b', 'a', 'c']) remember(entries, name, entries.size, 2);
    assert.deepEqual([...entries.keys()], ['a', 'c']);
  });
});

describe('RecentEntries', () => {
  it('forgets names that are older than a day', () => {
    const recent = new RecentEntries<number>();
    recent.set('a', 1, 0);
    recent.set('a', 3, 20);
    assert.deepEqual([recent.get('a', dayMs + 20), recent.get('a', dayMs + 21)], [3, null]);
  });

  it('comes back with what is not too old, never overrules what is known, and stays bounded', () => {
    const recent = new RecentEntries<number>();
    recent.set('old', 1, 0);
    recent.set('new', 2, 90);
    const again = new RecentEntries<number>();
    again.set('new', 7, 100);
    again.restore(recent.save(dayMs + 1));
    assert.deepEqual([again.get('new', 101), again.get('old', 101)], [7, null]);
    again.restore(Array.from({ length: 10_001 }, (_, index) => [String(index), 1, 100]));
    assert.equal(again.save(101).length, 10_000);
  });
});
