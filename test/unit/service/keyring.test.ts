/** The keyring on vaults that fail in every way: no key is lost, and none stays behind. */
import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event';
import { TextLog } from '../../../src/base/log';
import { keyIdOf } from '../../../src/base/secret';
import type { KeyCheck } from '../../../src/service/keyCheck';
import { joinedOrder } from '../../../src/service/keyOrder';
import { Keyring } from '../../../src/service/keyring';
import type { SecretVault, StoredKey, VaultContents } from '../../../src/service/ports';
import { plainKey } from '../../../src/service/storedKey';
import { ManualClock, settled } from '../../support/manualClock';

const anna = 'sk-or-v1-anna-0000000000000001';
const ben = 'sk-or-v1-ben-00000000000000002';
const good: KeyCheck = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 0, capLeft: null };

type Step = keyof SecretVault;

/** Like VS Code's on a version that cannot list its secrets: what the order does not name is never found. */
class MemoryVault implements SecretVault {
  readonly records = new Map<string, StoredKey>();
  order: readonly string[] = [];
  proxyKey: string | null = null;
  private readonly changed = new Emitter<unknown>(() => undefined);
  readonly onDidChange = this.changed.event;
  /** These fail before anything is done. */
  readonly failing = new Set<Step>();
  /** These do their work and fail then: what was stored could not be read back. */
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

/** Answers when the test says. */
class SlowVault extends MemoryVault {
  answer: (contents: VaultContents) => void = () => undefined;

  override async load(): Promise<VaultContents> {
    return await new Promise((resolve) => (this.answer = resolve));
  }
}

function keyringBeforeLoading(vault: SecretVault, check = good, clock = new ManualClock()): Keyring {
  const log = new TextLog(() => undefined);
  return new Keyring({ vault, clock, log, check: () => Promise.resolve(check) });
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
        assert.equal(result.kind === 'added' && result.stored, false, name);
        assert.equal(keyring.isStored(keyIdOf(anna)), false);
        assert.deepEqual(
          keyring.keys.map(({ label }) => label),
          ['private'],
        );
        for (const keyId of vault.records.keys())
          assert.ok(vault.order.includes(keyId), `${name} ${failing}`);
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

  it('adds to a slow vault’s keys what was added here, not what another window had before they were changed', async () => {
    const vault = new SlowVault();
    const keyring = keyringBeforeLoading(vault);
    const loading = keyring.load();
    const removed = plainKey('sk-or-v1-removed-00000000003', 'removed');
    keyring.adopt({
      revision: 100,
      keys: [plainKey(anna, 'Anna'), removed],
      proxyKey: 'kw-old',
      unstored: [],
    });
    await keyring.add(ben, 'Ben');
    const revision = keyring.keySet.revision;
    const contents = { keys: [plainKey(anna, 'Anna 2')], proxyKey: 'kw-new', revision: 200, damaged: [] };
    vault.answer(contents);
    await loading;
    assert.deepEqual(
      keyring.keys.map(({ label }) => label),
      ['Anna 2', 'Ben'],
    );
    assert.equal(keyring.proxyKey, 'kw-new');
    assert.ok(keyring.keySet.revision > revision, 'so that the host takes it');
  });

  it('takes a newer vault as it is where nothing was changed here', async () => {
    const vault = new SlowVault();
    const keyring = keyringBeforeLoading(vault);
    const loading = keyring.load();
    const keys = [plainKey(anna, 'Anna'), plainKey(ben, 'Ben')];
    keyring.adopt({ revision: 100, keys, proxyKey: null, unstored: [] });
    vault.answer({ keys: [plainKey(ben, 'Ben')], proxyKey: 'kw', revision: 200, damaged: [] });
    await loading;
    assert.deepEqual(keyring.keySet, {
      revision: 200,
      keys: [plainKey(ben, 'Ben')],
      proxyKey: 'kw',
      unstored: [],
    });
  });

  it('tells other windows which keys the vault refused, until they are removed', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    const other = await keyringOn(new MemoryVault());
    await keyring.add(anna, 'Anna');
    vault.failing.add('saveKey');
    await keyring.add(ben, 'Ben');
    other.adopt(keyring.keySet);
    assert.deepEqual([other.isStored(keyIdOf(anna)), other.isStored(keyIdOf(ben))], [true, false]);
    await other.remove(keyIdOf(ben));
    assert.deepEqual(other.keySet.unstored, []);
  });

  it('removes what a vault holds that said it did not', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    vault.failingAfter.add('saveKey');
    await keyring.add(anna, 'private');
    assert.equal(vault.records.size, 1);
    assert.equal((await keyring.remove(keyIdOf(anna)))?.label, 'private');
    assert.equal(vault.records.size, 0);
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
    await keyring.update(keyIdOf(anna), { accountName: 'Anna', paidUse: 'never' });
    const removed = await keyring.remove(keyIdOf(anna));
    assert.ok(removed);
    await keyring.restore(removed, 0);
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
      assert.equal(clock.pending, 0);
    };
    return { vault, clock, keyring, assertRead };
  }

  it('finds its keys and the proxy key once that is unlocked, by itself', async () => {
    const { vault, clock, assertRead } = await lockedWorld();
    await clock.run(30_000);
    vault.failing.clear();
    await clock.run(59_999);
    assert.equal(clock.pending, 1);
    await clock.run(1);
    assertRead(['Anna']);
  });

  it('finds them at once when a key could be added, and that one comes last', async () => {
    const { vault, keyring, assertRead } = await lockedWorld();
    vault.failing.clear();
    await keyring.add(ben, 'Ben');
    await settled();
    assertRead(['Anna', 'Ben']);
  });

  it('finds them soon when another window could change something', async () => {
    const { vault, clock, assertRead } = await lockedWorld();
    vault.failing.clear();
    vault.tellChange();
    await clock.run(5_000);
    assertRead(['Anna']);
  });

  it('puts no proxy key in the place of one that it could not read', async () => {
    const vault = new MemoryVault();
    const { proxyKey } = await keyringOn(vault);
    vault.failing.add('load');
    const keyring = await keyringOn(vault);
    assert.equal(keyring.health.kind, 'refused');
    assert.equal(vault.proxyKey, proxyKey);
  });

  it('asks ever less often, and not at all once it is disposed', async () => {
    const { clock, keyring } = await lockedWorld();
    const startMs = clock.nowMs();
    await clock.run(3_600_000);
    assert.equal(clock.nextDueAtMs - startMs, 30_000 * (2 ** 5 - 1) + 5 * 600_000);
    keyring.dispose();
    assert.equal(clock.pending, 0);
  });

  it('is well again as soon as the vault keeps what it is given', async () => {
    const vault = new MemoryVault();
    const keyring = await keyringOn(vault);
    vault.failing.add('saveKey');
    await keyring.add(anna, 'Anna');
    assert.equal(keyring.health.kind, 'refused');
    vault.failing.clear();
    await keyring.add(ben, 'Ben');
    await settled();
    assert.equal(keyring.health.kind, 'ok');
  });

  it('stores what was added meanwhile once that is unlocked', async () => {
    const { vault, clock, keyring, assertRead } = await lockedWorld();
    await keyring.add(ben, 'Ben');
    assert.equal(keyring.isStored(keyIdOf(ben)), false);
    vault.failing.clear();
    await clock.run(30_000);
    assertRead(['Anna', 'Ben']);
    assert.ok(keyring.isStored(keyIdOf(ben)));
    assert.deepEqual(await labelsAfterReload(vault), ['Anna', 'Ben']);
  });

  it('stores what it did not keep, with what was set of it since, also where it could be read all the time', async () => {
    const { vault, clock, keyring } = await refusingWorld();
    await keyring.update(keyIdOf(anna), { label: 'Ada' });
    const healths = new Set<string>();
    keyring.onDidChange(() => healths.add(keyring.health.kind));
    await clock.run(30_000);
    assert.deepEqual([...healths], ['refused']);
    vault.failing.clear();
    await clock.run(60_000);
    assert.equal(keyring.health.kind, 'ok');
    assert.ok(keyring.isStored(keyIdOf(anna)));
    assert.deepEqual(await labelsAfterReload(vault), ['Ada']);
    assert.equal(clock.pending, 0);
  });

  it('stores it at once when it keeps another key', async () => {
    const { vault, keyring } = await refusingWorld();
    vault.failing.clear();
    await keyring.add(ben, 'Ben');
    await settled();
    assert.deepEqual(await labelsAfterReload(vault), ['Anna', 'Ben']);
    assert.deepEqual(keyring.keySet.unstored, []);
  });

  it('keeps nothing of a key that is removed while it is stored', async () => {
    const { vault, clock, keyring } = await refusingWorld();
    vault.failing.clear();
    const running = clock.run(30_000);
    await keyring.remove(keyIdOf(anna));
    await running;
    await settled();
    assert.equal(vault.records.size, 0);
    assert.deepEqual(keyring.keys, []);
  });

  it('stores a proxy key that it did not keep, the first one or a new one', async () => {
    for (const isFirst of [true, false]) {
      const vault = new MemoryVault();
      const clock = new ManualClock();
      const keyring = keyringBeforeLoading(vault, good, clock);
      if (isFirst) vault.failing.add('saveProxyKey');
      await keyring.load();
      vault.failing.add('saveProxyKey');
      if (!isFirst) await keyring.renewProxyKey();
      await clock.run(30_000);
      assert.equal(keyring.health.kind, 'refused');
      assert.notEqual(vault.proxyKey, keyring.proxyKey);
      vault.failing.clear();
      await clock.run(60_000);
      assert.equal(keyring.health.kind, 'ok');
      assert.equal(vault.proxyKey, keyring.proxyKey);
      assert.equal(clock.pending, 0);
    }
  });

  it('keeps what is changed of a key while that is stored', async () => {
    const { vault, clock, keyring } = await refusingWorld();
    vault.failing.clear();
    const running = clock.run(30_000);
    await keyring.update(keyIdOf(anna), { label: 'Ada', enabled: false });
    await running;
    await settled();
    assert.deepEqual(await labelsAfterReload(vault), ['Ada']);
    assert.equal(vault.records.get(keyIdOf(anna))?.enabled, false);
    assert.ok(keyring.isStored(keyIdOf(anna)));
  });

  it('is asked ever less often to store, and tells other windows nothing new of that', async () => {
    const { vault, clock, keyring } = await refusingWorld();
    const { revision } = keyring.keySet;
    let tries = 0;
    vault.onTry = (step) => (tries += step === 'saveKey' ? 1 : 0);
    await clock.run(3_600_000);
    assert.equal(tries, 5 + 4);
    assert.equal(keyring.keySet.revision, revision);
  });

  it('is asked no more often than that for changes of another window, which may be its tries', async () => {
    const { vault, clock } = await refusingWorld();
    let tries = 0;
    vault.onTry = (step) => (tries += step === 'saveKey' ? 1 : 0);
    for (let second = 0; second < 3_600; second++) {
      vault.tellChange();
      await clock.run(1_000);
    }
    // One each 50 s in the end, as a twelfth of ten minutes is.
    assert.ok(tries > 60 && tries < 90, `${tries} tries`);
  });

  it('does not tell other windows that a key is stored before it is', async () => {
    const { vault, clock, keyring } = await refusingWorld();
    await keyring.add(ben, 'Ben');
    const other = keyringBeforeLoading(new MemoryVault());
    other.adopt(keyring.keySet);
    keyring.onDidChange(() => other.adopt(keyring.keySet));
    vault.failing.add('saveKey');
    const running = clock.run(30_000);
    await keyring.remove(keyIdOf(ben));
    await running;
    await settled();
    assert.deepEqual(other.keySet.unstored, [keyIdOf(anna)]);
    assert.deepEqual(keyring.keySet.unstored, [keyIdOf(anna)]);
  });

  async function refusingWorld() {
    const vault = new MemoryVault();
    const clock = new ManualClock();
    const keyring = keyringBeforeLoading(vault, good, clock);
    await keyring.load();
    vault.failing.add('saveKey');
    await keyring.add(anna, 'Anna');
    assert.equal(keyring.health.kind, 'refused');
    return { vault, clock, keyring };
  }

  async function labelsAfterReload(vault: MemoryVault): Promise<readonly string[]> {
    return (await keyringOn(vault)).keys.map(({ label }) => label);
  }
});
