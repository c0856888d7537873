/** The texts for the results of commands. */
import assert from 'node:assert/strict';
import { ConfigError } from '../../../src/clients/configFile';
import type { FileRecord } from '../../../src/clients/records';
import type { Removal } from '../../../src/clients/removal';
import type { KeyCheck } from '../../../src/service/keyring/keyCheck';
import type { Target } from '../../../src/service/messages';
import type { AddResult } from '../../../src/service/keyring/keyring';
import {
  actedOn,
  addResultText,
  addSummaryText,
  checkedText,
  removalDetail,
  removalText,
  testResultText,
  unlockedText,
  withoutLinks,
  type AddSummary,
} from '../../../src/words/resultText';
import { accountView, english, keyView, midnightMs, nowMs } from '../vscode/views';

const good = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 12, capLeft: null } as const;
const added = { kind: 'added', keyId: 'aaaaaaaaaaaa', check: good } as const;

describe('the result of adding a key', () => {
  it('tells what a first key of an account brings', () => {
    assert.deepEqual(addResultText(added, 'Work', { keys: 1, limit: 50 }, english), {
      severity: 'info',
      text: 'Key “Work” added. 38 of 50 free requests left today.',
    });
  });

  it('tells that a second key of an account adds no allowance', () => {
    const { text } = addResultText(added, 'Work', { keys: 2, limit: 50 }, english);
    assert.equal(text, 'Key “Work” added. 2 keys of one account: 50 free requests a day.');
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

const nothing: AddSummary = { added: [], unreadable: [], leftOut: 0 };
const key = (n: number): string => `sk-or-v1-000000000000000000000000000${n}`;
const tried = (...results: AddResult[]): AddSummary['added'] =>
  results.map((result, n) => ({ entry: { key: key(n), dailyLimit: null }, result }));

const addedTo = (accountId: string, check: KeyCheck = { ...good, accountId }): AddResult => ({
  ...added,
  check,
});

describe('the result of adding several keys', () => {
  it('tells how many keys of how many accounts were added', () => {
    assert.deepEqual(
      addSummaryText({ ...nothing, added: tried(addedTo('a'), addedTo('a'), addedTo('b')) }, english),
      {
        severity: 'info',
        text: 'Keys added: 3, accounts: 2.',
      },
    );
  });

  it('tells what was there already, which is nothing bad', () => {
    const summary = { ...nothing, added: tried(addedTo('a'), { kind: 'duplicate', label: 'Work' }) };
    assert.deepEqual(addSummaryText(summary, english), {
      severity: 'info',
      text: 'Keys added: 1, accounts: 1. Already added: 1.',
    });
  });

  it('names what is bad by its mask, with the reason', () => {
    const summary = {
      ...nothing,
      added: tried(addedTo('a'), { kind: 'bad' }, { kind: 'management' }),
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
    const summary = { ...nothing, added: tried(addedTo('', check), { kind: 'notKept' }) };
    assert.deepEqual(addSummaryText(summary, english), {
      severity: 'warning',
      text:
        'Not added: sk-or-v1-...0001 (not stored by the system keychain). Keys added: 1. ' +
        'Keys not checked yet: 1 (ENOTFOUND [secret]). Keywheel will try again.',
    });
  });

  it('tells what was left out when it was stopped', () => {
    const { text } = addSummaryText({ ...nothing, added: tried(addedTo('a')), leftOut: 4 }, english);
    assert.match(text, /Not tried, because you cancelled: 4\.$/);
  });
});

const read = (atMs: number, used = 6): ReturnType<typeof accountView>['day'] => ({
  ...accountView().day,
  limit: 50,
  left: 44,
  server: { used, limit: 50, atMs },
});

describe('what Check Now says', () => {
  it('tells what is left by a reading that came since', () => {
    const account = accountView({ day: read(nowMs) });
    assert.equal(checkedText(account, {}, nowMs - 500, english), 'Checked: 44 of 50 left');
  });

  it('tells that no reading came, and why', () => {
    const account = accountView({ day: read(nowMs - 60_000) });
    assert.equal(checkedText(account, {}, nowMs, english), 'Not checked: OpenRouter gave no answer');
    const unreached = { cause: 'network', code: 'ECONNREFUSED', sinceMs: nowMs, heldUntilMs: null } as const;
    assert.equal(
      checkedText(account, { unreached }, nowMs, english),
      'Not checked: OpenRouter cannot be reached (connection refused, ECONNREFUSED)',
    );
  });

  it('tells of the one key that was checked, whatever the others of its account are', () => {
    const keys = [keyView({ keyId: 'good' }), keyView({ keyId: 'bad', health: 'bad' })];
    const accounts = [accountView({ accountId: 'other', keys: [keyView()] }), accountView({ keys })];
    const text = (asked: Target): string => {
      const account = actedOn(accounts, asked);
      assert.ok(account);
      return checkedText(account, {}, nowMs, english);
    };
    assert.equal(text({ keyId: 'bad' }), 'Checked: OpenRouter does not accept it');
    for (const asked of [{ keyId: 'good' }, { accountId: 'account-1' }] as const)
      assert.equal(text(asked), 'Not checked: OpenRouter gave no answer');
    assert.equal(actedOn(accounts, { keyId: 'gone' }), undefined);
  });

  it('tells that no key is accepted', () => {
    const account = accountView({ keys: [keyView({ health: 'bad' })] });
    assert.equal(checkedText(account, {}, nowMs, english), 'Checked: OpenRouter does not accept it');
  });
});

describe('what Unlock says', () => {
  it('tells that it helped, or what holds the account back still', () => {
    assert.equal(unlockedText(accountView(), english), 'Unlocked');
    const usedUp = accountView({ state: 'usedUp', untilMs: midnightMs, day: read(nowMs, 89) });
    assert.equal(unlockedText(usedUp, english), 'Still used up: OpenRouter says 89 of 50 used');
    const waiting = accountView({ state: 'waiting', untilMs: nowMs + 20_000 });
    assert.equal(unlockedText(waiting, english), 'Still held back: Minute limit reached until 18:00:20');
  });
});

describe('the result of a test request', () => {
  it('says who answered, how fast and with which key', () => {
    const answered = {
      kind: 'answered',
      model: 'a/b',
      text: 'Hello',
      tookMs: 1_240,
      keyLabel: 'Work',
    } as const;
    assert.equal(
      testResultText({ ...answered, attempts: 2 }, english),
      'It works. a/b answered in 1.2 s: “Hello” Key: Work. 2 attempts.',
    );
  });

  it('says why there was no answer, and what to do', () => {
    const said = [
      testResultText({ kind: 'unreachable', code: 'ENOTFOUND' }, english),
      testResultText({ kind: 'failed', code: 'timeout' }, english),
      testResultText({ kind: 'failed', code: 'ECONNREFUSED' }, english),
    ];
    assert.equal(
      said[0],
      'OpenRouter cannot be reached (address not found, ENOTFOUND), so nothing was sent. ' +
        'Check your network, or run the doctor.',
    );
    for (const text of said) assert.match(text, /run the doctor/);
  });
});

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

describe('what is asked before all is removed', () => {
  it('names the clients that will be disconnected, with their files', () => {
    const text = removalDetail(3, [record], english);
    assert.match(text, /^Deletes all keys \(3\) /);
    assert.match(text, /\nClaude Code: \/home\/a\/\.claude\/settings\.json$/);
  });

  it('says nothing of clients where none is connected, or nobody knows', () => {
    assert.equal(removalDetail(0, [], english), removalDetail(0, null, english));
    assert.doesNotMatch(removalDetail(0, [], english), /disconnected/);
  });
});

describe('the result of removing all', () => {
  it('says that all is gone, and which clients were disconnected', () => {
    const done = { client: 'codex', file: '/codex', undone: 'restored', error: null } as const;
    assert.equal(
      removalText({ ...whole, disconnected: [done] }, english.t),
      'All Keywheel data was removed. Disconnected: Codex.',
    );
  });

  it('says what could not be put back, and why', () => {
    const stuck = {
      client: 'codex',
      file: '/codex',
      undone: null,
      error: new ConfigError('readOnly', '/codex'),
    } as const;
    assert.equal(
      removalText({ ...whole, disconnected: [stuck] }, english.t),
      'Not everything could be removed. /codex is read-only and was not changed.',
    );
    assert.match(removalText({ ...whole, disconnected: null }, english.t), /records .* are unreadable/);
  });

  it('names the keys that the keychain still has, once', () => {
    const text = removalText({ ...whole, keysLeft: ['Private', 'Work'], isVaultClear: false }, english.t);
    assert.equal(text, 'Not everything could be removed. The system keychain still has: Private, Work.');
    assert.match(removalText({ ...whole, isVaultClear: false }, english.t), /a key that Keywheel cannot/);
  });

  it('says where counts are still known', () => {
    assert.match(removalText({ ...whole, isForgotten: false }, english.t), /Another window still holds data/);
  });
});

describe('a message that repeats what a model, a client or a stranger says', () => {
  it('runs no command at a click, as VS Code would make a link of it', () => {
    // VS Code's own expression (src/vs/base/common/linkedText.ts).
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const say = (text: string): string =>
      testResultText(
        { kind: 'answered', model: 'x/y', text, tookMs: 1, keyLabel: null, attempts: 1 },
        english,
      );
    for (const text of [
      '[Fix it](command:workbench.action.terminal.sendSequence?%7B%7D)',
      '[a](https://evil.example "title")',
      '[[a]](file:///etc/passwd)[b](command:x)',
    ]) {
      assert.match(say(text), link);
      assert.doesNotMatch(withoutLinks(say(text)), link);
    }
    assert.equal(withoutLinks('f[0](x) and (y)'), 'f[0] (x) and (y)');
    assert.equal(withoutLinks('[plain] text'), '[plain] text');
  });
});
