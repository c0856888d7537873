import assert from 'node:assert/strict';
import { actedOn, checkedText, unlockedText } from '../../../src/words/checkedText';
import { accountView, english, keyView, midnightMs, nowMs } from '../vscode/views';

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
    const text = (asked: Parameters<typeof actedOn>[1]): string => {
      const account = actedOn(accounts, asked);
      assert.ok(account);
      return checkedText(account, {}, nowMs, english);
    };
    assert.equal(text({ type: 'key', keyId: 'bad' }), 'Checked: OpenRouter does not accept it');
    for (const asked of [
      { type: 'key', keyId: 'good' },
      { type: 'account', accountId: 'account-1' },
    ] as const)
      assert.equal(text(asked), 'Not checked: OpenRouter gave no answer');
    assert.equal(actedOn(accounts, { type: 'key', keyId: 'gone' }), undefined);
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
