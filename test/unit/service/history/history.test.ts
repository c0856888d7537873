// The history, saved and restored.
import assert from 'node:assert/strict';
import { TextLog } from '../../../../src/base/log';
import type { Pool } from '../../../../src/keys/pool';
import type { RecentEntries } from '../../../../src/keys/recentEntries';
import { History, type SavedHistory } from '../../../../src/service/history/history';
import { StateKeeping } from '../../../../src/service/saved/stateKeeping';
import { ManualClock, settled } from '../../../support/manualClock';
import { makeKey, makePool, makeReading } from '../../keys/make';
import { exchangeReport } from '../exchanges';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 22, 18);

interface World {
  readonly clock: ManualClock;
  readonly history: History;
  readonly pool: Pool;
  readonly made: RecentEntries<string>;
}

function world(clock = new ManualClock(startMs)): World {
  const pool = makePool(clock, {});
  const onError = (error: unknown): void => assert.fail(String(error));
  return {
    clock,
    pool,
    made: pool.makers,
    history: new History({ clock, onError, pool }),
  };
}

function answered(
  { clock, history }: Pick<World, 'clock' | 'history'>,
  change: Parameters<typeof exchangeReport>[0] = {},
): void {
  history.add(exchangeReport({ endedAtMs: clock.wallMs(), ...change }));
}

/** The value as it comes back from a file. */
function saved({ history }: Pick<World, 'history'>): SavedHistory {
  return JSON.parse(JSON.stringify(history.save())) as SavedHistory;
}

describe('the history', () => {
  it('brings exchanges, the day and who made what back, with ids of keys alone', () => {
    const before = world();
    answered(before, { model: 'a/b:free', made: [{ id: 'gen-1', accountId: 'one' }] });
    answered(before, { model: 'c/d', class: 'paid' });
    const text = JSON.stringify(before.history.save());
    assert.match(text, /aaaaaaaaaaaa/);
    assert.doesNotMatch(text, /Private/);
    const after = world(before.clock);
    assert.equal(after.history.restore(saved(before)).kind, 'good');
    assert.deepEqual(
      after.history.newestFirst().map(({ id, model }) => [id, model]),
      [
        [2, 'c/d'],
        [1, 'a/b:free'],
      ],
    );
    assert.equal(after.history.series.view().ends.answered.at(-1), 2);
    assert.deepEqual(after.history.series.recent(hourMs), { freeAttempts: 1, paid: 1 });
    assert.equal(after.made.get('gen-1', after.clock.wallMs()), 'one');
    answered(after);
    assert.equal(after.history.newestFirst()[0]?.id, 3);
  });

  it('brings the hours of a month back, and a history from before there were any', () => {
    const before = world();
    answered(before);
    before.clock.advance(30 * 24 * hourMs);
    answered(before);
    const state = saved(before);
    const after = world(before.clock);
    after.history.restore(state);
    const { hours } = before.history.series.view();
    assert.equal(hours.length, 2);
    assert.deepEqual(after.history.series.view().hours, hours);
    assert.equal(after.history.restore({ ...state, hours: undefined }).kind, 'good');
    assert.deepEqual(after.history.series.view().hours, []);
  });

  it('names the maker of a thing as its account is named now', () => {
    const early = world();
    const key = makeKey('a');
    early.pool.setKeys([key]);
    early.made.set('gen-1', early.pool.roster.accounts[0]?.accountId ?? '', early.clock.wallMs());
    early.pool.read(key.keyId, makeReading('one', early.clock.wallMs()));
    const [account] = early.pool.roster.accounts;
    assert.deepEqual(saved(early).made, [['gen-1', account?.accountId, early.clock.wallMs()]]);
  });

  it('takes exchanges that another history has numbered', () => {
    const host = world();
    const window = world(host.clock);
    const view = host.history.add(exchangeReport({ made: [{ id: 'gen-1', accountId: 'one' }] }));
    window.history.put(view);
    assert.deepEqual(window.history.save(), host.history.save());
  });

  it('gives requests that need no key, which anybody may send, little room of the last 500', () => {
    const kept = world();
    for (let nth = 0; nth < 450; nth++) answered(kept, { model: `own/${nth}` });
    const keyless = { method: 'GET', path: '/models', class: 'unmetered', model: null } as const;
    for (let nth = 0; nth < 2_000; nth++) answered(kept, { ...keyless, client: `program ${nth}` });
    answered(kept, { ...keyless, path: '/models/user', client: 'own' });
    const shown = kept.history.newestFirst();
    assert.equal(shown.length, 500);
    assert.equal(shown.filter(({ model }) => model !== null).length, 449);
    assert.deepEqual(
      [shown[0]?.client, shown[1]?.client, shown[49]?.client],
      ['own', 'program 1999', 'program 1951'],
    );
    for (let nth = 0; nth < 1_000; nth++) answered(kept, {});
    assert.equal(kept.history.newestFirst().length, 500);
  });

  it('puts what it is given in the place of what it had, and says so', () => {
    const other = world();
    answered(other);
    const { history, clock } = world(other.clock);
    answered({ history, clock });
    answered({ history, clock });
    let replaced = 0;
    history.onDidReplace(() => replaced++);
    history.restore(saved(other));
    assert.equal(history.newestFirst().length, 1);
    assert.equal(history.series.view().ends.answered.at(-1), 1);
    assert.equal(replaced, 1);
  });

  for (const [kind, raw] of [
    ['none', undefined],
    ['none', null],
    ['newer', { version: 2 }],
    ['damaged', '{"half":'],
    ['damaged', { version: 1, savedAtMs: 1, exchanges: [{ id: 1 }], buckets: [], made: [] }],
    ['damaged', []],
  ] as const) {
    it(`is the same after ${JSON.stringify(raw)}, which is ${kind}`, () => {
      const kept = world();
      answered(kept);
      const before = saved(kept);
      assert.equal(kept.history.restore(raw).kind, kind);
      assert.deepEqual(saved(kept), before);
    });
  }

  it('knows of nothing once it was cleared', () => {
    const cleared = world();
    answered(cleared, { made: [{ id: 'gen-1', accountId: 'one' }] });
    cleared.history.clear();
    assert.deepEqual(cleared.history.newestFirst(), []);
    assert.deepEqual(saved(cleared), saved(world(cleared.clock)));
  });

  it('is saved in a million characters, the newest of it, whatever a day was like', () => {
    const { clock, history } = world();
    const [attempt] = exchangeReport({}).attempts;
    assert.ok(attempt);
    const attempts = Array.from({ length: 10 }, () => attempt);
    for (let nth = 0; nth < 5_000; nth++) {
      clock.advance(16_000);
      const name = `${'ü'.repeat(150)}${nth}`;
      const thing = { id: `${'x'.repeat(150)}${nth}`, accountId: 'one' };
      answered({ clock, history }, { attempts, model: name, client: name, path: name, made: [thing] });
    }
    const state = history.save();
    const { length } = JSON.stringify(state);
    assert.ok(length > 700_000 && length < 1_000_000, `${length} characters`);
    assert.equal(state.exchanges.at(-1)?.id, 5_000);
    assert.ok(state.exchanges.length > 50 && state.buckets.length > 5 && state.made.length > 500);
    assert.equal(world(clock).history.restore(JSON.parse(JSON.stringify(state))).kind, 'good');
  });
});

async function keptIn(content?: unknown) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = new TextLog((level, line) => lines.push(`${level} ${line}`));
  const place = { isOurs: true };
  const onError = (error: unknown): void => assert.fail(String(error));
  const history = new History({ clock, onError, isOurs: () => place.isOurs });
  const written: unknown[] = [];
  const store = {
    load: () => Promise.resolve(content),
    save: (state: unknown) => {
      written.push(JSON.parse(JSON.stringify(state)));
      return Promise.resolve();
    },
  };
  const keeping = new StateKeeping({ owner: history, name: 'requests', store, log, clock });
  await keeping.restore();
  const pass = async (ms: number): Promise<void> => {
    await clock.run(ms);
    await settled();
  };
  return { clock, lines, history, place, keeping, written, pass };
}

describe('the kept history', () => {
  it('is written ten seconds after something is new, once for all of that time, and not before', async () => {
    const { history, written, pass } = await keptIn();
    for (let nth = 0; nth < 5; nth++) history.add(exchangeReport({}));
    await pass(9_999);
    assert.equal(written.length, 0);
    await pass(1);
    assert.equal(written.length, 1);
    assert.equal((written[0] as { exchanges: unknown[] }).exchanges.length, 5);
  });

  it('sets no timer and writes nothing while nothing is new, also when it came from the store', async () => {
    const { clock, history, written, keeping, pass } = await keptIn();
    history.add(exchangeReport({}));
    await pass(10_000);
    assert.deepEqual([clock.pending, written.length], [0, 1]);
    await keeping.saveNow();
    const again = await keptIn(written[0]);
    await again.keeping.saveNow();
    assert.deepEqual([again.history.newestFirst().length, again.clock.pending], [1, 0]);
    assert.deepEqual([written.length, again.written.length], [1, 0]);
  });

  it('is written at the end, with what was new, and not a second time by the timer', async () => {
    const { history, written, keeping, pass } = await keptIn();
    history.add(exchangeReport({}));
    await keeping.saveNow();
    await pass(20_000);
    assert.equal(written.length, 1);
  });

  it('is not written by a window that follows, neither as it changes nor at its end', async () => {
    const { history, place, written, keeping, pass } = await keptIn();
    place.isOurs = false;
    history.add(exchangeReport({}));
    await pass(20_000);
    await keeping.saveNow();
    assert.equal(written.length, 0);
    place.isOurs = true;
    history.add(exchangeReport({}));
    await pass(10_000);
    assert.equal((written[0] as { exchanges: unknown[] }).exchanges.length, 2);
  });

  for (const content of [{ version: 2 }, 'no JSON']) {
    it(`leaves ${JSON.stringify(content)} alone, and says so once`, async () => {
      const { history, written, keeping, lines, pass } = await keptIn(content);
      history.add(exchangeReport({}));
      await pass(60_000);
      await keeping.saveNow();
      assert.equal(written.length, 0);
      const told = lines.filter((line) => line.startsWith('warn'));
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /The saved requests are (?:newer|damaged) .*left alone/);
    });
  }

  it('is written with all that came while what could not be read was left alone', async () => {
    const { history, written, keeping, pass } = await keptIn({ version: 2 });
    history.add(exchangeReport({}));
    await pass(60_000);
    await keeping.saveNow();
    await pass(24 * hourMs);
    assert.equal((written[0] as { exchanges: unknown[] }).exchanges.length, 1);
  });

  it('is written by a window that serves once its own proxy has told it', async () => {
    const { history, written, pass } = await keptIn();
    history.receive({ ...history.save(), savedAtMs: 0 });
    await pass(10_000);
    assert.equal(written.length, 1);
  });

  it('is forgotten for good', async () => {
    const { history, written, keeping, pass } = await keptIn();
    history.add(exchangeReport({ model: 'old' }));
    history.clear();
    await keeping.forget();
    history.add(exchangeReport({ model: 'new' }));
    await pass(20_000);
    await keeping.saveNow();
    assert.equal(written[0], null);
    assert.match(JSON.stringify(written.slice(1)), /new/);
    assert.doesNotMatch(JSON.stringify(written), /old/);
  });
});
