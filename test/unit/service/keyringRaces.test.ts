/** The keyring on VS Code's own kind of vault, where that refuses and is slow, and two things happen at once. */
import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event';
import { TextLog } from '../../../src/base/log';
import { keyIdOf } from '../../../src/base/secret';
import type { KeyCheck } from '../../../src/service/keyCheck';
import { Keyring } from '../../../src/service/keyring';
import { rebase } from '../../../src/service/keySet';
import { plainKey } from '../../../src/service/storedKey';
import { SecretStorageVault } from '../../../src/vscode/vault';
import { ManualClock, settled } from '../../support/manualClock';

const anna = 'sk-or-v1-anna-0000000000000001';
const ben = 'sk-or-v1-ben-00000000000000002';
const good: KeyCheck = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 0, capLeft: null };

/** As VS Code's secrets are; what is stored can be held up, refused, or stored and then said not to be. */
class Secrets {
  readonly kept = new Map<string, string>();
  readonly changed = new Emitter<{ readonly key: string }>(() => undefined);
  readonly onDidChange = this.changed.event;
  readonly stores: string[] = [];
  refuses: (name: string) => boolean = () => false;
  refusesAfter: (name: string) => boolean = () => false;
  reading: Promise<void> = Promise.resolve();
  private readonly held = new Map<string, Promise<void>>();

  async get(name: string): Promise<string | undefined> {
    await this.reading;
    return this.kept.get(name);
  }

  async store(name: string, value: string): Promise<void> {
    this.stores.push(name);
    const gate = this.held.get(name);
    this.held.delete(name);
    await gate;
    if (this.refuses(name)) throw new Error(`${name} refused`);
    this.kept.set(name, value);
    if (this.refusesAfter(name)) throw new Error(`${name} cannot be read back`);
  }

  async delete(name: string): Promise<void> {
    await Promise.resolve();
    this.kept.delete(name);
  }

  /** The next store of this name waits for the call. */
  hold(name: string): () => void {
    let go = (): void => undefined;
    this.held.set(name, new Promise((resolve) => (go = resolve)));
    return go;
  }
}

function windowOn(secrets = new Secrets(), clock = new ManualClock()) {
  const log = new TextLog(() => undefined);
  const vault = new SecretStorageVault(secrets);
  const keyring = new Keyring({ vault, clock, log, check: () => Promise.resolve(good) });
  return { secrets, clock, keyring };
}

async function openedWindow() {
  const opened = windowOn();
  await opened.keyring.load();
  return opened;
}

function labelsIn(keyring: Keyring): readonly string[] {
  return keyring.keys.map(({ label }) => label);
}

async function labelsAfterRestart(secrets: Secrets): Promise<readonly string[]> {
  const { keyring } = windowOn(secrets);
  await keyring.load();
  await settled();
  return labelsIn(keyring);
}

function recordOf(key: string): string {
  return `key.${keyIdOf(key)}`;
}

describe('a key that is being stored', () => {
  it('counts as refused where it is, though another window has told of its keys meanwhile', async () => {
    const { secrets, keyring } = await openedWindow();
    secrets.refuses = (name) => name === recordOf(anna);
    const go = secrets.hold(recordOf(anna));
    const adding = keyring.add(anna, 'Anna');
    await settled();
    const { proxyKey } = keyring;
    keyring.adopt({ revision: 1e15, keys: [plainKey(ben, 'Ben')], proxyKey, unstored: [] });
    go();
    await adding;
    assert.deepEqual(labelsIn(keyring), ['Ben', 'Anna']);
    assert.deepEqual(keyring.keySet.unstored, [keyIdOf(anna)]);
  });

  it('is stored as it was changed meanwhile', async () => {
    const { secrets, keyring } = await openedWindow();
    const go = secrets.hold(recordOf(anna));
    const adding = keyring.add(anna, 'Anna');
    await settled();
    const changing = keyring.update(keyIdOf(anna), { label: 'Ada' });
    go();
    await Promise.all([adding, changing]);
    assert.deepEqual(await labelsAfterRestart(secrets), ['Ada']);
  });

  it('is gone where it was removed meanwhile, also where the vault says wrongly that it was not kept', async () => {
    for (const isMistaken of [false, true]) {
      const { secrets, keyring, clock } = await openedWindow();
      secrets.refuses = (name) => name === recordOf(anna);
      await keyring.add(anna, 'Anna');
      secrets.refuses = () => false;
      secrets.refusesAfter = (name) => isMistaken && name === recordOf(anna);
      const go = secrets.hold('index');
      await clock.run(30_000);
      const removing = keyring.remove(keyIdOf(anna));
      await settled();
      go();
      await removing;
      await clock.run(3_600_000);
      assert.deepEqual([labelsIn(keyring), keyring.health.kind], [[], 'ok']);
      assert.deepEqual(await labelsAfterRestart(secrets), []);
    }
  });

  it('keeps the place to which it was moved meanwhile', async () => {
    const { secrets, keyring, clock } = await openedWindow();
    await keyring.add(ben, 'Ben');
    secrets.refuses = (name) => name === recordOf(anna);
    await keyring.add(anna, 'Anna');
    secrets.refuses = () => false;
    const go = secrets.hold(recordOf(anna));
    await clock.run(30_000);
    const moving = keyring.reorder([anna, ben].map(keyIdOf));
    await settled();
    go();
    await moving;
    await settled();
    assert.deepEqual(labelsIn(keyring), ['Anna', 'Ben']);
    assert.deepEqual(keyring.keySet.unstored, []);
    assert.deepEqual(await labelsAfterRestart(secrets), ['Anna', 'Ben']);
  });
});

describe('what a vault has refused', () => {
  it('is stored once, and told to other windows as often', async () => {
    const { secrets, keyring, clock } = await openedWindow();
    secrets.refuses = (name) => name !== 'revision';
    await keyring.add(anna, 'Anna');
    await keyring.add(ben, 'Ben');
    await keyring.renewProxyKey();
    secrets.refuses = () => false;
    secrets.stores.splice(0);
    await clock.run(30_000);
    const names = [recordOf(anna), recordOf(ben), 'proxyKey', 'revision'];
    const counts = names.map((name) => secrets.stores.filter((stored) => stored === name).length);
    assert.deepEqual(counts, [1, 1, 1, 2]);
    assert.deepEqual([keyring.health.kind, clock.pending], ['ok', 0]);
  });

  it('is tried once each time, however much of it there is', async () => {
    const { secrets, keyring, clock } = await openedWindow();
    secrets.refuses = (name) => name !== 'revision';
    for (let nth = 0; nth < 10; nth++) await keyring.add(`sk-or-v1-${nth}-000000000000000001`, `${nth}`);
    await keyring.renewProxyKey();
    secrets.refuses = (name) => name === 'proxyKey';
    secrets.stores.splice(0);
    await clock.run(30_000);
    assert.equal(secrets.stores.filter((name) => name === 'proxyKey').length, 1);
    assert.deepEqual([keyring.health.kind, clock.pending], ['refused', 1]);
  });

  it('keeps its place and its revision while it is refused', async () => {
    const { secrets, keyring, clock } = await openedWindow();
    await keyring.add(anna, 'Anna');
    await keyring.add(ben, 'Ben');
    const removed = await keyring.remove(keyIdOf(anna));
    assert.ok(removed);
    secrets.refuses = (name) => name === recordOf(anna);
    await keyring.restore(removed, 0);
    const { revision } = keyring.keySet;
    await clock.run(30_000);
    assert.deepEqual([labelsIn(keyring), keyring.keySet.revision], [['Anna', 'Ben'], revision]);
  });

  it('is still to be stored where it was changed here while another window stored it', () => {
    const stored = plainKey(anna, 'Anna');
    const base = { revision: 1, keys: [stored], proxyKey: 'kw', unstored: [keyIdOf(anna)] };
    const mine = { ...base, revision: 2, keys: [{ ...stored, label: 'Ada' }] };
    assert.deepEqual(rebase(base, mine, { ...base, revision: 2, unstored: [] }).unstored, base.unstored);
  });

  it('is tried again in time though the clock was set back', async () => {
    const { secrets, keyring, clock } = await openedWindow();
    secrets.refuses = (name) => name === recordOf(anna);
    await keyring.add(anna, 'Anna');
    secrets.refuses = () => false;
    clock.jump(-3 * 3_600_000);
    secrets.changed.fire({ key: 'any' });
    await clock.run(60_000);
    assert.equal(keyring.health.kind, 'ok');
  });
});

describe('a proxy key that the vault has refused', () => {
  it('does not come back in the place of a newer one of another window', async () => {
    const { secrets, keyring, clock } = await openedWindow();
    secrets.refuses = (name) => name === 'proxyKey';
    await keyring.renewProxyKey();
    secrets.refuses = () => false;
    const go = secrets.hold('proxyKey');
    await clock.run(30_000);
    keyring.adopt({ ...keyring.keySet, revision: keyring.keySet.revision + 1, proxyKey: 'kw-new' });
    go();
    await clock.run(3_600_000);
    assert.deepEqual([keyring.proxyKey, secrets.kept.get('proxyKey')], ['kw-new', 'kw-new']);
  });

  it('gives way to the one that another window has stored, where it was the first one', async () => {
    const first = windowOn();
    const { secrets } = first;
    secrets.refuses = (name) => name === 'proxyKey';
    await first.keyring.load();
    secrets.refuses = () => false;
    const second = windowOn(secrets);
    await second.keyring.load();
    await first.clock.run(60_000);
    assert.equal(secrets.kept.get('proxyKey'), second.keyring.proxyKey);
    assert.equal(first.keyring.proxyKey, second.keyring.proxyKey);
    assert.deepEqual([first.keyring.health.kind, first.clock.pending], ['ok', 0]);
  });
});

describe('a window that ends', () => {
  it('waits for no vault any more', async () => {
    const { secrets, clock, keyring } = windowOn();
    secrets.reading = new Promise(() => undefined);
    void keyring.load();
    await settled();
    keyring.dispose();
    assert.equal(clock.pending, 0);
  });
});
