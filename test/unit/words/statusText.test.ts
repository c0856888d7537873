import assert from 'node:assert/strict';
import type { DashboardState } from '../../../src/service/messages';
import type { AccountView, ProxyState } from '../../../src/service/snapshot';
import { notRunningText } from '../../../src/words/stateWords';
import { statusText } from '../../../src/words/statusText';
import { Formats } from '../../../src/words/formats';
import { accountView, english, keyView, midnightMs, nowMs, runningView, stateOf } from '../vscode/views';

const usedUp = accountView({
  state: 'usedUp',
  untilMs: midnightMs,
  day: { used: 50, limit: 50, left: 0, own: 50, server: null, resetAtMs: midnightMs },
});

const blocked = accountView({
  state: 'locked',
  untilMs: nowMs + 5 * 60_000,
  locks: [{ covers: 'all', reason: 'edgeBlocked', untilMs: nowMs + 5 * 60_000 }],
});

function text(...args: Parameters<typeof stateOf>): string {
  return statusText(stateOf(...args), 'number', english).text;
}

describe('statusText', () => {
  it('shows what is left over all accounts, in the form that is set', () => {
    const state = stateOf([accountView(), accountView({ accountId: 'account-2', keys: [keyView()] })]);
    assert.equal(statusText(state, 'number', english).text, '$(key) 1,568');
    assert.equal(statusText(state, 'percent', english).text, '$(key) 78%');
    assert.equal(statusText(state, 'usedOfLimit', english).text, '$(key) 432/2,000');
  });

  it("writes numbers as the user's language does", () => {
    const german = { ...english, formats: new Formats('de', 'UTC') };
    const many = accountView({ day: { ...accountView().day, left: 1834 } });
    assert.equal(statusText(stateOf([many]), 'number', german).text, '$(key) 1.834');
  });

  it('says in words what it shows in figures', () => {
    const { spoken, severity } = statusText(stateOf([accountView()]), 'percent', english);
    assert.equal(spoken, 'Keywheel: 784 of 1,000 free requests left today');
    assert.equal(severity, 'normal');
  });

  it('warns while nothing is left today, with the time of the reset', () => {
    const shown = statusText(stateOf([usedUp]), 'number', english);
    assert.equal(shown.text, '$(warning) 0 · resets 00:00');
    assert.equal(shown.severity, 'warning');
    assert.equal(shown.spoken, 'Keywheel: No free requests left today. They reset at 00:00');
    assert.equal(statusText(stateOf([usedUp]), 'percent', english).text, '$(warning) 0% · resets 00:00');
    assert.equal(
      statusText(stateOf([usedUp]), 'usedOfLimit', english).text,
      '$(warning) 50/50 · resets 00:00',
    );
  });

  it('warns while a lock holds every account back, whatever is left today', () => {
    const shown = statusText(stateOf([blocked]), 'number', english);
    assert.equal(shown.text, '$(warning) 0 until 18:05');
    assert.equal(shown.severity, 'warning');
    assert.equal(shown.spoken, 'Keywheel: Blocked by Cloudflare until 18:05');
    assert.equal(shown.changesAtMs, nowMs + 4 * 60_000);
  });

  it('counts what can be served now: an account that is locked adds nothing, one at its minute limit does', () => {
    const shown = statusText(stateOf([accountView(), blocked, usedUp]), 'number', english);
    assert.deepEqual([shown.text, shown.severity], ['$(key) 784', 'normal']);
    const waiting = accountView({ state: 'waiting', untilMs: nowMs + 20_000 });
    assert.equal(text([waiting, blocked]), '$(key) 784');
    const soonFree = accountView({ state: 'locked', untilMs: nowMs + 20_000 });
    assert.equal(text([soonFree]), '$(key) 784');
    const refused = keyView({ locks: [{ covers: 'all', reason: 'unauthorized', untilMs: nowMs + 20_000 }] });
    const refusing = accountView({ ...soonFree, keys: [refused] });
    assert.equal(text([refusing]), '$(warning) 0 until 18:00:20');
    assert.equal(text([refusing, accountView()]), '$(key) 784');
  });

  it('is calm whatever was refused, as long as something free can be served', () => {
    const { snapshot, ...rest } = stateOf([accountView({ keys: [keyView({ paidUse: 'never' })] })]);
    const wheel = { ...snapshot.wheel, paidRefusedAtMs: nowMs - 1000 };
    const shown = statusText({ ...rest, snapshot: { ...snapshot, wheel } }, 'number', english);
    assert.deepEqual([shown.text, shown.severity], ['$(key) 784', 'normal']);
  });

  const noCredits = { covers: 'paid', reason: 'noCredits', untilMs: nowMs + 10 * 60_000 } as const;

  function after(agoMs: number, ...accounts: readonly AccountView[]): ReturnType<typeof statusText> {
    const own = accounts.length === 0 ? [accountView({ locks: [noCredits] })] : accounts;
    const { snapshot, ...rest } = stateOf(own);
    const wheel = { ...snapshot.wheel, paidRefusedAtMs: nowMs - agoMs };
    return statusText({ ...rest, snapshot: { ...snapshot, wheel } }, 'number', english);
  }

  it('says what keeps paid requests back, and nothing where only the request that was refused is', () => {
    const capped = keyView({ locks: [{ ...noCredits, reason: 'keyCap' }] });
    assert.equal(
      after(1_000, accountView({ keys: [capped] })).text,
      '$(warning) Key’s spending limit reached',
    );
    assert.equal(
      after(1_000, accountView({ keys: [capped] })).spoken,
      'Keywheel: Paid requests: Key’s spending limit reached',
    );
    assert.equal(after(1_000, accountView({ keys: [capped, keyView()] })).text, '$(key) 784');
    assert.equal(after(1_000, accountView({ locks: [noCredits] }), accountView()).text, '$(key) 1,568');
    // The request was too dear for the account, or the setting freeOnly refused it.
    assert.equal(after(1_000, accountView()).text, '$(key) 784');
    const soon = accountView({ locks: [{ ...noCredits, untilMs: nowMs + 2_000 }] });
    assert.equal(after(1_000, soon).changesAtMs, nowMs + 2_000);
  });

  it('tells for five minutes that a paid request found no credits, without a color', () => {
    assert.deepEqual([after(60_000).text, after(60_000).severity], ['$(warning) No credits', 'normal']);
    assert.equal(after(60_000).changesAtMs, nowMs + 4 * 60_000);
    assert.equal(after(60_000, usedUp).text, '$(warning) 0 · resets 00:00');
    assert.equal(after(300_000).text, '$(key) 784');
  });

  it('spins while requests wait, and says how many', () => {
    const state = stateOf([accountView()]);
    const wheel = { ...state.snapshot.wheel, waiting: 2 };
    const shown = statusText({ ...state, snapshot: { ...state.snapshot, wheel } }, 'number', english);
    assert.equal(shown.text, '$(loading~spin) 784');
    assert.match(shown.spoken, /2 requests waiting/);
  });

  it('shows credits where nothing free is used and they are known', () => {
    const paid = [accountView({ creditsLeft: 12.5 }), accountView({ accountId: 'b', creditsLeft: 3 })];
    assert.equal(text(paid, { paidOnly: true }), '$(key) $15.50');
    assert.equal(text(paid), '$(key) 1,568');
    assert.equal(text([accountView()], { paidOnly: true }), '$(key) 784');
  });

  it('shows no credits where a key may spend what no cap tells', () => {
    const capped = accountView({ creditsLeft: 12.5 });
    const keys = [keyView({ paidUse: 'never' }), keyView({ enabled: false })];
    assert.equal(text([capped, accountView({ accountId: 'b' })], { paidOnly: true }), '$(key) 1,568');
    assert.equal(text([capped, accountView({ accountId: 'b', keys })], { paidOnly: true }), '$(key) $12.50');
  });

  it('shows no figure where nothing free is served and no credits are known', () => {
    const day = { ...accountView().day, used: 0, limit: 0, left: 0 };
    const paid = stateOf([accountView({ day, keys: [keyView({ paidUse: 'only' })] })]);
    const { text: shown, spoken } = statusText(paid, 'usedOfLimit', english);
    assert.deepEqual([shown, spoken], ['$(key) Keywheel', 'Keywheel: Ready']);
  });

  it('asks for a key only once the vault has said that there is none', () => {
    assert.equal(text([]), '$(key) Keywheel: Add Key');
    assert.equal(text([], { vault: 'loading' }), '$(loading~spin) Keywheel');
    assert.equal(text([], { vault: 'slow' }), '$(loading~spin) Waiting for keychain');
    assert.equal(text([], { vault: 'refused' }), '$(warning) No keychain');
  });

  it('shows figures of keys that the vault did not keep', () => {
    assert.equal(text([accountView()], { vault: 'refused' }), '$(key) 784');
  });

  it('says when no key can be used', () => {
    assert.equal(text([accountView({ keys: [keyView({ health: 'bad' })] })]), '$(key) No usable key');
    assert.equal(text([accountView({ keys: [keyView({ enabled: false })] })]), '$(key) No usable key');
  });

  it('is told to whoever needs the proxy: that it is stopped, starts, or why it failed', () => {
    for (const [proxy, said] of [
      [{ kind: 'stopped' }, /^The proxy is stopped\. Start it/],
      [{ kind: 'starting' }, /^The proxy is starting\. Try again/],
      [{ kind: 'failed', code: 'portInUse', port: 9999, detail: '' }, /9999.*\. Close that program/],
    ] as const)
      assert.match(notRunningText(proxy, english.t), said);
  });

  it('says first of all why the proxy does not run', () => {
    const failed = (code: (ProxyState & { kind: 'failed' })['code']): ProxyState => ({
      kind: 'failed',
      code,
      port: 9999,
      detail: 'ENOBUFS',
    });
    const seen = (proxy: ProxyState): [string, string] => {
      const shown = statusText(stateOf([], { proxy, vault: 'loading' }), 'number', english);
      return [shown.text, shown.severity];
    };
    const imitation: ProxyState = { kind: 'failed', code: 'otherProduct', port: 1, detail: '$(bug) $$(x)' };
    assert.deepEqual(seen(imitation), ['$(key) Served by (bug) (x)', 'normal']);
    assert.deepEqual(seen({ kind: 'stopped' }), ['$(circle-slash) Keywheel stopped', 'normal']);
    assert.deepEqual(seen({ kind: 'starting' }), ['$(loading~spin) Keywheel', 'normal']);
    assert.deepEqual(seen(failed('portInUse')), ['$(error) Keywheel: port 9999 in use', 'error']);
    assert.deepEqual(seen(failed('portSilent')), ['$(error) Keywheel: port 9999 does not answer', 'error']);
    assert.deepEqual(seen(failed('portForbidden')), ['$(error) Keywheel: port 9999 not allowed', 'error']);
    assert.deepEqual(seen(failed('other')), ['$(error) Keywheel not running', 'error']);
    assert.deepEqual(seen(failed('otherMachine')), ['$(remote) Served by another machine', 'normal']);
  });
});

describe('the status bar while OpenRouter cannot be reached', () => {
  const unreached = { cause: 'name', code: 'ENOTFOUND', sinceMs: nowMs - 60_000, heldUntilMs: null } as const;

  it('says so instead of a number, and why for those who hear it', () => {
    const state = stateOf([accountView()]);
    const gone: DashboardState = {
      ...state,
      snapshot: {
        ...state.snapshot,
        unreached,
        running: [runningView({ stage: 'pausing', outcome: 'notSent', nextAtMs: nowMs + 9_000 })],
      },
    };
    const shown = statusText(gone, 'number', english);
    assert.equal(shown.text, '$(cloud-offline) OpenRouter unreachable');
    assert.equal(shown.severity, 'warning');
    assert.equal(
      shown.spoken,
      'Keywheel: OpenRouter has been unreachable since 17:59 (address not found, ENOTFOUND). 1 request is being retried, next at 18:00:09.',
    );
  });

  it('says nothing of it while there is no key that could be served', () => {
    const state = stateOf([]);
    const gone = { ...state, snapshot: { ...state.snapshot, unreached } };
    assert.match(statusText(gone, 'number', english).text, /Add Key/);
  });
});
