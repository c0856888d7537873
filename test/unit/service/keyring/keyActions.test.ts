import assert from 'node:assert/strict';
import { keyIdOf } from '../../../../src/base/secret';
import { KeyActions, orderAfterMove } from '../../../../src/service/keyring/keyActions';
import { plainKey } from '../../../../src/service/keyring/storedKey';
import { ManualClock } from '../../../support/manualClock';
import { accountView, keyView, stateOf } from '../../vscode/views';

const stored = ['sk-or-v1-a', 'sk-or-v1-b', 'sk-or-v1-c'].map((key) => plainKey(key, key.slice(-1)));
const ids = stored.map(({ key }) => keyIdOf(key));
const [a = '', b = '', c = ''] = ids;
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

const { snapshot } = stateOf([
  accountView({ accountId: 'one', keys: [keyView({ keyId: a })] }),
  accountView({ accountId: 'two', keys: [keyView({ keyId: b }), keyView({ keyId: c })] }),
]);

function world() {
  const clock = new ManualClock();
  const done: unknown[] = [];
  const actions = new KeyActions({
    clock,
    log: silent,
    service: {
      snapshot: () => snapshot,
      refresh: (keyId) => Promise.resolve(void done.push(['refresh', keyId])),
      unlock: (target) => void done.push(['unlock', target]),
    },
    keyring: {
      keys: stored,
      update: (keyIds, change) => Promise.resolve(done.push(['update', keyIds, change]) > 0),
      remove: (keyId) => Promise.resolve(stored.find(({ key }) => keyIdOf(key) === keyId) ?? null),
      put: (key, position) => Promise.resolve(done.push(['put', key.label, position]) > 0 ? null : key),
      reorder: (order) => Promise.resolve(void done.push(['reorder', order])),
    },
  });
  return { clock, actions, done };
}

describe('key actions', () => {
  it('bring a removed key back to its place within ten seconds', async () => {
    const { clock, actions, done } = world();
    assert.equal(await actions.run({ keyId: b }, { kind: 'remove' }), true);
    assert.deepEqual(actions.removed, [{ keyId: b, label: 'b' }]);
    clock.advance(9_999);
    assert.equal(await actions.run({ keyId: b }, { kind: 'undo' }), true);
    assert.deepEqual(done, [['put', 'b', 1]]);
    assert.deepEqual(actions.removed, []);
    assert.equal(clock.pending, 0);
  });

  it('forget a removed key, and with it the secret, after that', async () => {
    const { clock, actions, done } = world();
    let changes = 0;
    actions.onDidChange(() => changes++);
    await actions.run({ keyId: b }, { kind: 'remove' });
    clock.advance(10_000);
    assert.deepEqual(actions.removed, []);
    assert.equal(changes, 2);
    assert.equal(await actions.run({ keyId: b }, { kind: 'undo' }), false);
    assert.deepEqual(done, []);
  });

  it('forget all removed keys at once when asked to', async () => {
    const { clock, actions, done } = world();
    await actions.run({ keyId: a }, { kind: 'remove' });
    await actions.run({ keyId: b }, { kind: 'remove' });
    actions.forgetRemoved();
    assert.deepEqual(actions.removed, []);
    assert.equal(clock.pending, 0);
    assert.equal(await actions.run({ keyId: b }, { kind: 'undo' }), false);
    assert.deepEqual(done, []);
  });

  it('say so when there is no such key or account', async () => {
    const { actions } = world();
    assert.equal(await actions.run({ keyId: 'nobody' }, { kind: 'remove' }), false);
    assert.equal(await actions.run({ accountId: 'nobody' }, { kind: 'check' }), false);
  });

  it('check and unlock all keys of an account', async () => {
    const { actions, done } = world();
    await actions.run({ accountId: 'two' }, { kind: 'check' });
    await actions.run({ accountId: 'two' }, { kind: 'unlock' });
    assert.deepEqual(done, [
      ['refresh', b],
      ['refresh', c],
      ['unlock', { accountId: 'two' }],
      ['unlock', { keyId: b }],
      ['unlock', { keyId: c }],
    ]);
  });

  it('rename an account with all its keys in one step, and take its name away', async () => {
    const { actions, done } = world();
    assert.equal(
      await actions.run({ accountId: 'two' }, { kind: 'update', change: { accountName: 'Ada' } }),
      true,
    );
    await actions.run({ accountId: 'two' }, { kind: 'update', change: { accountName: null } });
    assert.deepEqual(done, [
      ['update', [b, c], { accountName: 'Ada' }],
      ['update', [b, c], { accountName: null }],
    ]);
  });

  it('move a key within its account, and a key that is alone with its account', () => {
    assert.deepEqual(orderAfterMove(snapshot.accounts, { keyId: c }, -1), [a, c, b]);
    assert.deepEqual(orderAfterMove(snapshot.accounts, { keyId: b }, -1), [a, b, c]);
    assert.deepEqual(orderAfterMove(snapshot.accounts, { keyId: a }, 1), [b, c, a]);
    assert.deepEqual(orderAfterMove(snapshot.accounts, { accountId: 'two' }, -1), [b, c, a]);
    assert.deepEqual(orderAfterMove(snapshot.accounts, { accountId: 'two' }, 1), [a, b, c]);
    assert.deepEqual(orderAfterMove(snapshot.accounts, { keyId: 'nobody' }, 1), [a, b, c]);
  });
});
