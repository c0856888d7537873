import assert from 'node:assert/strict';
import type { AccountView, KeyView, LockView } from '../../../src/service/snapshot';
import { accountsView, type Row } from '../../../src/webview/accountsView';
import { Formats } from '../../../src/words/formats';
import { accountView, english, keyView, midnightMs, nowMs, stateOf } from '../vscode/views';

function rows(...args: Parameters<typeof stateOf>): readonly Row[] {
  return accountsView(stateOf(...args), english).groups.flatMap((group) => group.rows);
}

function lock(change: Partial<LockView>): LockView {
  return { covers: 'free', reason: 'minuteLimit', untilMs: nowMs + 3_600_000, ...change };
}

const second = keyView({ keyId: 'bbbbbbbbbbbb', label: 'Second', masked: 'sk-or-v1-...2222' });

describe('accountsView', () => {
  it('has one row for an account with one key', () => {
    const [row, ...others] = rows([accountView()]);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [row?.kind, row?.title, row?.subtitle, row?.day, row?.minute?.text, row?.state.text],
      [
        'single',
        'Private',
        'sk-or-v1-...1c96',
        { text: '784 of 1,000', share: 0.784, isEmpty: false },
        '3 of 20',
        'Ready',
      ],
    );
  });

  it('tells both counts apart once a full minute does not explain the difference', () => {
    const counted = (used: number): (string | boolean | undefined)[] => {
      const server = { used, limit: 1000, atMs: nowMs };
      const [row] = rows([accountView({ day: { ...accountView().day, server } })]);
      return [row?.counts, row?.areCountsApart];
    };
    assert.deepEqual(counted(200), ['216 used here, 200 seen by OpenRouter', false]);
    assert.deepEqual(counted(300), ['216 used here, 300 seen by OpenRouter', true]);
    assert.deepEqual(
      [rows([accountView()])[0]?.counts, rows([accountView()])[0]?.areCountsApart],
      ['', false],
    );
  });

  it('tells the time of a last use of today, and the day of an earlier one', () => {
    const used = (hoursAgo: number): string | undefined =>
      rows([accountView({ keys: [keyView({ lastUsedAtMs: nowMs - hoursAgo * 3_600_000 })] })])[0]?.lastUsed;
    assert.deepEqual([used(1), used(20), used(200)], ['17:00', 'Nov 21', 'Nov 14']);
  });

  it('has credits only where some are known', () => {
    const hasCredits = (account: Parameters<typeof stateOf>[0][number]): boolean =>
      accountsView(stateOf([account]), english).hasCredits;
    assert.equal(hasCredits(accountView()), false);
    assert.equal(hasCredits(accountView({ creditsLeft: 3 })), true);
    assert.equal(hasCredits(accountView({ keys: [keyView({ capLeft: 1 }), second] })), true);
  });

  it('has a row for an account with several keys, then one for each, which do not repeat its state', () => {
    const [account, ...keys] = rows([accountView({ keys: [keyView({ requests: 3 }), second] })]);
    assert.equal(account?.subtitle, '2 keys of one account: 1,000 free requests a day');
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
    ].map((key) => rows([accountView({ keys: [key], state: 'usedUp', untilMs: midnightMs })])[0]?.state.text);
    assert.deepEqual(texts, [
      'Off',
      'Invalid key',
      'Management key: it cannot run models',
      'Key’s spending limit reached until 19:00',
      'Used up until 00:00',
    ]);
  });

  it('says until when, with seconds for soon and with the date for later than a day, and when to count down to', () => {
    const state = (untilMs: number): Row['state'] | undefined =>
      rows([accountView({ state: 'locked', locks: [lock({ untilMs })] })])[0]?.state;
    assert.equal(state(nowMs + 30_000)?.text, 'Minute limit reached until 18:00:30');
    assert.equal(state(nowMs + 3_600_000)?.text, 'Minute limit reached until 19:00');
    assert.equal(state(nowMs + 50 * 3_600_000)?.text, 'Minute limit reached until Nov 24, 20:00');
    assert.equal(state(nowMs + 30_000)?.untilMs, nowMs + 30_000);
  });

  it('shows the times of the zone that is set', () => {
    const tokyo = { ...english, formats: new Formats('en', 'Asia/Tokyo') };
    const usedUp = accountView({ state: 'usedUp', untilMs: midnightMs });
    const [group] = accountsView(stateOf([usedUp]), tokyo).groups;
    assert.equal(group?.rows[0]?.state.text, 'Used up until 09:00');
  });

  it('says that paid requests are held back where free ones can go', () => {
    const account = accountView({ locks: [lock({ covers: 'paid', reason: 'noCredits' })] });
    assert.equal(rows([account])[0]?.state.text, 'Ready (free only). Paid: No credits, next try 19:00');
    const far = accountView({
      locks: [lock({ covers: 'paid', reason: 'noCredits', untilMs: nowMs + 50 * 3_600_000 })],
    });
    assert.match(rows([far])[0]?.state.text ?? '', /next try Nov 24, 20:00$/);
  });

  it('names what keeps an account from serving where only its keys are held back', () => {
    const refused = (untilMs: number): KeyView =>
      keyView({ locks: [lock({ covers: 'all', reason: 'unauthorized', untilMs })] });
    const texts = (
      keys: readonly KeyView[],
      state: AccountView['state'] = 'locked',
    ): readonly (string | undefined)[] => rows([accountView({ state, keys })]).map((row) => row.state.text);
    const [soon, later] = [refused(nowMs + 3_600_000), { ...refused(nowMs + 7_200_000), keyId: 'other' }];
    assert.deepEqual(texts([soon]), ['Rejected by OpenRouter until 19:00']);
    assert.deepEqual(texts([later, soon]).slice(0, 2), [
      'Rejected by OpenRouter until 19:00',
      'Rejected by OpenRouter until 20:00',
    ]);
    const [bad, off] = [keyView({ health: 'bad' }), keyView({ keyId: 'off', enabled: false })];
    assert.deepEqual(texts([off, bad], 'off'), ['Invalid key', 'Off', '']);
    assert.deepEqual(texts([off], 'off'), ['Off']);
    const capped = keyView({ locks: [lock({ covers: 'paid', reason: 'keyCap' })] });
    const held = 'Ready (free only). Paid: Key’s spending limit reached, next try 19:00';
    assert.deepEqual(texts([capped], 'ready'), [held]);
    assert.deepEqual(texts([capped, second], 'ready'), ['Ready', held, '']);
  });

  it('says what holds paid requests back where an account, or a key, is for those alone', () => {
    const locks = [lock({ covers: 'paid', reason: 'noCredits' })];
    const key = keyView({ paidUse: 'only' });
    assert.equal(
      rows([accountView({ state: 'locked', locks, keys: [key] })])[0]?.state.text,
      'No credits until 19:00',
    );
    const bad = keyView({ keyId: 'cccccccccccc', health: 'bad' });
    const free = lock({ covers: 'free', reason: 'dailyLimit', untilMs: nowMs + 7_200_000 });
    const held = accountView({ state: 'locked', locks: [...locks, free], keys: [key, bad] });
    assert.equal(rows([held])[0]?.state.text, 'No credits until 19:00');
    const capped = keyView({ paidUse: 'only', locks: [lock({ covers: 'paid', reason: 'keyCap' })] });
    assert.equal(
      rows([accountView({ keys: [second, capped] })])[2]?.state.text,
      'Key’s spending limit reached until 19:00',
    );
  });

  it('names the rules of a key', () => {
    const key = keyView({ dailyLimit: 200, paidUse: 'never' });
    assert.deepEqual(rows([accountView({ keys: [key] })])[0]?.notes, [
      'your limit: 200 a day',
      'free requests only',
    ]);
  });

  it('can be unlocked where it or one of its keys is locked', () => {
    assert.equal(rows([accountView()])[0]?.isLocked, false);
    assert.equal(rows([accountView({ keys: [keyView({ locks: [lock({})] })] })])[0]?.isLocked, true);
    assert.equal(rows([accountView({ keys: [keyView({ locks: [lock({})] }), second] })])[0]?.isLocked, true);
  });

  it('shows no key that is removed, though the proxy may not know it yet', () => {
    const removed = [{ keyId: second.keyId, label: 'Second' }];
    const shown = rows([accountView({ keys: [keyView(), second] })], { removed });
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
    assert.equal(empty([], { vault: 'refused' }), 'noKeychain');
    assert.equal(empty([]), 'noKeys');
    assert.equal(empty([accountView()], { vault: 'slow' }), null);
    const stopped = stateOf([]);
    const keys = { ...stopped.snapshot.wheel, keys: 2 };
    const added = { ...stopped, snapshot: { ...stopped.snapshot, wheel: keys } };
    assert.equal(accountsView(added, english).empty, 'notRunning');
  });

  it('says where the keys are while the proxy is stopped, also while a removed one can be brought back', () => {
    const removed = [{ keyId: 'gone', label: 'Gone' }];
    const stopped = stateOf([], { removed });
    assert.equal(accountsView(stopped, english).empty, null);
    const { snapshot } = stopped;
    const other = { ...stopped, snapshot: { ...snapshot, wheel: { ...snapshot.wheel, keys: 1 } } };
    assert.equal(accountsView(other, english).empty, 'notRunning');
  });
});
