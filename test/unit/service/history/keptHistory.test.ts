// When the history is written, and by whom.
import assert from 'node:assert/strict';
import { TextLog } from '../../../../src/base/log';
import { History } from '../../../../src/service/history/history';
import { KeptHistory } from '../../../../src/service/history/keptHistory';
import { StateKeeping } from '../../../../src/service/saved/stateKeeping';
import { ManualClock, settled } from '../../../support/manualClock';
import { exchangeReport } from '../exchanges';

async function keptIn(content?: unknown) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = new TextLog((level, line) => lines.push(`${level} ${line}`));
  const history = new History({ clock, onError: (error) => assert.fail(String(error)) });
  const place = { isOurs: true };
  const kept = new KeptHistory({ clock, log, history, isOurs: () => place.isOurs });
  const written: unknown[] = [];
  const store = {
    load: () => Promise.resolve(content),
    save: (state: unknown) => {
      written.push(JSON.parse(JSON.stringify(state)));
      return Promise.resolve();
    },
  };
  const keeping = new StateKeeping({ kept, name: 'requests', store, log });
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
