import assert from 'node:assert/strict';
import type { LockView } from '../../../src/service/snapshot';
import { accountsView, type Line } from '../../../src/webview/accountsView';
import { Formats } from '../../../src/webview/formats';
import { accountView, english, keyView, midnightMs, nowMs, stateOf } from '../vscode/views';

function lines(...args: Parameters<typeof stateOf>): readonly Line[] {
  return accountsView(stateOf(...args), english).groups.flatMap((group) => group.lines);
}

function lock(change: Partial<LockView>): LockView {
  return { covers: 'free', reason: 'busy', sinceMs: nowMs, untilMs: nowMs + 3_600_000, ...change };
}

const second = keyView({ keyId: 'bbbbbbbbbbbb', label: 'Second', masked: 'sk-or-v1-…2222' });

describe('accountsView', () => {
  it('has one line for an account with one key', () => {
    const [line, ...others] = lines([accountView()]);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [line?.kind, line?.title, line?.subtitle, line?.day, line?.minute?.text, line?.state.text],
      [
        'single',
        'Private',
        'sk-or-v1-…1c96',
        { text: '784 of 1,000', share: 0.784, isEmpty: false },
        '3 of 20',
        'Ready',
      ],
    );
  });

  it('has a line for an account with several keys, then one for each, which do not repeat its state', () => {
    const [account, ...keys] = lines([accountView({ keys: [keyView({ requests: 3 }), second] })]);
    assert.equal(account?.subtitle, '2 keys share 1,000 a day');
    assert.equal(account.requests, '3');
    assert.deepEqual(
      keys.map(({ kind, title, day, state }) => [kind, title, day, state.text]),
      [
        ['key', 'Private', null, ''],
        ['key', 'Second', null, ''],
      ],
    );
  });

  it("puts a key's own fault before the state of its account", () => {
    const texts = [
      keyView({ enabled: false, health: 'bad' }),
      keyView({ health: 'bad' }),
      keyView({ health: 'management' }),
      keyView({ locks: [lock({ covers: 'all', reason: 'keyCap' })] }),
      keyView(),
    ].map(
      (key) => lines([accountView({ keys: [key], state: 'usedUp', untilMs: midnightMs })])[0]?.state.text,
    );
    assert.deepEqual(texts, [
      'Off',
      'Bad key: OpenRouter does not accept it',
      'Management key: it cannot run models',
      'Spending cap of the key reached until 19:00',
      'Used up until 00:00',
    ]);
  });

  it('says until when, with seconds for soon and with the date for later than a day, and when to count down to', () => {
    const state = (untilMs: number): Line['state'] | undefined =>
      lines([accountView({ state: 'locked', locks: [lock({ untilMs })] })])[0]?.state;
    assert.equal(state(nowMs + 30_000)?.text, 'Provider is busy until 18:00:30');
    assert.equal(state(nowMs + 3_600_000)?.text, 'Provider is busy until 19:00');
    assert.equal(state(nowMs + 50 * 3_600_000)?.text, 'Provider is busy until Nov 24, 20:00');
    assert.equal(state(nowMs + 30_000)?.untilMs, nowMs + 30_000);
  });

  it('shows the times of the zone that is set', () => {
    const tokyo = { ...english, formats: new Formats('en', 'Asia/Tokyo') };
    const usedUp = accountView({ state: 'usedUp', untilMs: midnightMs });
    const [group] = accountsView(stateOf([usedUp]), tokyo).groups;
    assert.equal(group?.lines[0]?.state.text, 'Used up until 09:00');
  });

  it('says that paid requests are held back where free ones can go', () => {
    const account = accountView({ locks: [lock({ covers: 'paid', reason: 'noCredits' })] });
    assert.equal(lines([account])[0]?.state.text, 'Ready; paid requests: No credits until 19:00');
  });

  it('says what holds paid requests back where an account, or a key, is for those alone', () => {
    const locks = [lock({ covers: 'paid', reason: 'noCredits' })];
    const key = keyView({ paidUse: 'only' });
    assert.equal(
      lines([accountView({ state: 'locked', locks, keys: [key] })])[0]?.state.text,
      'No credits until 19:00',
    );
    const bad = keyView({ keyId: 'cccccccccccc', health: 'bad' });
    const free = lock({ covers: 'free', reason: 'dailyLimit', untilMs: nowMs + 7_200_000 });
    const held = accountView({ state: 'locked', locks: [...locks, free], keys: [key, bad] });
    assert.equal(lines([held])[0]?.state.text, 'No credits until 19:00');
    const capped = keyView({ paidUse: 'only', locks: [lock({ covers: 'paid', reason: 'keyCap' })] });
    assert.equal(
      lines([accountView({ keys: [second, capped] })])[2]?.state.text,
      'Spending cap of the key reached until 19:00',
    );
  });

  it('shows our own count beside the server’s only where they differ', () => {
    const counts = (used: number): string | undefined =>
      lines([accountView({ day: { ...accountView().day, server: { used, limit: 1000, atMs: nowMs } } })])[0]
        ?.counts;
    assert.equal(counts(220), 'here 216, OpenRouter 220');
    assert.equal(counts(216), '');
  });

  it('names the rules of a key, and that it is not kept', () => {
    const key = keyView({ dailyLimit: 200, paidUse: 'never' });
    const unsavedKeyIds = [key.keyId];
    assert.deepEqual(lines([accountView({ keys: [key] })], { unsavedKeyIds })[0]?.notes, [
      'at most 200 a day',
      'free requests only',
      'Kept until this window closes',
    ]);
  });

  it('can be unlocked where it or one of its keys is locked', () => {
    assert.equal(lines([accountView()])[0]?.isLocked, false);
    assert.equal(lines([accountView({ keys: [keyView({ locks: [lock({})] })] })])[0]?.isLocked, true);
    assert.equal(lines([accountView({ keys: [keyView({ locks: [lock({})] }), second] })])[0]?.isLocked, true);
  });

  it('shows no key that is removed, though the proxy may not know it yet', () => {
    const removed = [{ keyId: second.keyId, label: 'Second', untilMs: nowMs }];
    const shown = lines([accountView({ keys: [keyView(), second] })], { removed });
    assert.deepEqual(
      shown.map(({ kind, title }) => [kind, title]),
      [['single', 'Private']],
    );
  });

  it('asks for a first key once the vault has answered', () => {
    const empty = (...args: Parameters<typeof stateOf>): unknown =>
      accountsView(stateOf(...args), english).empty;
    assert.equal(empty([], { vault: 'loading' }), 'loading');
    assert.equal(empty([], { vault: 'slow' }), 'loading');
    assert.equal(empty([]), 'noKeys');
    assert.equal(empty([accountView()], { vault: 'slow' }), null);
    const stopped = stateOf([]);
    const keys = { ...stopped.snapshot.wheel, keys: 2 };
    const added = { ...stopped, snapshot: { ...stopped.snapshot, wheel: keys } };
    assert.equal(accountsView(added, english).empty, 'notRunning');
  });

  it('says where the keys are while the proxy is stopped, also while a removed one can be brought back', () => {
    const removed = [{ keyId: 'gone', label: 'Gone', untilMs: nowMs }];
    const stopped = stateOf([], { removed });
    assert.equal(accountsView(stopped, english).empty, null);
    const { snapshot } = stopped;
    const other = { ...stopped, snapshot: { ...snapshot, wheel: { ...snapshot.wheel, keys: 1 } } };
    assert.equal(accountsView(other, english).empty, 'notRunning');
  });
});
