import assert from 'node:assert/strict';
import { keyIdOf } from '../../../src/base/secret';
import { rebase, type KeySet } from '../../../src/service/keySet';
import { plainKey } from '../../../src/service/storedKey';

function setOf(revision: number, keys: readonly string[], proxyKey = 'kw-1'): KeySet {
  return { revision, keys: keys.map((key) => plainKey(key, key)), proxyKey, unstored: [] };
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

  it('knows which keys of either window the vault refused', () => {
    const refused = (set: KeySet, ...keys: readonly string[]): KeySet => ({
      ...set,
      unstored: keys.map(keyIdOf),
    });
    const mine = refused(setOf(2, ['a', 'b']), 'b');
    const theirs = refused(setOf(2, ['a', 'c', 'd']), 'a', 'd');
    assert.deepEqual(
      rebase(refused(setOf(1, ['a', 'd']), 'd'), mine, theirs).unstored,
      ['a', 'b'].map(keyIdOf),
    );
  });

  it('knows that one of the windows has stored what the vault had refused', () => {
    const base = { ...setOf(1, ['a', 'b']), unstored: [keyIdOf('a')] };
    const stored = { ...setOf(2, ['a', 'b']) };
    const other = { ...setOf(3, ['a', 'b', 'c']), unstored: base.unstored };
    assert.deepEqual(rebase(base, other, stored).unstored, []);
    assert.deepEqual(rebase(base, stored, other).unstored, []);
  });
});
