// Charts and tables of the last 24 hours as plain values; no DOM.
import type { BusyModel, SeriesView, Snapshot } from '../service/snapshot';
import { ends } from './activityView';
import { endWords } from './exchangeWords';
import { quantile, type Bins } from './quantile';
import type { Speech } from './stateWords';

/** Buckets to one column of a chart: a quarter of an hour, about as many columns as a narrow panel has room for. */
const bucketsToColumn = 3;
const bucketsToHour = 12;
/** More accounts than that cannot be told apart by colour: the rest are one series. */
const mostSeries = 6;

export interface ChartLine {
  readonly name: string;
  /** A colour of the theme, without `--vscode-`. */
  readonly colour: string;
  /** One a column; null where there is nothing to show. */
  readonly values: readonly (number | null)[];
}

export interface ChartView {
  readonly id: 'accounts' | 'outcomes' | 'firstToken';
  readonly title: string;
  /** What the chart says, in one sentence. */
  readonly summary: string;
  readonly kind: 'stacked' | 'lines';
  /** Beginnings of the columns, milliseconds. */
  readonly timesMs: readonly number[];
  readonly lines: readonly ChartLine[];
  /** An hour a row, the latest first. */
  readonly table: TableView;
}

export interface TableView {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ModelRow {
  readonly model: string;
  readonly cells: readonly string[];
  readonly busy: string;
}

export interface HistoryView {
  readonly isEmpty: boolean;
  readonly charts: readonly ChartView[];
  readonly models: readonly ModelRow[];
  /** Whether busy models can be unlocked: the proxy does it while it runs. */
  readonly canUnlock: boolean;
  readonly clients: readonly (readonly string[])[];
}

export function historyView(series: SeriesView, snapshot: Snapshot, speech: Speech): HistoryView {
  const accounts = accountLines(series, snapshot, speech);
  const outcomes = ends.map((end) => ({ name: endWords(end, speech.t).text, values: series.ends[end] }));
  const byAccount = { id: 'accounts', title: speech.t('Requests by account') } as const;
  const byOutcome = { id: 'outcomes', title: speech.t('Requests by outcome') } as const;
  return {
    isEmpty: outcomes.every(({ values }) => sum(values) === 0) && snapshot.busyModels.length === 0,
    charts: [
      countChart({ ...byAccount, lines: accounts, colours: accountColours }, series, speech),
      countChart({ ...byOutcome, lines: outcomes, colours: endColours }, series, speech),
      firstTokenChart(series, speech),
    ],
    models: modelRows(series, snapshot.busyModels, speech),
    canUnlock: snapshot.proxy.kind === 'running',
    clients: series.clients.map(({ client, ...use }) => [client, ...useCells(use, speech).slice(0, 3)]),
  };
}

interface CountLine {
  readonly name: string;
  readonly values: readonly number[];
}

interface CountChart {
  readonly id: 'accounts' | 'outcomes';
  readonly title: string;
  readonly lines: readonly CountLine[];
  readonly colours: readonly string[];
}

// Orange is left out: some themes have none that can be seen.
const accountColours = [
  'charts-blue',
  'charts-yellow',
  'charts-purple',
  'charts-green',
  'terminal-ansiCyan',
  'charts-red',
];
const endColours = ['charts-green', 'charts-red', 'charts-yellow', 'descriptionForeground'];

/** The most used accounts, then all others together. */
function accountLines({ keys }: SeriesView, { accounts }: Snapshot, { t }: Speech): CountLine[] {
  const byAccount = new Map<string, CountLine>();
  for (const { keyId, label, counts } of keys) {
    const account = accounts.find((each) => each.keys.some((key) => key.keyId === keyId));
    const removed = label || keyId || t('No key');
    const id = account?.accountId ?? `key ${keyId}`;
    const known = byAccount.get(id);
    const values = known ? added(known.values, counts) : counts;
    byAccount.set(id, { name: account?.name ?? removed, values });
  }
  const sorted = [...byAccount.values()].sort((a, b) => sum(b.values) - sum(a.values));
  if (sorted.length <= mostSeries) return sorted;
  const rest = sorted.slice(mostSeries - 1);
  const values = rest.map((line) => line.values).reduce(added);
  return [...sorted.slice(0, mostSeries - 1), { name: t('{0} other accounts', rest.length), values }];
}

function countChart(
  { id, title, lines, colours }: CountChart,
  series: SeriesView,
  speech: Speech,
): ChartView {
  const { t, formats } = speech;
  const totals = lines.map(({ name, values }) => `${name} ${formats.count(sum(values))}`);
  const hours = lines.map(({ values }) => grouped(values, bucketsToHour).map(sum));
  return {
    id,
    title,
    summary: t('{0} in the last 24 hours: {1}', title, totals.join(', ')),
    kind: 'stacked',
    timesMs: columnTimes(series, bucketsToColumn),
    lines: lines.map(({ name, values }, index) => ({
      name,
      colour: colours[index] ?? 'descriptionForeground',
      values: grouped(values, bucketsToColumn).map(sum),
    })),
    table: hourTable(
      series,
      lines.map(({ name }) => name),
      (hour) => hours.map((values) => formats.count(values[hour] ?? 0)),
      speech,
    ),
  };
}

function firstTokenChart(series: SeriesView, speech: Speech): ChartView {
  const { t, formats } = speech;
  const of = (bins: readonly Bins[], q: number): number | null => quantile(bins.flat(), q);
  const text = (value: number | null): string =>
    value === null ? '–' : t('{0} s', formats.inSeconds(value));
  const columns = grouped(series.firstToken, bucketsToColumn);
  const hours = grouped(series.firstToken, bucketsToHour);
  const [median, slow] = [t('Half within (p50)'), t('95 % within (p95)')];
  const all = [of(series.firstToken, 0.5), of(series.firstToken, 0.95)].map(text);
  return {
    id: 'firstToken',
    title: t('Time to first token'),
    summary: t(
      'In the last 24 hours half of the first tokens came within {0}, 95 % within {1}.',
      all[0] ?? '',
      all[1] ?? '',
    ),
    kind: 'lines',
    timesMs: columnTimes(series, bucketsToColumn),
    lines: [
      { name: median, colour: 'charts-blue', values: columns.map((bins) => of(bins, 0.5)) },
      { name: slow, colour: 'charts-purple', values: columns.map((bins) => of(bins, 0.95)) },
    ],
    table: hourTable(
      series,
      [median, slow],
      (hour) => [text(of(hours[hour] ?? [], 0.5)), text(of(hours[hour] ?? [], 0.95))],
      speech,
    ),
  };
}

function hourTable(
  series: SeriesView,
  names: readonly string[],
  cells: (hour: number) => readonly string[],
  { t, formats }: Speech,
): TableView {
  const times = columnTimes(series, bucketsToHour);
  const rows = times.map((timeMs, hour) => [formats.clock(timeMs), ...cells(hour)]);
  return { head: [t('From'), ...names], rows: rows.reverse() };
}

/** Models that are busy are listed even if nobody asked for them today. */
function modelRows({ models }: SeriesView, busyModels: readonly BusyModel[], speech: Speech): ModelRow[] {
  const { formats, nowMs } = speech;
  const busyOf = (model: string): string => {
    const untilMs = Math.max(
      0,
      ...busyModels.filter((busy) => busy.model === model).map((busy) => busy.untilMs),
    );
    return untilMs > nowMs ? formats.until(untilMs, nowMs) : '';
  };
  const unused = busyModels
    .map(({ model }) => model)
    .filter((model) => !models.some((use) => use.model === model));
  const zero = { requests: 0, answered: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  return [
    ...models.map(({ model, ...use }) => ({ model, cells: useCells(use, speech), busy: busyOf(model) })),
    ...[...new Set(unused)].map((model) => ({ model, cells: useCells(zero, speech), busy: busyOf(model) })),
  ];
}

function useCells(use: Omit<SeriesView['models'][number], 'model'>, { formats }: Speech): string[] {
  return [
    formats.count(use.requests),
    use.requests === 0 ? '–' : formats.share(use.answered, use.requests),
    `${formats.compact(use.promptTokens)} / ${formats.compact(use.completionTokens)}`,
    use.cost === 0 ? '–' : formats.credits(use.cost),
  ];
}

function columnTimes({ startMs, bucketMs, firstToken }: SeriesView, buckets: number): number[] {
  const columns = Math.ceil(firstToken.length / buckets);
  return Array.from({ length: columns }, (_, index) => startMs + index * buckets * bucketMs);
}

function grouped<T>(list: readonly T[], size: number): T[][] {
  const columns = Math.ceil(list.length / size);
  return Array.from({ length: columns }, (_, index) => list.slice(index * size, (index + 1) * size));
}

function added(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, index) => value + (b[index] ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
