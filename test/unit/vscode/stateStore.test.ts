// Counts in the file and in globalState: two copies of one record, of which the newer one wins whole.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Memento } from 'vscode';
import { TextLog } from '../../../src/base/log';
import { readSaved, type SavedState } from '../../../src/keys/savedState';
import { StateFile } from '../../../src/service/saved/stateFile';
import { CountsStore } from '../../../src/vscode/stateStore';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, leased, makeKey, makePool, never } from '../keys/make';

class FakeMemento implements Memento {
  readonly values = new Map<string, unknown>();

  keys(): readonly string[] {
    return [...this.values.keys()];
  }

  get(name: string): never {
    // As VS Code's own, which takes the caller's word for the type.
    return this.values.get(name) as never;
  }

  update(name: string, value: unknown): Promise<void> {
    if (value === undefined) this.values.delete(name);
    else this.values.set(name, value);
    return Promise.resolve();
  }
}

const recordName = 'quotaState.machine';

/** Counts of so many accounts, each with one attempt of now. */
async function stateOf(revision: number, accounts = 1): Promise<SavedState> {
  const clock = new ManualClock();
  const names = Array.from({ length: accounts }, (_, index) => `key ${index}`);
  const pool = makePool(clock, Object.fromEntries(names.map((name) => [name, [makeKey(name)]])));
  for (let sent = 0; sent < accounts; sent++) {
    const lease = await leased(pool.lease(freeRequest(clock.elapsedMs()), never));
    lease.markSent();
  }
  return { ...pool.save(), revision };
}

describe('CountsStore', () => {
  let folder: string;
  let path: string;
  let memento: FakeMemento;
  let store: CountsStore;
  let clock: ManualClock;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keywheel-counts-'));
    path = join(folder, 'state.json');
    memento = new FakeMemento();
    clock = new ManualClock();
    const log = new TextLog((_, line) => assert.fail(line));
    store = new CountsStore(new StateFile(path), memento, { machineId: 'machine', clock, log });
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps the same record in both places', async () => {
    assert.equal(await store.load(), undefined);
    const state = await stateOf(3);
    await store.save(await stateOf(2));
    await store.save(state);
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), state);
    assert.equal(memento.values.get(recordName), undefined, 'a second later, and once');
    await clock.run(1_000);
    assert.deepEqual(memento.values.get(recordName), state);
    assert.deepEqual(await store.load(), state);
  });

  it('takes the higher revision whole, wherever it is', async () => {
    const [old, young] = [await stateOf(3), await stateOf(4)];
    for (const [inFile, inMemento] of [
      [old, young],
      [young, old],
    ]) {
      await writeFile(path, JSON.stringify(inFile));
      memento.values.set(recordName, inMemento);
      assert.deepEqual(await store.load(), young);
    }
  });

  it('takes the younger one of two that an older version wrote, which told no revision', async () => {
    const old = { ...(await stateOf(0)), revision: undefined };
    const young = { ...old, savedAtMs: old.savedAtMs + 1 };
    await writeFile(path, JSON.stringify(old));
    memento.values.set(recordName, young);
    assert.deepEqual(await store.load(), young);
  });

  it('takes the younger one of two where one is of an older version, between two of this one', async () => {
    const early = await stateOf(0);
    const ours = { ...early, revision: early.savedAtMs };
    const theirs = { ...early, savedAtMs: early.savedAtMs + 1, revision: undefined };
    const later = { ...ours, revision: ours.revision + 2 };
    for (const [inFile, inMemento, young] of [
      [theirs, ours, theirs],
      [theirs, later, later],
    ]) {
      await writeFile(path, JSON.stringify(inFile));
      memento.values.set(recordName, inMemento);
      assert.deepEqual(await store.load(), JSON.parse(JSON.stringify(young)));
    }
  });

  it('gives what a newer version wrote, in either place, so that nothing is written over it', async () => {
    const [state, newer] = [await stateOf(3), { version: 99 }];
    await writeFile(path, JSON.stringify(state));
    memento.values.set(recordName, newer);
    assert.deepEqual(await store.load(), newer);
    await writeFile(path, JSON.stringify(newer));
    memento.values.set(recordName, state);
    assert.deepEqual(await store.load(), newer);
  });

  it('goes on with globalState where the file is damaged, which is kept beside', async () => {
    const state = await stateOf(3);
    await writeFile(path, '{"version":1,');
    memento.values.set(recordName, state);
    assert.deepEqual(await store.load(), state);
    assert.equal(await readFile(`${path}.bak`, 'utf8'), '{"version":1,');
  });

  it('goes on with globalState where the file cannot be read, which is moved out of the way', async () => {
    const state = await stateOf(3);
    await mkdir(path);
    assert.equal(readSaved(await store.load()).kind, 'damaged', 'and so it is called without globalState');
    memento.values.set(recordName, state);
    assert.deepEqual(await store.load(), state);
    await store.save(await stateOf(4));
    assert.equal(readSaved(JSON.parse(await readFile(path, 'utf8'))).kind, 'good');
  });

  it('gives globalState 60 KB at most: counts and locks alone, or nothing', async () => {
    const large = await stateOf(5, 150);
    assert.ok(JSON.stringify(large).length > 60 * 1024);
    await store.save(large);
    await clock.run(1_000);
    const read = readSaved(memento.values.get(recordName));
    assert.equal(read.kind, 'good');
    assert.deepEqual(
      Object.values(read.state.accounts).map(({ ledger }) => ledger),
      Object.values(large.accounts).map(({ ledger }) => ledger),
    );
    assert.deepEqual(await store.load(), large);
    await store.save(await stateOf(6, 1_000));
    await clock.run(1_000);
    assert.deepEqual(readSaved(memento.values.get(recordName)), read);
    assert.equal((JSON.parse(await readFile(path, 'utf8')) as SavedState).revision, 6);
  });

  it('forgets in both places', async () => {
    await store.save(await stateOf(3));
    await store.save(null);
    assert.deepEqual([await store.load(), memento.keys()], [undefined, []]);
  });
});
