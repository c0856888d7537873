/** The keyring on vaults that fail in every way: no key is lost, and none stays behind. */
import assert from 'node:assert/strict';
import { Emitter } from '../../../../src/base/event';
import { TextLog } from '../../../../src/base/log';
import { keyIdOf } from '../../../../src/base/secret';
import type { KeyCheck } from '../../../../src/service/keyring/keyCheck';
import {
  joinedOrder,
  newProxyKey,
  plainKey,
  type SecretVault,
  type StoredKey,
  type VaultContents,
} from '../../../../src/service/keyring/storedKey';
import { Keyring } from '../../../../src/service/keyring/keyring';
import { ManualClock, settled } from '../../../support/manualClock';

const anna = 'sk-or-v1-anna-0000000000000001';
const ben = 'sk-or-v1-ben-00000000000000002';
const good: KeyCheck = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 0, capLeft: null };

type Step = keyof SecretVault;

/** Like VS Code's vault on a version that cannot list its secrets: a key that the order does not name is never found. */
class MemoryVault implements SecretVault {
  readonly records = new Map<string, StoredKey>();
  order: readonly string[] = [];
  proxyKey: string | null = null;
  private readonly changed = new Emitter<unknown>(() => undefined);
  readonly onDidChange = this.changed.event;
  /** Steps that fail before they do anything. */
  readonly failing = new Set<Step>();
  /** Steps that do their work and then fail, because the stored value could not be read back. */
  readonly failingAfter = new Set<Step>();

  async load(): Promise<VaultContents> {
    return await this.step('load', () => {
      const keys = this.order.flatMap((keyId) => this.records.get(keyId) ?? []);
      return { keys, proxyKey: this.proxyKey, damaged: [] };
    });
  }

  async saveKey(key: StoredKey): Promise<void> {
    await this.step('saveKey', () => void this.records.set(keyIdOf(key.key), key));
  }

  async removeKey(keyId: string): Promise<void> {
    await this.step('removeKey', () => void this.records.delete(keyId));
  }

  async clearKeys(): Promise<void> {
    await this.step('clearKeys', () => this.records.clear());
  }

  async saveOrder(keyIds: readonly string[]): Promise<void> {
    await this.step('saveOrder', () => (this.order = joinedOrder(keyIds, this.order)));
  }

  async saveProxyKey(proxyKey: string): Promise<void> {
    await this.step('saveProxyKey', () => (this.proxyKey = proxyKey));
  }

  onTry: (step: Step) => void = () => undefined;

  tellChange(): void {
    this.changed.fire(null);
  }

  private async step<T>(name: Step, run: () => T): Promise<T> {
    await Promise.resolve();
    this.onTry(name);
    if (this.failing.has(name)) throw new Error(`${name} failed`);
    const result = run();
    if (this.failingAfter.has(name)) throw new Error(`${name} could not be read back`);
    return result;
  }
}

/** A vault that answers when the test says so. */
class SlowVault extends MemoryVault {
  answer: (contents: VaultContents) => void = () => undefined;

  override async load(): Promise<VaultContents> {
    return await new Promise((resolve) => (this.answer = resolve));
  }
}

function keyringBeforeLoading(vault: SecretVault, check = good, clock = new ManualClock()): Keyring {
  const log = new TextLog(() => undefined);
  return new Keyring({ vault, clock, log, check: () => Promise.resolve(check), firstProxyKey: newProxyKey });
}

async function keyringOn(vault: MemoryVault, check = good): Promise<Keyring> {
  const keyring = keyringBeforeLoading(vault, check);
  await keyring.load();
  return keyring;
}

describe('Keyring', () => {
  it('leaves no record that nothing names, whichever step of adding a key fails', async () => {
    for (const name of ['saveKey', 'saveOrder'] as const) {
      for (const failing of ['failing', 'failingAfter'] as const) {
        const vault = new MemoryVault();
        const keyring = await keyringOn(vault);
        vault[failing].add(name);
        const result = await keyring.add(anna, 'private');
        assert.equal(result.kind, 'notKept', name);
        assert.deepEqual(keyring.keys, []);
        assert.equal(vault.records.size, 0, `${name} ${failing}`);
        vault[failing].clear();
        assert.equal((await keyring.add(anna, 'private')).kind, 'added');
      }
    }
  });

  it('finds what it kept in another session', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    await keyring.add(anna, 'private', 40);
    await keyring.add(ben, 'work');
    const later = await keyringOn(vault);
    assert.deepEqual(
      later.keys.map(({ label, dailyLimit }) => [label, dailyLimit]),
      [
        ['private', 40],
        ['work', null],
      ],
    );
    assert.equal(later.proxyKey, keyring.proxyKey);
  });

  it('has a proxy key before anybody hears that an empty vault has answered', async () => {
    const keyring = keyringBeforeLoading(new MemoryVault());
    const heard: (string | null)[] = [];
    keyring.onDidChange(() => {
      if (keyring.keySet.revision >= 0) heard.push(keyring.keySet.proxyKey);
    });
    await keyring.load();
    assert.notDeepEqual(heard, []);
    assert.ok(heard.every((proxyKey) => proxyKey !== null));
  });

  it('changes nothing before a slow vault has told what it holds', async () => {
    const vault = new SlowVault();
    const keyring = keyringBeforeLoading(vault);
    const loading = keyring.load();
    await settled();
    const removed = plainKey('sk-or-v1-removed-00000000003', 'removed');
    keyring.adopt({ revision: 100, keys: [plainKey(anna, 'Anna'), removed], proxyKey: 'kw-old' });
    const adding = keyring.add(ben, 'Ben');
    vault.answer({ keys: [plainKey(anna, 'Anna 2')], proxyKey: 'kw-new', revision: 200, damaged: [] });
    await Promise.all([loading, adding]);
    assert.deepEqual(
      keyring.keys.map(({ label }) => label),
      ['Anna 2', 'Ben'],
    );
    assert.equal(keyring.proxyKey, 'kw-new');
    assert.ok(keyring.keySet.revision > 200, 'so that the host takes it');
  });

  it('keeps what another window has told since the vault was written', async () => {
    const vault = new SlowVault();
    const keyring = keyringBeforeLoading(vault);
    const loading = keyring.load();
    await settled();
    const set = { revision: 300, keys: [plainKey(ben, 'Ben')], proxyKey: null };
    keyring.adopt(set);
    vault.answer({ keys: [plainKey(anna, 'Anna')], proxyKey: 'kw', revision: 200, damaged: [] });
    await loading;
    assert.deepEqual([keyring.keys, keyring.proxyKey], [set.keys, 'kw']);
  });

  it('takes a newer vault as it is where nothing was changed here', async () => {
    const vault = new SlowVault();
    const keyring = keyringBeforeLoading(vault);
    const loading = keyring.load();
    await settled();
    const keys = [plainKey(anna, 'Anna'), plainKey(ben, 'Ben')];
    keyring.adopt({ revision: 100, keys, proxyKey: null });
    vault.answer({ keys: [plainKey(ben, 'Ben')], proxyKey: 'kw', revision: 200, damaged: [] });
    await loading;
    assert.deepEqual(keyring.keySet, {
      revision: 200,
      keys: [plainKey(ben, 'Ben')],
      proxyKey: 'kw',
    });
  });

  it('keeps a key that the vault does not let go of', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    await keyring.add(anna, 'private');
    vault.failing.add('removeKey');
    await assert.rejects(keyring.remove(keyIdOf(anna)));
    assert.equal(keyring.keys.length, 1);
  });

  it('keeps its order where the vault does not take another', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    await keyring.add(anna, 'Anna');
    await keyring.add(ben, 'Ben');
    const before = keyring.keySet;
    vault.failing.add('saveOrder');
    await assert.rejects(keyring.reorder([ben, anna].map(keyIdOf)));
    assert.deepEqual(keyring.keySet, before);
    vault.failing.clear();
    await keyring.reorder([ben, anna].map(keyIdOf));
    assert.deepEqual(
      (await keyringOn(vault)).keys.map(({ label }) => label),
      ['Ben', 'Anna'],
    );
  });

  it('puts a removed key back at its place, with all that was set of it', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    await keyring.add(anna, 'private', 40);
    await keyring.add(ben, 'work');
    await keyring.update([keyIdOf(anna)], { accountName: 'Anna', paidUse: 'never' });
    const removed = await keyring.remove(keyIdOf(anna));
    assert.ok(removed);
    await keyring.put(removed, 0);
    const [first] = (await keyringOn(vault)).keys;
    assert.deepEqual(first, {
      key: anna,
      label: 'private',
      dailyLimit: 40,
      accountName: 'Anna',
      paidUse: 'never',
      enabled: true,
    });
  });

  it('changes several keys in one step, so that an account that is renamed stays one', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    await keyring.add(anna, 'Anna');
    await keyring.add(ben, 'Ben');
    const seen: (readonly (string | null)[])[] = [];
    const names = ({ keys }: Pick<Keyring, 'keys'>): readonly (string | null)[] =>
      keys.map(({ accountName }) => accountName);
    keyring.onDidChange(() => seen.push(names(keyring)));
    assert.equal(await keyring.update([anna, ben].map(keyIdOf), { accountName: 'Ada' }), true);
    assert.deepEqual(seen, [['Ada', 'Ada']]);
    assert.deepEqual(names(await keyringOn(vault)), ['Ada', 'Ada']);
    assert.equal(await keyring.update(['nobody'], { accountName: 'Eve' }), false);
  });

  it('puts another key in the place of one, with its name and all that is set of it', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    await keyring.add(anna, 'private', 40);
    await keyring.add(ben, 'work');
    await keyring.update([keyIdOf(anna)], { accountName: 'Anna', paidUse: 'never' });
    const eve = 'sk-or-v1-eve-00000000000000003';
    assert.equal((await keyring.replace(keyIdOf(anna), ` ${eve} `)).kind, 'added');
    const { keys } = await keyringOn(vault);
    const { key, ...set } = keys[0] ?? plainKey('');
    const expected = {
      label: 'private',
      dailyLimit: 40,
      accountName: 'Anna',
      paidUse: 'never',
      enabled: true,
    };
    assert.deepEqual([key, set], [eve, expected]);
    assert.deepEqual([keys.length, vault.records.size], [2, 2]);
    assert.deepEqual(await keyring.replace(keyIdOf(eve), ben), { kind: 'duplicate', label: 'work' });
    assert.equal((await keyring.replace(keyIdOf(eve), 'sk-something-else')).kind, 'malformed');
  });

  it('names a key by its own mask where the one before it had no other name', async () => {
    const keyring = await keyringOn(new MemoryVault());
    await keyring.add(anna, '');
    await keyring.replace(keyIdOf(anna), ben);
    assert.deepEqual(keyring.keys, [plainKey(ben)]);
  });

  it('takes neither what is no key, nor a key twice, nor one that OpenRouter refuses', async () => {
    const keyring = await keyringOn(new MemoryVault());
    assert.equal((await keyring.add('sk-something-else', '')).kind, 'malformed');
    assert.equal((await keyring.add(` ${anna}\n`, 'private')).kind, 'added');
    assert.deepEqual(await keyring.add(anna, 'again'), { kind: 'duplicate', label: 'private' });
    const refusing = await keyringOn(new MemoryVault(), { kind: 'bad' });
    assert.equal((await refusing.add(anna, '')).kind, 'bad');
    assert.equal(refusing.keys.length, 0);
  });
});

describe('Keyring on a locked keychain', () => {
  async function lockedWorld() {
    const vault = new MemoryVault();
    const before = await keyringOn(vault);
    await before.add(anna, 'Anna');
    for (const name of ['load', 'saveKey', 'saveOrder', 'saveProxyKey'] as const) vault.failing.add(name);
    const clock = new ManualClock();
    const keyring = keyringBeforeLoading(vault, good, clock);
    await keyring.load();
    assert.equal(keyring.health.kind, 'refused');
    assert.ok(keyring.proxyKey, 'clients can be served');
    const assertRead = (labels: readonly string[]): void => {
      assert.equal(keyring.health.kind, 'ok');
      assert.deepEqual(
        keyring.keys.map(({ label }) => label),
        labels,
      );
      assert.equal(keyring.proxyKey, before.proxyKey);
      assert.equal(vault.proxyKey, before.proxyKey);
    };
    return { vault, clock, keyring, assertRead };
  }

  it('keeps nothing but the proxy key of the session, and does not try again by itself', async () => {
    const { vault, clock, keyring } = await lockedWorld();
    assert.equal((await keyring.add(ben, 'Ben')).kind, 'notKept');
    await assert.rejects(keyring.renewProxyKey());
    assert.deepEqual(keyring.keys, []);
    assert.equal(clock.pending, 0);
    vault.failing.clear();
    assert.equal((await keyringOn(vault)).keys.length, 1);
  });

  it('finds its keys and the proxy key once the user tries again', async () => {
    const { vault, keyring, assertRead } = await lockedWorld();
    vault.failing.clear();
    await keyring.load();
    assertRead(['Anna']);
  });

  it('finds them when a key can be added, and that one comes last', async () => {
    const { vault, keyring, assertRead } = await lockedWorld();
    vault.failing.clear();
    assert.equal((await keyring.add(ben, 'Ben')).kind, 'added');
    assertRead(['Anna', 'Ben']);
  });

  it('finds them when another window could change something', async () => {
    const { vault, assertRead } = await lockedWorld();
    vault.failing.clear();
    vault.tellChange();
    await settled();
    await settled();
    assertRead(['Anna']);
  });

  it('tells other windows of the proxy key that it finds in the place of the session’s', async () => {
    const { vault, keyring } = await lockedWorld();
    const { revision, proxyKey } = keyring.keySet;
    vault.failing.clear();
    await keyring.load();
    assert.ok(keyring.keySet.revision > revision);
    assert.notEqual(keyring.proxyKey, proxyKey);
  });

  it('puts no proxy key in the place of one that it could not read', async () => {
    const vault = new MemoryVault();
    const { proxyKey } = await keyringOn(vault);
    vault.failing.add('load');
    const keyring = await keyringOn(vault);
    assert.equal(keyring.health.kind, 'refused');
    assert.equal(vault.proxyKey, proxyKey);
  });

  it('stores the session’s proxy key where the vault holds none once it takes it', async () => {
    const vault = new MemoryVault();
    vault.failing.add('saveProxyKey');
    const keyring = await keyringOn(vault);
    assert.equal(keyring.health.kind, 'refused');
    const { proxyKey } = keyring;
    vault.failing.clear();
    await keyring.load();
    assert.equal(keyring.health.kind, 'ok');
    assert.deepEqual([keyring.proxyKey, vault.proxyKey], [proxyKey, proxyKey]);
  });

  it('is not asked for the rest of a list once it has refused one key', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    vault.failing.add('saveKey');
    let tries = 0;
    vault.onTry = (step) => (tries += step === 'saveKey' ? 1 : 0);
    const entries = [anna, ben].map((key) => ({ key, dailyLimit: null }));
    const options = { onProgress: () => undefined, signal: new AbortController().signal };
    const added = await keyring.addAll(entries, options);
    assert.deepEqual(
      added.map(({ result }) => result.kind),
      ['notKept', 'notKept'],
    );
    assert.equal(tries, 1);
  });

  it('is said to be slow after five seconds, and waited for', async () => {
    const vault = new SlowVault();
    const clock = new ManualClock();
    const keyring = keyringBeforeLoading(vault, good, clock);
    const loading = keyring.load();
    await clock.run(5_000);
    assert.equal(keyring.health.kind, 'slow');
    vault.answer({ keys: [], proxyKey: 'kw', damaged: [] });
    await loading;
    assert.equal(keyring.health.kind, 'ok');
    assert.equal(clock.pending, 0);
  });

  it('is good again once a vault that was slow to keep the first proxy key has kept it', async () => {
    let keep = (): void => undefined;
    const vault = new MemoryVault();
    vault.saveProxyKey = async () => await new Promise<void>((resolve) => (keep = resolve));
    const clock = new ManualClock();
    const keyring = keyringBeforeLoading(vault, good, clock);
    const loading = keyring.load();
    await clock.run(5_000);
    assert.equal(keyring.health.kind, 'slow');
    keep();
    await loading;
    assert.equal(keyring.health.kind, 'ok');
    assert.equal(clock.pending, 0);
  });
});
