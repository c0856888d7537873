/** Everything is removed, part by part; a part that fails is reported, and the others are removed all the same. */
import assert from 'node:assert/strict';
import { TextLog } from '../../../src/base/log';
import { keyIdOf } from '../../../src/base/secret';
import type { Disconnected } from '../../../src/clients/connector';
import { plainKey, type StoredKey } from '../../../src/service/keyring/storedKey';
import { isWhole, removeAll, type RemovalPorts } from '../../../src/clients/removal';

const secret = (name: string): string => `sk-or-v1-${name.repeat(64)}`;
const disconnected: Disconnected = { client: 'codex', file: '/codex', undone: 'restored', error: null };

function world(change: Partial<Record<'disconnect' | 'b' | 'vault' | 'proxyKey' | 'forget', true>> = {}) {
  const done: string[] = [];
  const lines: string[] = [];
  let keys: readonly StoredKey[] = ['a', 'b', 'c'].map((name) => plainKey(secret(name), name));
  const step = <T>(name: string, fails: boolean | undefined, result: T): Promise<T> => {
    if (fails) return Promise.reject(new Error(`${name} failed`));
    done.push(name);
    return Promise.resolve(result);
  };
  const ports: RemovalPorts = {
    connector: { disconnectAll: () => step('disconnect', change.disconnect, [disconnected]) },
    keyring: {
      get keys() {
        return keys;
      },
      remove: async (keyId) => {
        const stored = keys.find(({ key }) => keyIdOf(key) === keyId);
        assert.ok(stored);
        await step(stored.label, stored.label === 'b' && change.b, null);
        keys = keys.filter((key) => key !== stored);
        return stored;
      },
      renewProxyKey: () => step('proxyKey', change.proxyKey, 'kw-new'),
    },
    keyActions: { forgetRemoved: () => void done.push('removed') },
    vault: { clearKeys: () => step('vault', change.vault, undefined) },
    forget: () => step('forget', change.forget, true),
    log: new TextLog((level, line) => lines.push(`${level} ${line}`)),
  };
  return { ports, done, lines };
}

describe('removing everything', () => {
  it('disconnects clients first, while it is known what was written, and forgets counts last', async () => {
    const { ports, done, lines } = world();
    const removal = await removeAll(ports);
    assert.deepEqual(done, ['disconnect', 'removed', 'a', 'b', 'c', 'vault', 'proxyKey', 'forget']);
    assert.ok(isWhole(removal));
    assert.deepEqual(removal.disconnected, [disconnected]);
    assert.deepEqual(lines, []);
  });

  it('goes on where one part fails, tells which, and logs no secret', async () => {
    for (const part of ['disconnect', 'vault', 'forget'] as const) {
      const { ports, done, lines } = world({ [part]: true });
      const removal = await removeAll(ports);
      assert.equal(done.length, 7, part);
      assert.equal(isWhole(removal), false, part);
      assert.equal(removal.disconnected === null, part === 'disconnect');
      assert.equal(removal.isVaultClear, part !== 'vault');
      assert.equal(removal.isForgotten, part !== 'forget');
      assert.match(lines.join('\n'), new RegExp(`error .*failed\\.\\n.*${part} failed`, 's'));
      assert.doesNotMatch(lines.join('\n'), /sk-or-v1-a/);
    }
  });

  it('names the keys that the vault keeps, and removes the others', async () => {
    const { ports, done } = world({ b: true });
    const removal = await removeAll(ports);
    assert.deepEqual(removal.keysLeft, ['b']);
    assert.deepEqual(done, ['disconnect', 'removed', 'a', 'c', 'vault', 'proxyKey', 'forget']);
    assert.equal(isWhole(removal), false);
  });

  it('is not whole while a client stays connected, or the proxy remembers', async () => {
    const { ports, lines } = world();
    const stuck = { ...disconnected, undone: null, error: new Error('read-only') };
    const removal = await removeAll({
      ...ports,
      connector: { disconnectAll: () => Promise.resolve([stuck]) },
    });
    assert.equal(isWhole(removal), false);
    assert.match(lines.join('\n'), /codex stays connected/);
    assert.equal(isWhole({ ...removal, disconnected: [], isForgotten: false }), false);
  });
});
