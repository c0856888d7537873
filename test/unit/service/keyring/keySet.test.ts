import assert from 'node:assert/strict';
import { rebase, type KeySet } from '../../../../src/service/keyring/keySet';
import { plainKey } from '../../../../src/service/keyring/storedKey';

function setOf(revision: number, keys: readonly string[], proxyKey = 'kw-1'): KeySet {
  return { revision, keys: keys.map((key) => plainKey(key, key)), proxyKey };
}

function namesIn({ keys }: KeySet): string[] {
  return keys.map(({ label }) => label);
}

describe('rebase', () => {
  it('does both windows’ changes', () => {
    const merged = rebase(setOf(1, ['a', 'b', 'c']), setOf(2, ['a', 'c', 'd']), setOf(2, ['b', 'c', 'e']));
    assert.deepEqual(namesIn(merged), ['c', 'e', 'd']);
    assert.equal(merged.revision, 3);
  });

  it('keeps the proxy key of whoever renewed it', () => {
    const base = setOf(1, []);
    assert.equal(rebase(base, setOf(2, [], 'kw-2'), setOf(2, [])).proxyKey, 'kw-2');
    assert.equal(rebase(base, setOf(2, []), setOf(2, [], 'kw-3')).proxyKey, 'kw-3');
  });
});
