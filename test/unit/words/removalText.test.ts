/** What is said before and after everything is removed. */
import assert from 'node:assert/strict';
import { ConfigError } from '../../../src/clients/configFile';
import type { FileRecord } from '../../../src/clients/records';
import type { Removal } from '../../../src/clients/removal';
import { removalDetail, removalText } from '../../../src/words/removalText';
import { english } from '../vscode/views';

const record: FileRecord = {
  way: 'file',
  client: 'claudeCode',
  model: null,
  file: '/home/a/.claude/settings.json',
  backup: null,
  madeFolder: null,
  written: '',
  changes: [],
};
const whole: Removal = { disconnected: [], keysLeft: [], isVaultClear: true, isForgotten: true };

describe('removalDetail', () => {
  it('names the clients that will be disconnected, with their files', () => {
    const text = removalDetail(3, [record], english);
    assert.match(text, /^Keys: 3\. /);
    assert.match(text, /\nClaude Code: \/home\/a\/\.claude\/settings\.json$/);
  });

  it('says nothing of clients where none is connected, or nobody knows', () => {
    assert.equal(removalDetail(0, [], english), removalDetail(0, null, english));
    assert.doesNotMatch(removalDetail(0, [], english), /disconnected/);
  });
});

describe('removalText', () => {
  it('says that all is gone, and which clients were disconnected', () => {
    const done = { client: 'codex', file: '/codex', undone: 'restored', error: null } as const;
    assert.deepEqual(removalText({ ...whole, disconnected: [done] }, english), {
      isWhole: true,
      text: 'All Keywheel data was removed. Disconnected: Codex.',
    });
  });

  it('says what could not be put back, and why', () => {
    const stuck = {
      client: 'codex',
      file: '/codex',
      undone: null,
      error: new ConfigError('readOnly', '/codex'),
    } as const;
    assert.deepEqual(removalText({ ...whole, disconnected: [stuck] }, english), {
      isWhole: false,
      text: 'Not everything could be removed. /codex is read-only and was not changed.',
    });
    assert.match(removalText({ ...whole, disconnected: null }, english).text, /records .* are unreadable/);
  });

  it('names the keys that the keychain still has, once', () => {
    const { text } = removalText({ ...whole, keysLeft: ['Private', 'Work'], isVaultClear: false }, english);
    assert.equal(text, 'Not everything could be removed. The system keychain still has: Private, Work.');
    assert.match(removalText({ ...whole, isVaultClear: false }, english).text, /a key that Keywheel cannot/);
  });

  it('says where counts are still known', () => {
    assert.match(
      removalText({ ...whole, isForgotten: false }, english).text,
      /Another window still holds data/,
    );
  });
});
