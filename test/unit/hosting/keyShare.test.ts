/** Keys that windows change at the same moment, or while nobody hosts: no window's change undoes another's. */
import assert from 'node:assert/strict';
import { TextLog } from '../../../src/base/log';
import { keyIdOf } from '../../../src/base/secret';
import { KeyShare, SharedKeys } from '../../../src/hosting/keyShare';
import { Keyring } from '../../../src/service/keyring/keyring';
import {
  noKeys,
  plainKey,
  type KeySet,
  type SecretVault,
  type StoredKey,
  type VaultContents,
} from '../../../src/service/keyring/storedKey';
import { ManualClock, settled } from '../../support/manualClock';

const keyOf = (name: string): string => `sk-or-v1-${name}-0000000000000001`;
const log = new TextLog(() => undefined);

/** The keychain of all windows. */
class SharedVault implements SecretVault {
  keys: readonly StoredKey[] = [];
  revision = 5;
  isLocked = false;

  async load(): Promise<VaultContents> {
    await Promise.resolve();
    if (this.isLocked) throw new Error('It is locked.');
    return { keys: this.keys, proxyKey: 'kw-stored', revision: this.revision, damaged: [] };
  }

  async saveKey(stored: StoredKey): Promise<void> {
    await Promise.resolve();
    this.keys = [...this.keys.filter(({ key }) => key !== stored.key), stored];
  }

  async removeKey(keyId: string): Promise<void> {
    await Promise.resolve();
    this.keys = this.keys.filter(({ key }) => keyIdOf(key) !== keyId);
  }

  async clearKeys(): Promise<void> {
    await Promise.resolve();
    this.keys = [];
  }

  async saveOrder(): Promise<void> {
    await Promise.resolve();
  }

  async saveProxyKey(): Promise<void> {
    await Promise.resolve();
  }

  async saveRevision(revision: number): Promise<void> {
    await Promise.resolve();
    this.revision = revision;
  }
}

describe('keys that windows share', () => {
  let clock: ManualClock;
  let vault: SharedVault;
  let windows: Window[];

  beforeEach(() => {
    clock = new ManualClock();
    vault = new SharedVault();
    vault.keys = [plainKey(keyOf('anna')), plainKey(keyOf('ben'))];
    windows = [];
  });

  class Window {
    readonly keyring: Keyring;
    readonly share: KeyShare;
    host: SharedKeys | null = null;

    constructor() {
      this.keyring = new Keyring({
        vault,
        clock,
        log,
        check: () =>
          Promise.resolve({ kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 0, capLeft: null }),
        firstProxyKey: () => 'kw-first',
      });
      this.share = new KeyShare({
        keyring: this.keyring,
        log,
        ask: async ({ body }) => {
          await Promise.resolve();
          const { base, ...set } = body as KeySet & { base?: number };
          if (this.host === null) return null;
          return { status: this.host.offer(set, base) ? 200 : 409, body: this.host.current };
        },
      });
    }

    /** Reads the host's stream from now on. */
    follow(host: SharedKeys): void {
      this.host = host;
      host.onDidChange(() => {
        if (this.host === host) this.share.receive(host.current);
      });
      this.share.receive(host.current);
    }

    lose(): void {
      this.host = null;
      this.share.lost();
    }

    get names(): string {
      return namesIn(this.keyring.keySet);
    }
  }

  async function open(): Promise<Window> {
    const window = new Window();
    windows.push(window);
    await window.keyring.load();
    return window;
  }

  function hostWith(set: KeySet): SharedKeys {
    const host = new SharedKeys({ setKeys: () => undefined, setProxyKey: () => undefined }, log);
    host.offer(set);
    return host;
  }

  function namesIn({ keys }: KeySet): string {
    return keys
      .map(({ key }) => key.split('-')[3])
      .sort()
      .join(' ');
  }

  async function allHave(host: SharedKeys, names: string): Promise<void> {
    await settled();
    assert.deepEqual([host.current, ...windows.map(({ keyring }) => keyring.keySet)].map(namesIn), [
      names,
      ...windows.map(() => names),
    ]);
  }

  it('are all kept where several windows add some at the same moment', async () => {
    const [one, two, three] = [await open(), await open(), await open()];
    const host = hostWith(one.keyring.keySet);
    for (const window of windows) window.follow(host);
    await Promise.all([
      one.keyring.add(keyOf('carl'), ''),
      two.keyring.add(keyOf('dora'), ''),
      three.keyring.add(keyOf('emil'), ''),
      two.keyring.add(keyOf('fritz'), ''),
    ]);
    await allHave(host, 'anna ben carl dora emil fritz');
  });

  it('stay removed where another window adds one at the same moment', async () => {
    const [one, two] = [await open(), await open()];
    const host = hostWith(one.keyring.keySet);
    for (const window of windows) window.follow(host);
    await Promise.all([one.keyring.remove(keyIdOf(keyOf('anna'))), two.keyring.add(keyOf('carl'), '')]);
    await allHave(host, 'ben carl');
  });

  for (const [who, hosts] of [
    ['a window without changes', 2],
    ['the one that changed them first', 0],
    ['the one that changed them last', 1],
  ] as const) {
    it(`are all kept where two windows add and remove some while nobody hosts, and ${who} hosts then`, async () => {
      const [one, two, three] = [await open(), await open(), await open()];
      await one.keyring.add(keyOf('carl'), '');
      clock.advance(1_000);
      await two.keyring.add(keyOf('dora'), '');
      await two.keyring.remove(keyIdOf(keyOf('ben')));
      const host = hostWith([one, two, three][hosts]?.keyring.keySet ?? noKeys);
      for (const window of [three, two, one]) {
        window.follow(host);
        await settled();
      }
      await allHave(host, 'anna carl dora');
    });
  }

  it('are all kept where they change while a host is gone', async () => {
    const [one, two] = [await open(), await open()];
    const first = hostWith(one.keyring.keySet);
    for (const window of windows) window.follow(first);
    for (const window of windows) window.lose();
    await one.keyring.add(keyOf('carl'), '');
    clock.advance(1_000);
    await two.keyring.add(keyOf('dora'), '');
    const second = hostWith(two.keyring.keySet);
    for (const window of windows) window.follow(second);
    await allHave(second, 'anna ben carl dora');
  });

  it('reach a host whose keychain is locked, also from a window that has given them to an earlier host', async () => {
    const one = await open();
    const first = hostWith(one.keyring.keySet);
    one.follow(first);
    one.lose();
    vault.isLocked = true;
    const two = await open();
    assert.equal(two.names, '');
    const second = hostWith(two.keyring.keySet);
    for (const window of [two, one]) window.follow(second);
    await allHave(second, 'anna ben');
    assert.equal(second.current.proxyKey, 'kw-stored');
  });

  it('are those with the highest revision where a window of an earlier build tells no more', () => {
    const host = hostWith({ ...noKeys, revision: 5 });
    assert.equal(host.offer({ ...noKeys, revision: 5 }), false);
    assert.equal(host.offer({ ...noKeys, revision: 6 }), true);
    assert.equal(host.offer({ ...noKeys, revision: 7 }, 5), false);
    assert.equal(host.offer({ ...noKeys, revision: 7 }, 6), true);
  });
});
