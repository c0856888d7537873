import assert from 'node:assert/strict';
import { keyOf, pageOfKey, plainKey, rebase, type KeySet } from '../../../../src/service/keyring/storedKey';

const key = 'sk-or-v1-0123456789abcdef0123456789abcdef';

describe('keyOf', () => {
  it('takes the default label of earlier builds for the default label of today', () => {
    assert.equal(keyOf(plainKey(key)).label, 'sk-or-v1-...cdef');
    assert.equal(keyOf(plainKey(key, 'sk-or-v1-…cdef')).label, 'sk-or-v1-...cdef');
    assert.equal(keyOf(plainKey(key, 'Work…')).label, 'Work…');
  });
});

describe('pageOfKey', () => {
  it('names the key by its SHA-256, as OpenRouter does', () => {
    const hash = '8cf819f48b6f3d709a1b4d13b541acb4455309fd59a74863a495babd7ef166ca';
    assert.equal(pageOfKey(key, 'key'), `https://openrouter.ai/keys/${hash}`);
    assert.equal(pageOfKey(key, 'log'), `https://openrouter.ai/logs?api_key_hash=${hash}`);
  });
});

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
