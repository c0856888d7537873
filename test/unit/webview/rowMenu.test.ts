import assert from 'node:assert/strict';
import type { LockView, ProxyState } from '../../../src/service/snapshot';
import { accountsView, type Row } from '../../../src/webview/accountsView';
import { menuItems } from '../../../src/webview/rowMenu';
import { accountView, english, keyView, nowMs, stateOf } from '../vscode/views';

const running = stateOf([]).snapshot.proxy;
const locks: readonly LockView[] = [{ covers: 'free', reason: 'minuteLimit', untilMs: nowMs + 3_600_000 }];
const key = keyView({ locks });
const account = accountView({ keys: [key] });
const shared = accountView({ keys: [key, keyView({ keyId: 'bbbbbbbbbbbb', label: 'Second' })] });

/** The menu items of the first row of an account that stands between two others. */
function offered(of: typeof account, proxy: ProxyState): readonly string[] {
  const [first, last] = ['first', 'last'].map((accountId) => accountView({ accountId, keys: [] }));
  assert.ok(first && last);
  const row = accountsView(stateOf([first, of, last], { proxy }), english).groups[1]?.rows[0];
  assert.ok(row);
  return textsOf(row);
}

function textsOf(row: Row): readonly string[] {
  const nothing = (): void => undefined;
  return menuItems(row, { t: english.t, send: nothing }, nothing, nothing).map(({ text }) => text);
}

describe('the menu of a row', () => {
  it('offers all that can be done with a key and with an account', () => {
    assert.deepEqual(offered(account, running), [
      'Edit…',
      'Replace Key…',
      'Turn Off',
      'Check Now',
      'Unlock',
      'Move Up',
      'Move Down',
      'Key at OpenRouter',
      'Log at OpenRouter',
      'Remove',
    ]);
    assert.deepEqual(offered(shared, running), [
      'Rename Account…',
      'Check Now',
      'Unlock',
      'Move Up',
      'Move Down',
    ]);
  });

  it('moves an account, and a key within its account, only where there is another to change places with', () => {
    const moves = (accounts: readonly (typeof account)[]): unknown =>
      accountsView(stateOf(accounts), english).groups.map(({ rows }) =>
        rows.map((row) => textsOf(row).filter((text) => text.startsWith('Move '))),
      );
    assert.deepEqual(moves([account]), [[[]]]);
    assert.deepEqual(moves([shared]), [[[], ['Move Down'], ['Move Up']]]);
    const third = accountView({ accountId: 'third', keys: [keyView({ keyId: 'cccccccccccc' })] });
    assert.deepEqual(moves([shared, third]), [[['Move Down'], ['Move Down'], ['Move Up']], [['Move Up']]]);
  });

  it('does not offer what only a running proxy does', () => {
    const others: readonly ProxyState[] = [
      { kind: 'stopped' },
      { kind: 'starting' },
      { kind: 'failed', code: 'portInUse', port: 9999, detail: '' },
    ];
    for (const proxy of others) {
      assert.deepEqual(offered(account, proxy), [
        'Edit…',
        'Replace Key…',
        'Turn Off',
        'Move Up',
        'Move Down',
        'Key at OpenRouter',
        'Log at OpenRouter',
        'Remove',
      ]);
      assert.deepEqual(offered(shared, proxy), ['Rename Account…', 'Move Up', 'Move Down']);
    }
  });
});
