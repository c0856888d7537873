import assert from 'node:assert/strict';
import { pageOfKey, plainKey } from '../../../../src/service/keyring/storedKey';

const key = 'sk-or-v1-0123456789abcdef0123456789abcdef';

describe('plainKey', () => {
  it('has its mask for a label where none is given', () => {
    assert.equal(plainKey(key).label, 'sk-or-v1-...cdef');
    assert.equal(plainKey(key, ' Work ').label, 'Work');
  });
});

describe('pageOfKey', () => {
  it('names the key by its SHA-256, as OpenRouter does', () => {
    const hash = '8cf819f48b6f3d709a1b4d13b541acb4455309fd59a74863a495babd7ef166ca';
    assert.equal(pageOfKey(key, 'key'), `https://openrouter.ai/keys/${hash}`);
    assert.equal(pageOfKey(key, 'log'), `https://openrouter.ai/logs?api_key_hash=${hash}`);
  });
});
