import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event';
import type { ToDashboard } from '../../../src/service/messages';
import { Series } from '../../../src/service/history/series';
import type { ExchangeView } from '../../../src/service/snapshot';
import { DashboardFeed } from '../../../src/vscode/dashboardFeed';
import { ManualClock, settled } from '../../support/manualClock';
import { exchangeView } from '../service/exchanges';
import { accountView, stateOf } from './views';

function world() {
  const clock = new ManualClock();
  const fail = (error: unknown): void => assert.fail(String(error));
  const changed = new Emitter<void>(fail);
  const finished = new Emitter<ExchangeView>(fail);
  const replaced = new Emitter<void>(fail);
  const posted: ToDashboard[] = [];
  let reads = 0;
  const state = stateOf([accountView()]);
  const feed = new DashboardFeed({
    clock,
    state: { read: () => (reads++, state), onDidChange: changed.event },
    series: new Series(clock),
    service: {
      activity: () => [exchangeView({})],
      onDidFinishExchange: finished.event,
      onDidChangeHistory: replaced.event,
    },
    models: () => Promise.resolve([]),
    post: (message) => posted.push(message),
  });
  const types = (): string[] => posted.splice(0).map(({ type }) => type);
  return { clock, changed, finished, replaced, feed, types, posted, reads: () => reads };
}

describe('the feed of the dashboard', () => {
  it('posts and reads nothing while the page is hidden', () => {
    const { clock, changed, finished, feed, types, reads } = world();
    const touch = (): void => {
      changed.fire();
      finished.fire(exchangeView({}));
      clock.advance(60_000);
    };
    touch();
    feed.show('accounts');
    feed.hide();
    touch();
    assert.deepEqual(types(), []);
    assert.equal(reads(), 0);
    assert.equal(clock.pending, 0);
  });

  it('posts no more than one state a second, however many changes come', () => {
    const { clock, changed, feed, types, reads } = world();
    feed.show('accounts');
    for (let change = 0; change < 1000; change++) {
      changed.fire();
      clock.advance(10);
    }
    const posted = types();
    assert.ok(posted.length === 10, String(posted.length));
    assert.ok(posted.every((type) => type === 'state'));
    assert.equal(reads(), posted.length);
  });

  it('posts within 100 ms the change that follows something that the user did', () => {
    const { clock, changed, feed, types } = world();
    feed.show('accounts');
    changed.fire();
    clock.advance(1000);
    types();
    clock.advance(50);
    feed.now();
    assert.deepEqual(types(), ['state']);
    clock.advance(30);
    changed.fire();
    clock.advance(70);
    assert.deepEqual(types(), ['state']);
    clock.advance(400);
    changed.fire();
    clock.advance(1);
    assert.deepEqual(types(), ['state']);
    clock.advance(199);
    changed.fire();
    clock.advance(500);
    assert.deepEqual(types(), []);
    clock.advance(500);
    assert.deepEqual(types(), ['state']);
  });

  it('gives a tab all that it needs when it is shown, and then what is new', () => {
    const { clock, finished, feed, types, posted } = world();
    feed.show('activity');
    assert.deepEqual(types(), ['activity']);
    finished.fire(exchangeView({ id: 2 }));
    finished.fire(exchangeView({ id: 3 }));
    clock.advance(500);
    const last = posted.at(-1);
    assert.deepEqual(last?.type === 'exchanges' ? last.exchanges.map(({ id }) => id) : [], [2, 3]);
    assert.deepEqual(types(), ['state', 'exchanges']);
    feed.show('history');
    assert.deepEqual(types(), ['history']);
    finished.fire(exchangeView({ id: 4 }));
    clock.advance(10_000);
    assert.deepEqual(types(), ['state', 'history']);
  });

  it('gives the tab of models what is listed, and nothing where another tab is shown by then', async () => {
    const { feed, types } = world();
    feed.show('models');
    await settled();
    assert.deepEqual(types(), ['models']);
    feed.show('models');
    feed.show('accounts');
    await settled();
    assert.deepEqual(types(), []);
  });

  it('gives the tab all of it again when the history is another', () => {
    const { replaced, feed, types } = world();
    replaced.fire();
    assert.deepEqual(types(), []);
    for (const tab of ['activity', 'history'] as const) {
      feed.show(tab);
      replaced.fire();
      assert.deepEqual(types(), [tab, tab]);
    }
  });
});
