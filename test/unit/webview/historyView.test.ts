import assert from 'node:assert/strict';
import { Series } from '../../../src/service/history/series';
import type { SeriesView, Snapshot } from '../../../src/service/snapshot';
import { dayChart, historyView } from '../../../src/webview/historyView';
import { ManualClock } from '../../support/manualClock';
import { exchangeView } from '../service/exchanges';
import { Formats } from '../../../src/words/formats';
import { accountView, english, keyView, nowMs, stateOf } from '../vscode/views';

const minuteMs = 60_000;
const { snapshot } = stateOf([accountView()]);

function seriesOf(
  count: number,
  ids: readonly string[] = ['aaaaaaaaaaaa'],
  endedAtMs = nowMs - 60_000,
): SeriesView {
  const series = new Series(new ManualClock(nowMs));
  for (let index = 0; index < count; index++) {
    const keyId = ids[index % ids.length] ?? '';
    const attempt = {
      keyId,
      keyLabel: `Key ${keyId}`,
      atMs: nowMs,
      status: 200,
      outcome: 'answer',
      previous: [],
      waitedMs: 0,
    };
    series.add(exchangeView({ endedAtMs, attempts: [attempt] }));
  }
  return series.view();
}

describe('historyView', () => {
  it('has nothing to show without requests', () => {
    assert.equal(historyView(seriesOf(0), snapshot, english).isEmpty, true);
  });

  it('shows a past of a few hours by the hour', () => {
    const [accounts] = historyView(seriesOf(7), snapshot, english).charts;
    assert.equal(accounts?.timesMs.length, 24);
    assert.equal(accounts.lines[0]?.values.at(-1), 7);
  });

  it('sums up all of it', () => {
    const { sums } = historyView(seriesOf(7), snapshot, english);
    assert.deepEqual(
      sums.map(([name, value]) => `${name}: ${value}`),
      ['Requests: 7', 'Answered: 100%', 'Tokens in / out: 8.4K / 238', 'Cost: –'],
    );
  });

  it('counts requests by account and by outcome, a quarter of an hour a column, a full hour a row', () => {
    const early = nowMs - 20 * 3_600_000;
    const [accounts, outcomes] = historyView(seriesOf(7, undefined, early), snapshot, english).charts;
    assert.deepEqual(
      accounts?.lines.map(({ name }) => name),
      ['Private'],
    );
    assert.equal(accounts.timesMs.length, 96);
    assert.equal(Math.max(...(accounts.lines[0]?.values ?? []).map(Number)), 7);
    assert.equal(accounts.table.rows.length, 25);
    assert.deepEqual(
      accounts.table.rows.filter(([, count]) => count !== '0'),
      [['22:00', '7']],
    );
    assert.match(outcomes?.summary ?? '', /Answered 7, Refused 0/);
  });

  it('joins the keys of an account, and what is beyond six accounts', () => {
    const ids = Array.from({ length: 9 }, (_, index) => `key-${index}`);
    const [chart] = historyView(seriesOf(9, ids), snapshot, english).charts;
    assert.equal(chart?.lines.length, 6);
    const { name, values } = chart.lines.at(-1) ?? { values: [] };
    assert.deepEqual([name, Math.max(...values.map(Number))], ['4 other accounts', 4]);
    const account = accountView({ keys: ids.map((keyId) => keyView({ keyId })) });
    const joined = historyView(seriesOf(9, ids), stateOf([account]).snapshot, english).charts[0];
    assert.deepEqual(
      joined?.lines.map(({ name }) => name),
      ['Private'],
    );
  });

  it('shows half and 95 % of the times to the first token, and nothing where none came', () => {
    const chart = historyView(seriesOf(3), snapshot, english).charts[2];
    const [median] = chart?.lines ?? [];
    assert.equal(median?.values[0], null);
    const last = median.values.at(-1) ?? 0;
    assert.ok(last > 1300 && last < 1500, String(last));
  });

  it('lists models with what they cost and until when they are busy, even those nobody asked for', () => {
    const busyModels = [
      { model: 'a/b:free', accountId: null, untilMs: nowMs + 600_000 },
      { model: 'c/d:free', accountId: null, untilMs: nowMs + 600_000 },
    ];
    const busy: Snapshot = { ...snapshot, busyModels };
    const { models, clients } = historyView(seriesOf(2), busy, english);
    assert.deepEqual(models.rows, [
      ['a/b:free', '2', '100%', '2.4K / 68', '–', '18:10'],
      ['c/d:free', '0', '–', '0 / 0', '–', '18:10'],
    ]);
    assert.deepEqual(clients.rows, [['Cline', '2', '100%', '2.4K / 68', '–']]);
    for (const { head, rows } of [models, clients]) assert.equal(rows[0]?.length, head.length);
  });

  it('tells on which account a model is held back, and why, and stays short', () => {
    const [account] = snapshot.accounts;
    const on = { model: 'a/b:free', accountId: account?.accountId ?? '' };
    const busyModels: Snapshot['busyModels'] = [
      { ...on, keyId: 'one', reason: 'policy', untilMs: nowMs + 600_000 },
      { ...on, accountId: null, reason: 'busy', untilMs: nowMs + 60_000 },
      { ...on, accountId: null, reason: 'left', untilMs: nowMs + 120_000 },
      { ...on, reason: 'modelLimit', untilMs: nowMs + 300_000 },
      { ...on, reason: 'modelLimit', untilMs: nowMs },
    ];
    const [model] = historyView(seriesOf(2), { ...snapshot, busyModels }, english).models.rows;
    assert.equal(
      model?.at(-1),
      '18:01:00; Skipped for a fallback model until 18:02:00; Private: Blocked by the account’s settings until 18:10; and 1 more',
    );
  });

  it('shows a week and a month as bars, a day each, in the zone in which times are shown', () => {
    const clock = new ManualClock(nowMs);
    const series = new Series(clock);
    const usage = { promptTokens: 1000, completionTokens: 10, cost: 0.25 };
    // 23:30 UTC is the next day in Berlin.
    series.add(exchangeView({ endedAtMs: Date.UTC(2026, 9, 30, 23, 30), usage }));
    series.add(exchangeView({ endedAtMs: Date.UTC(2026, 10, 20, 12), usage, end: 'failed' }));
    series.add(exchangeView({ endedAtMs: nowMs, usage }));
    const zoned = { ...english, formats: new Formats('en', 'Europe/Berlin') };
    const week = dayChart(series.view(), 7, english);
    assert.deepEqual(week.names.at(0), 'Nov 16');
    assert.deepEqual(
      week.lines.map(({ values }) => values.join('')),
      ['0000001', '0000000', '0000100', '0000000'],
    );
    assert.equal(
      week.summary,
      'Requests by day in the last 7 days: Answered 1, Refused 0, Interrupted 1, Cancelled 0',
    );
    const month = dayChart(series.view(), 30, zoned);
    assert.equal(new Set(month.names).size, 30);
    assert.deepEqual(month.table.rows[0], ['Total', '2', '0', '1', '0', '3K / 30', '$0.75']);
    assert.deepEqual(
      month.table.rows.slice(1).filter(([, ...cells]) => cells[0] !== '0' || cells[2] !== '0'),
      [
        ['Nov 22', '1', '0', '0', '0', '1K / 10', '$0.25'],
        ['Nov 20', '0', '0', '1', '0', '1K / 10', '$0.25'],
        ['Oct 31', '1', '0', '0', '0', '1K / 10', '$0.25'],
      ],
    );
  });

  for (const [zone, sinceMs] of [
    ['Asia/Kolkata', 30 * minuteMs],
    ['Asia/Kathmandu', 45 * minuteMs],
    ['Australia/Adelaide', 30 * minuteMs],
  ] as const) {
    it(`begins hours and days where they begin in ${zone}`, () => {
      const clock = new ManualClock(nowMs);
      const series = new Series(clock, () => zone);
      const formats = new Formats('en', zone);
      const midnightMs = Array.from({ length: 24 }, (_, hour) => nowMs - hour * 3_600_000 - sinceMs).find(
        (atMs) => formats.clock(atMs) === '00:00',
      );
      assert.ok(midnightMs);
      for (const endedAtMs of [midnightMs - 2, midnightMs - 1, midnightMs, midnightMs + 3_600_000])
        series.add(exchangeView({ endedAtMs }));
      const zoned = { ...english, formats };
      const [accounts] = historyView(series.view(), snapshot, zoned).charts;
      assert.deepEqual(
        accounts?.table.rows.filter(([, count]) => count !== '0'),
        [
          ['01:00', '1'],
          ['00:00', '1'],
          ['23:00', '2'],
        ],
      );
      const [days] = dayChart(series.view(), 7, zoned).lines;
      assert.deepEqual(
        days?.values.filter((count) => count !== 0),
        [2, 2],
      );
    });
  }

  it('has something to show while there were requests within a month', () => {
    assert.equal(
      historyView(seriesOf(1, undefined, nowMs - 30 * 86_400_000), snapshot, english).isEmpty,
      false,
    );
  });

  it('lets models be unlocked while the proxy runs, which does it', () => {
    const stopped: Snapshot = { ...snapshot, proxy: { kind: 'stopped' } };
    assert.equal(historyView(seriesOf(2), snapshot, english).canUnlock, true);
    assert.equal(historyView(seriesOf(2), stopped, english).canUnlock, false);
  });
});
