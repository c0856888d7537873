// The times at which state is saved, and the records that are left alone.
import assert from 'node:assert/strict';
import { Emitter } from '../../../../src/base/event';
import { TextLog } from '../../../../src/base/log';
import { KeywheelService } from '../../../../src/service/keywheelService';
import {
  StateKeeping,
  type StateStore,
  type StateKeepingPorts,
} from '../../../../src/service/saved/stateKeeping';
import { plainKey } from '../../../../src/service/keyring/storedKey';
import { ManualClock, settled } from '../../../support/manualClock';
import { hourMs } from '../../keys/make';

class MemoryStore implements StateStore {
  saves = 0;
  aside: unknown = undefined;
  /** The error that `save` and `setAside` throw. */
  failure: Error | null = null;

  constructor(public content?: unknown) {}

  load(): Promise<unknown> {
    return Promise.resolve(this.content);
  }

  async save(state: unknown): Promise<void> {
    await settled();
    if (this.failure !== null) throw this.failure;
    this.saves++;
    this.content = state;
  }

  setAside(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.aside = this.content;
    this.content = undefined;
    return Promise.resolve();
  }
}

const damaged = { version: 1, what: 'ever' };

async function keptIn(
  store: MemoryStore,
  how?: Pick<StateKeepingPorts, 'clock' | 'askToStartAfresh'>,
): Promise<Kept> {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = new TextLog((level, line) => lines.push(`${level} ${line}`));
  // No proxy listens, so that no account is ever read.
  const service = new KeywheelService({ clock, log, version: '0' });
  const keeping = new StateKeeping({
    owner: service,
    name: 'counts',
    store,
    log,
    ...(how ?? { clock }),
  });
  await keeping.restore();
  return {
    clock,
    lines,
    service,
    keeping,
    [Symbol.dispose]: () => {
      keeping.dispose();
      service.dispose();
    },
  };
}

interface Kept extends Disposable {
  readonly clock: ManualClock;
  readonly lines: string[];
  readonly service: KeywheelService;
  readonly keeping: StateKeeping;
}

/** Saved within 450 ms. Later a reading that fails, on the system's time, is saved as well. */
function change(service: KeywheelService, nth: number): void {
  service.setKeys([{ ...plainKey(`sk-or-v1-${nth}`), enabled: false }]);
}

describe('StateKeeping', () => {
  it('saves what changed within half a second, once for all changes of that time', async () => {
    const store = new MemoryStore();
    using kept = await keptIn(store);
    for (let nth = 0; nth < 5; nth++) change(kept.service, nth);
    await kept.clock.run(449);
    assert.equal(store.saves, 0);
    await kept.clock.run(1);
    await settled();
    assert.equal(store.saves, 1);
  });

  for (const content of [damaged, { version: 2 }, '{"version":1,"savedAtMs":']) {
    it(`leaves ${JSON.stringify(content)} alone for a day, then sets it aside and saves anew`, async () => {
      const store = new MemoryStore(content);
      using kept = await keptIn(store);
      assert.match(kept.lines.join('\n'), /warn The saved counts are (?:damaged|newer) .*left alone/);
      change(kept.service, 1);
      await kept.keeping.saveNow();
      await kept.clock.run(24 * hourMs - 1);
      assert.deepEqual([store.content, store.saves, store.aside], [content, 0, undefined]);
      await kept.clock.run(1);
      await settled();
      assert.deepEqual(store.aside, content);
      assert.equal(store.saves, 1);
      change(kept.service, 2);
      await kept.clock.run(450);
      await settled();
      assert.equal(store.saves, 2);
    });
  }

  for (const content of ['DB_PASSWORD=canary', ['canary'], { canary: 1 }]) {
    it(`never sets ${JSON.stringify(content)} aside, which is another program’s, and logs none of it`, async () => {
      const store = new MemoryStore(content);
      using kept = await keptIn(store);
      await kept.clock.run(48 * hourMs);
      assert.deepEqual([store.content, store.aside, store.saves], [content, undefined, 0]);
      assert.match(kept.lines.join('\n'), /warn The saved counts are damaged .*left alone/);
      assert.doesNotMatch(kept.lines.join('\n'), /canary/);
    });
  }

  it('writes it over as soon as the user agrees, and never by itself without a clock', async () => {
    const store = new MemoryStore(damaged);
    let answer: (isAgreed: boolean) => void = () => undefined;
    const asked = new Promise<boolean>((resolve) => (answer = resolve));
    using kept = await keptIn(store, { askToStartAfresh: () => asked });
    await kept.clock.run(48 * hourMs);
    assert.deepEqual(store.content, damaged);
    answer(true);
    await settled();
    await settled();
    assert.equal(store.saves, 1);
  });

  it('leaves alone what another process has written meanwhile', async () => {
    const store = new MemoryStore(damaged);
    using kept = await keptIn(store);
    store.content = { of: 'another' };
    await kept.clock.run(24 * hourMs);
    change(kept.service, 1);
    await kept.clock.run(5_000);
    assert.deepEqual([store.content, store.aside, store.saves], [{ of: 'another' }, undefined, 0]);
  });

  it('saves where another process has set it aside', async () => {
    const store = new MemoryStore(damaged);
    using kept = await keptIn(store);
    store.content = undefined;
    await kept.clock.run(24 * hourMs);
    await settled();
    assert.deepEqual([store.aside, store.saves], [undefined, 1]);
  });

  it('leaves alone what cannot be set aside', async () => {
    const store = new MemoryStore(damaged);
    using kept = await keptIn(store);
    store.failure = new Error('read-only');
    await kept.clock.run(24 * hourMs);
    store.failure = null;
    change(kept.service, 1);
    await kept.clock.run(5_000);
    assert.deepEqual([store.content, store.saves], [damaged, 0]);
    assert.match(kept.lines.join('\n'), /error The saved counts could not be set aside/);
  });

  it('keeps nothing once it has forgotten, what was left alone included, and goes on with what comes then', async () => {
    const store = new MemoryStore(damaged);
    using kept = await keptIn(store);
    await kept.keeping.forget();
    assert.equal(store.content, null);
    change(kept.service, 1);
    await kept.clock.run(450);
    await settled();
    assert.equal(store.saves, 2);
  });

  it('keeps nothing but the last of what changes while the store is slow', async () => {
    const store = new MemoryStore();
    using kept = await keptIn(store);
    const writes: (() => void)[] = [];
    const saved: unknown[] = [];
    store.save = async (state) => {
      saved.push(state);
      await new Promise<void>((resolve) => writes.push(resolve));
    };
    for (let nth = 0; nth < 5; nth++) {
      change(kept.service, nth);
      await kept.clock.run(1_000);
    }
    assert.equal(saved.length, 1);
    let isKept = false;
    void kept.keeping.saveNow().then(() => (isKept = true));
    writes.shift()?.();
    await settled();
    assert.equal(isKept, false);
    writes.shift()?.();
    await settled();
    assert.equal(isKept, true);
    assert.deepEqual([saved.length, saved[1]], [2, kept.service.savedState()]);
  });

  it('waits at its end for a slow store, though nothing is new since', async () => {
    const store = new MemoryStore();
    let state: unknown = { version: 1 };
    const changed = new Emitter<void>((error) => assert.fail(String(error)));
    const onDidChangeState = changed.event;
    const savedState = (): unknown => {
      const taken = state;
      state = undefined;
      return taken;
    };
    const owner = { restore: () => ({ kind: 'none' }) as const, savedState, onDidChangeState };
    const log = new TextLog(() => undefined);
    const keeping = new StateKeeping({ owner, name: 'requests', store, log });
    await keeping.restore();
    changed.fire();
    await keeping.saveNow();
    assert.deepEqual([store.saves, store.content], [1, { version: 1 }]);
  });

  it('forgets what still waits for a slow store', async () => {
    const store = new MemoryStore();
    using kept = await keptIn(store);
    void kept.keeping.saveNow();
    change(kept.service, 1);
    await kept.clock.run(1_000);
    await kept.keeping.forget();
    await settled();
    assert.equal(store.content, null);
  });

  it('saves within the call at its end, and again where an older state is still being written', async () => {
    const store = new MemoryStore();
    using kept = await keptIn(store);
    const atOnce: unknown[] = [];
    const saveSync = (state: unknown): void => void atOnce.push(state);
    Object.assign(store, { saveSync });
    const saved = kept.keeping.saveNow();
    assert.equal(atOnce.length, 1);
    await saved;
    assert.equal(store.saves, 0);
    const writes: (() => void)[] = [];
    store.save = () => new Promise<void>((resolve) => writes.push(resolve));
    change(kept.service, 1);
    await kept.clock.run(1_000);
    const ended = kept.keeping.saveNow();
    assert.equal(atOnce.length, 2);
    writes.shift()?.();
    await settled();
    writes.shift()?.();
    await ended;
  });

  it('logs a save that fails, and saves the next', async () => {
    const store = new MemoryStore();
    using kept = await keptIn(store);
    store.failure = new Error('full');
    await kept.keeping.saveNow();
    assert.match(kept.lines.join('\n'), /error The counts could not be saved/);
    store.failure = null;
    await kept.keeping.saveNow();
    assert.equal(store.saves, 1);
  });
});
