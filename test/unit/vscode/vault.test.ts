/** Windows that share one SecretStorage and do not know of each other never remove each other's keys. */
import assert from 'node:assert/strict';
import type { SecretStorage } from 'vscode';
import { TextLog } from '../../../src/base/log';
import { keyIdOf } from '../../../src/base/secret';
import { Keyring } from '../../../src/service/keyring/keyring';
import { newProxyKey, plainKey } from '../../../src/service/keyring/storedKey';
import { SecretStorageVault } from '../../../src/vscode/vault';
import { ManualClock } from '../../support/manualClock';

const keyOf = (name: string): string => `sk-or-v1-${name}-0000000000000000`;
const idOf = (name: string): string => keyIdOf(keyOf(name));

/** As in the versions of VS Code that cannot list the names of secrets. */
class MemorySecrets implements SecretStorage {
  readonly values = new Map<string, string>();
  /** The storage answers nothing until this resolves. */
  opened: Promise<void> = Promise.resolve();
  readonly onDidChange = (): { dispose: () => void } => ({ dispose: () => undefined });

  async get(name: string): Promise<string | undefined> {
    await this.opened;
    return this.values.get(name);
  }

  async store(name: string, value: string): Promise<void> {
    await this.opened;
    this.values.set(name, value);
  }

  async delete(name: string): Promise<void> {
    await this.opened;
    this.values.delete(name);
  }
}

/** As in later versions of VS Code, which list the names. */
class ListingSecrets extends MemorySecrets {
  keys(): Promise<string[]> {
    return Promise.resolve([...this.values.keys()]);
  }
}

/** As in a browser: a window reads all secrets once, and stores all of its copies with each change. */
class BrowserSecrets extends ListingSecrets {
  constructor(private readonly browser: { stored: ReadonlyMap<string, string> }) {
    super();
    for (const [name, value] of browser.stored) this.values.set(name, value);
  }

  override async store(name: string, value: string): Promise<void> {
    await super.store(name, value);
    this.browser.stored = new Map(this.values);
  }

  override async delete(name: string): Promise<void> {
    await super.delete(name);
    this.browser.stored = new Map(this.values);
  }
}

function windowOn(secrets: SecretStorage): Keyring {
  return new Keyring({
    vault: new SecretStorageVault(secrets, secrets instanceof BrowserSecrets),
    clock: new ManualClock(),
    log: new TextLog(() => undefined),
    firstProxyKey: newProxyKey,
    check: () => Promise.resolve({ kind: 'unreachable', detail: '' }),
  });
}

async function loadedWindowOn(secrets: SecretStorage): Promise<Keyring> {
  const keyring = windowOn(secrets);
  await keyring.load();
  return keyring;
}

async function labelsIn(secrets: SecretStorage): Promise<readonly string[]> {
  return (await loadedWindowOn(secrets)).keys.map(({ label }) => label);
}

function indexOf({ values }: MemorySecrets): unknown {
  return JSON.parse(values.get('index') ?? '{}');
}

describe('the vault of two windows that do not know of each other', () => {
  it('holds what each of them added', async () => {
    const secrets = new MemorySecrets();
    const [one, other] = [await loadedWindowOn(secrets), await loadedWindowOn(secrets)];
    await one.add(keyOf('a'), 'a');
    await other.add(keyOf('b'), 'b');
    assert.deepEqual(await labelsIn(secrets), ['a', 'b']);
  });

  it('holds both keys where one order was stored between the other and its record', async () => {
    const secrets = new MemorySecrets();
    const names = ['a', 'b'];
    const vaults = names.map((name) => ({ name, vault: new SecretStorageVault(secrets) }));
    for (const { name, vault } of vaults) await vault.saveOrder([idOf(name)]);
    for (const { name, vault } of vaults) await vault.saveKey(plainKey(keyOf(name), name));
    assert.deepEqual([...(await labelsIn(secrets))].sort(), names);
  });

  it('keeps what one of them does not know after what it has put in order, and forgets what was removed', async () => {
    const secrets = new MemorySecrets();
    const first = await loadedWindowOn(secrets);
    for (const name of ['a', 'b', 'c']) await first.add(keyOf(name), name);
    const other = await loadedWindowOn(secrets);
    await other.add(keyOf('d'), 'd');
    await other.remove(idOf('b'));
    await other.remove(idOf('c'));
    await first.reorder(['b', 'a'].map(idOf));
    assert.deepEqual(await labelsIn(secrets), ['a', 'd']);
    await other.reorder(['d', 'a'].map(idOf));
    assert.deepEqual(indexOf(secrets), { keyIds: ['d', 'a'].map(idOf) });
  });

  it('has its order from the index also where names can be listed', async () => {
    const secrets = new ListingSecrets();
    const vault = new SecretStorageVault(secrets);
    const names = ['c', 'a', 'b'].sort((one, other) => (idOf(one) < idOf(other) ? 1 : -1));
    for (const name of names) await vault.saveKey(plainKey(keyOf(name), name));
    await vault.saveOrder(names.map(idOf));
    await vault.saveOrder([idOf('n')]);
    await vault.saveKey(plainKey(keyOf('n'), 'n'));
    assert.deepEqual(await labelsIn(secrets), [...names, 'n']);
  });
});

describe('the vault of two windows in a browser, which tell each other of their keys', () => {
  const none: ReadonlyMap<string, string> = new Map();
  const browser = { stored: none };
  let one: Keyring;
  let other: Keyring;

  beforeEach(async () => {
    browser.stored = none;
    one = await loadedWindowOn(new BrowserSecrets(browser));
    await one.add(keyOf('a'), 'a');
    other = await loadedWindowOn(new BrowserSecrets(browser));
  });

  it('holds, after each of them has added one, both and what was there', async () => {
    await one.add(keyOf('b'), 'b');
    other.adopt(one.keySet);
    await other.add(keyOf('c'), 'c');
    assert.deepEqual(await labelsIn(new BrowserSecrets(browser)), ['a', 'b', 'c']);
  });

  it('holds no removed key, the new name, the order and the proxy key, after the other has changed something', async () => {
    for (const name of ['b', 'c']) await one.add(keyOf(name), name);
    other.adopt(one.keySet);
    await other.update([idOf('c')], { dailyLimit: 7 });
    one.adopt(other.keySet);
    await one.remove(idOf('a'));
    await one.update([idOf('b')], { label: 'B' });
    await one.reorder(['c', 'b'].map(idOf));
    await one.renewProxyKey();
    other.adopt(one.keySet);
    await other.add(keyOf('d'), 'd');
    const later = await loadedWindowOn(new BrowserSecrets(browser));
    assert.deepEqual(
      later.keys.map(({ label, dailyLimit }) => [label, dailyLimit]),
      [
        ['c', 7],
        ['B', null],
        ['d', null],
      ],
    );
    assert.equal(later.proxyKey, one.proxyKey);
  });
});

describe('the vault of a slow keychain', () => {
  it('keeps the keys that it held when one was added before it had answered', async () => {
    const secrets = new MemorySecrets();
    const before = await loadedWindowOn(secrets);
    for (const name of ['a', 'c']) await before.add(keyOf(name), name);
    let open = (): void => undefined;
    secrets.opened = new Promise((resolve) => (open = resolve));
    const keyring = windowOn(secrets);
    const working = Promise.all([keyring.load(), keyring.add(keyOf('b'), 'b')]);
    open();
    await working;
    assert.deepEqual(
      keyring.keys.map(({ label }) => label),
      ['a', 'c', 'b'],
    );
    assert.deepEqual(await labelsIn(secrets), ['a', 'c', 'b']);
  });
});
