import assert from 'node:assert/strict';
import type { ProxyState } from '../../../src/service/snapshot';
import { statusText } from '../../../src/vscode/statusText';
import { Formats } from '../../../src/webview/formats';
import { accountView, english, keyView, midnightMs, nowMs, stateOf } from './views';

const usedUp = accountView({
  state: 'usedUp',
  untilMs: midnightMs,
  day: { used: 50, limit: 50, left: 0, own: 50, server: null, resetAtMs: midnightMs },
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

  it('says until when all is used up', () => {
    assert.equal(text([usedUp]), '$(key) Used up until 00:00');
  });

  it('warns for an hour after a refusal, with the time of the reset, and no longer', () => {
    const after = (agoMs: number, account = accountView()): ReturnType<typeof statusText> => {
      const state = stateOf([account]);
      const wheel = { ...state.snapshot.wheel, lastRefusalAtMs: nowMs - agoMs };
      return statusText({ ...state, snapshot: { ...state.snapshot, wheel } }, 'number', english);
    };
    assert.equal(after(60_000).text, '$(warning) 784, new ones at 00:00');
    assert.equal(after(60_000).severity, 'warning');
    assert.equal(after(60_000).warnsUntilMs, nowMs + 59 * 60_000);
    assert.equal(after(60_000, usedUp).text, '$(warning) Used up until 00:00');
    assert.deepEqual([after(3_600_000).text, after(3_600_000).severity], ['$(key) 784', 'normal']);
  });

  it('spins while requests wait, and says how many', () => {
    const state = stateOf([accountView()]);
    const wheel = { ...state.snapshot.wheel, waiting: 2 };
    const shown = statusText({ ...state, snapshot: { ...state.snapshot, wheel } }, 'number', english);
    assert.equal(shown.text, '$(loading~spin) 784');
    assert.match(shown.spoken, /2 requests wait/);
  });

  it('shows credits where nothing free is used and they are known', () => {
    const paid = [accountView({ creditsLeft: 12.5 }), accountView({ accountId: 'b', creditsLeft: 3 })];
    assert.equal(text(paid, { paidOnly: true }), '$(key) $15.50');
    assert.equal(text(paid), '$(key) 1,568');
    assert.equal(text([accountView()], { paidOnly: true }), '$(key) 784');
  });

  it('asks for a key only once the vault has said that there is none', () => {
    assert.equal(text([]), '$(key) Add a key');
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
    assert.deepEqual(seen({ kind: 'stopped' }), ['$(circle-slash) Keywheel stopped', 'normal']);
    assert.deepEqual(seen({ kind: 'starting' }), ['$(loading~spin) Keywheel', 'normal']);
    assert.deepEqual(seen(failed('portInUse')), ['$(error) Keywheel: port 9999 taken', 'error']);
    assert.deepEqual(seen(failed('portForbidden')), ['$(error) Keywheel: port 9999 forbidden', 'error']);
    assert.deepEqual(seen(failed('keywheelThere')), ['$(key) Served by another window', 'normal']);
    assert.deepEqual(seen(failed('other')), ['$(error) Keywheel not running', 'error']);
  });
});
