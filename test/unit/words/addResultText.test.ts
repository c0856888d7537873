import assert from 'node:assert/strict';
import { addResultText } from '../../../src/words/addResultText';
import { english } from '../vscode/views';

const good = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 12, capLeft: null } as const;
const added = { kind: 'added', keyId: 'aaaaaaaaaaaa', check: good } as const;

describe('addResultText', () => {
  it('tells what a first key of an account brings', () => {
    assert.deepEqual(addResultText(added, 'Work', { keys: 1, limit: 50 }, english), {
      severity: 'info',
      text: 'Key “Work” added. 38 of 50 free requests left today.',
    });
  });

  it('tells that a second key of an account adds no allowance', () => {
    const { text } = addResultText(added, 'Work', { keys: 2, limit: 50 }, english);
    assert.equal(text, 'Key “Work” added. 2 keys, 1 account: 50 a day together.');
  });

  it("writes numbers as the user's language does", () => {
    const much = { ...added, check: { ...good, freeLimit: 1000, freeUsed: null } };
    assert.match(addResultText(much, 'Work', null, english).text, / 1,000 of 1,000 /);
  });

  it('says nothing of an allowance that OpenRouter did not tell, and never less than none', () => {
    const silent = { ...added, check: { ...good, freeLimit: null, freeUsed: null } };
    assert.equal(addResultText(silent, 'Work', null, english).text, 'Key “Work” added.');
    const over = { ...added, check: { ...good, freeUsed: 63 } };
    assert.match(addResultText(over, 'Work', null, english).text, / 0 of 50 /);
  });

  it('warns when the key could not be checked, without a secret that the reason may hold', () => {
    const check = { kind: 'unreachable', detail: 'ECONNREFUSED sk-or-v1-secretsecret' } as const;
    const { severity, text } = addResultText({ ...added, check }, 'Work', null, english);
    assert.equal(severity, 'warning');
    assert.match(text, /Could not check it yet \(ECONNREFUSED \[secret\]\)/);
  });

  it('has a message of its own for every way not to be added', () => {
    const texts = [
      addResultText({ kind: 'duplicate', label: 'Private' }, 'Work', null, english),
      addResultText({ kind: 'malformed' }, 'Work', null, english),
      addResultText({ kind: 'management' }, 'Work', null, english),
      addResultText({ kind: 'bad' }, 'Work', null, english),
      addResultText({ kind: 'notKept' }, 'Work', null, english),
    ].map(({ text }) => text);
    assert.equal(new Set(texts).size, 5);
    assert.match(texts[0] ?? '', /as “Private”/);
    for (const text of texts.slice(1)) assert.match(text, /Nothing was added/);
  });
});
