/** One message for many keys, that tells all and no secret. */
import assert from 'node:assert/strict';
import type { AddResult } from '../../../src/service/keyring/keyring';
import { addSummaryText, type AddSummary } from '../../../src/words/addSummaryText';
import { english } from '../vscode/views';

const nothing: AddSummary = { added: [], unreadable: [], leftOut: 0 };
const key = (n: number): string => `sk-or-v1-000000000000000000000000000${n}`;
const tried = (...results: AddResult[]): AddSummary['added'] =>
  results.map((result, n) => ({ entry: { key: key(n), dailyLimit: null }, result }));

function added(accountId: string, change: Partial<AddResult & { kind: 'added' }> = {}): AddResult {
  const check = { kind: 'good', accountId, freeLimit: 50, freeUsed: 0, capLeft: null } as const;
  return { kind: 'added', keyId: 'aaaaaaaaaaaa', check, ...change };
}

describe('addSummaryText', () => {
  it('tells how many keys of how many accounts were added', () => {
    assert.deepEqual(
      addSummaryText({ ...nothing, added: tried(added('a'), added('a'), added('b')) }, english),
      {
        severity: 'info',
        text: 'Keys added: 3, accounts: 2.',
      },
    );
  });

  it('tells what was there already, which is nothing bad', () => {
    const summary = { ...nothing, added: tried(added('a'), { kind: 'duplicate', label: 'Work' }) };
    assert.deepEqual(addSummaryText(summary, english), {
      severity: 'info',
      text: 'Keys added: 1, accounts: 1. Already added: 1.',
    });
  });

  it('names what is bad by its mask, with the reason', () => {
    const summary = {
      ...nothing,
      added: tried(added('a'), { kind: 'bad' }, { kind: 'management' }),
      unreadable: ['...cdef'],
    };
    const { severity, text } = addSummaryText(summary, english);
    assert.equal(severity, 'warning');
    assert.match(
      text,
      /Not added: sk-or-v1-\.\.\.0001 \(invalid\), sk-or-v1-\.\.\.0002 \(a management key\)/,
    );
    assert.match(text, /, \.\.\.cdef \(not an OpenRouter key\)\. Keys added: 1, accounts: 1\.$/);
  });

  it('is an error where nothing was added and something is bad', () => {
    const { severity, text } = addSummaryText({ ...nothing, added: tried({ kind: 'bad' }) }, english);
    assert.equal(severity, 'error');
    assert.match(text, /^Not added: .* No key was added\.$/);
  });

  it('names five bad ones and counts the others', () => {
    const summary = { ...nothing, unreadable: ['…1', '…2', '…3', '…4', '…5', '…6', '…7'] };
    assert.match(
      addSummaryText(summary, english).text,
      /…5 \(not an OpenRouter key\) and 2 more\. No key was added\.$/,
    );
  });

  it('warns of keys that could not be checked or kept', () => {
    const check = { kind: 'unreachable', detail: 'ENOTFOUND sk-or-v1-secretsecret' } as const;
    const summary = { ...nothing, added: tried(added('', { check }), { kind: 'notKept' }) };
    assert.deepEqual(addSummaryText(summary, english), {
      severity: 'warning',
      text:
        'Not added: sk-or-v1-...0001 (not stored by the system keychain). Keys added: 1. ' +
        'Could not check yet: 1 (ENOTFOUND [secret]). Keywheel will try again.',
    });
  });

  it('tells what was left out when it was stopped', () => {
    const { text } = addSummaryText({ ...nothing, added: tried(added('a')), leftOut: 4 }, english);
    assert.match(text, /Cancelled before: 4\.$/);
  });
});
