/** The form of a key shows its problems, and accepted values pass the dashboard's messages. */
import assert from 'node:assert/strict';
import { longestName, parseFromDashboard } from '../../../src/service/messages';
import { readKeyForm, type TypedKey } from '../../../src/webview/keyForm';
import { translator } from '../../../src/words/translate';

const t = translator({});
const longest = 'x'.repeat(longestName);

function problemsOf(typed: Partial<TypedKey>): readonly (readonly string[])[] {
  const read = readKeyForm({ label: 'Private', limit: '', account: '', ...typed }, t);
  return read.kind === 'good' ? [] : read.problems.map(({ field, text }) => [field, text]);
}

describe('the form of a key', () => {
  it('takes what can be saved, and no longer names', () => {
    const typed = { label: ` ${longest} `, limit: '50', account: longest };
    const read = readKeyForm(typed, t);
    assert.deepEqual(read, {
      kind: 'good',
      change: { label: longest, dailyLimit: 50, accountName: longest },
    });
    const act = { kind: 'update', change: read.kind === 'good' ? read.change : {} };
    assert.ok(parseFromDashboard({ type: 'act', target: { keyId: 'a' }, act }), 'it is a message');
  });

  it('takes the name of the account away where none is given', () => {
    const read = readKeyForm({ label: 'Private', limit: '', account: ' ' }, t);
    assert.deepEqual(read, {
      kind: 'good',
      change: { label: 'Private', dailyLimit: null, accountName: null },
    });
  });

  it('says what is too long', () => {
    assert.deepEqual(problemsOf({ label: `${longest}x`, account: `${longest}x` }), [
      ['label', 'Names have at most 200 characters.'],
      ['account', 'Names have at most 200 characters.'],
    ]);
  });

  it('takes no key for a name, and takes what is shown of one', () => {
    const key = `sk-or-v1-${'0123456789abcdef'.repeat(4)}`;
    assert.deepEqual(problemsOf({ label: `"${key}"`, account: key }), [
      ['label', 'This is a key. Enter a name for it.'],
      ['account', 'This is a key. Enter a name for it.'],
    ]);
    for (const label of ['sk-or-v1-...cdef', 'sk-or-v1-…cdef', 'desk-of-the-first-floor'])
      assert.deepEqual(problemsOf({ label }), [], label);
  });

  it('says what is no limit, and that a label is missing', () => {
    assert.deepEqual(problemsOf({ label: ' ', limit: '5000000' }), [
      ['label', 'Enter a name.'],
      ['limit', 'Enter a whole number from 0 to 1000000, or leave empty.'],
    ]);
  });
});
