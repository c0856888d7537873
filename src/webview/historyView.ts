// Charts and tables of the last 24 hours, week and month as plain values; no DOM.
import type { BusyModel, ExchangeEnd, HourView, SeriesView, Snapshot } from '../service/snapshot';
import { ends, removedName } from './activityView';
import { tookText } from '../words/formats';
import { endWords, modelLockText, type TextContext } from '../words/stateWords';

/** Buckets per column: a quarter of an hour, so that a narrow panel has room for all columns. */
const bucketsToQuarter = 3;
const bucketsToHour = 12;
/** A shorter history is shown in hours, because its quarters would be too thin. */
const shortPastBuckets = 6 * bucketsToHour;
const minuteMs = 60_000;
const halfDayMs = 12 * 60 * minuteMs;
/** More series cannot be told apart by color, so further accounts are joined into one. */
const mostSeries = 6;

export interface ChartLine {
  readonly name: string;
  /** A theme color, without `--vscode-`. */
  readonly color: string;
  /** One value per column; null without a value. */
  readonly values: readonly (number | null)[];
}

export interface ChartView {
  readonly id: 'accounts' | 'outcomes' | 'firstToken' | 'days';
  readonly title: string;
  /** The chart in one sentence, for screen readers. */
  readonly summary: string;
  readonly kind: 'stacked' | 'lines';
  /** Start times of the columns; empty for columns with names. */
  readonly timesMs: readonly number[];
  readonly names: readonly string[];
  readonly lines: readonly ChartLine[];
  /** One row per hour or day, the latest first. */
  readonly table: TableView;
}

export interface TableView {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface HistoryView {
  readonly isEmpty: boolean;
  readonly charts: readonly ChartView[];
  /** The last column says until when a model is busy. */
  readonly models: TableView;
  /** Whether busy models can be unlocked, which needs a running proxy. */
  readonly canUnlock: boolean;
  readonly clients: TableView;
  /** Names and totals. */
  readonly sums: readonly (readonly [name: string, value: string])[];
}

/** How many days the bars show. */
export const periods = [7, 30] as const;
export type Period = (typeof periods)[number];

export function historyView(series: SeriesView, snapshot: Snapshot, textContext: TextContext): HistoryView {
  const accounts = accountLines(series, snapshot, textContext).map((line, index) => ({
    ...line,
    color: accountColors[index] ?? 'descriptionForeground',
  }));
  const outcomes = outcomeLines((end) => series.ends[end], textContext);
  const { t } = textContext;
  const use = [t('Requests'), t('Answered'), t('Tokens in / out'), t('Cost')];
  return {
    isEmpty:
      series.hours.length === 0 &&
      outcomes.every(({ values }) => sum(values) === 0) &&
      snapshot.busyModels.length === 0,
    charts: [
      countChart({ id: 'accounts', title: t('Requests by account') }, accounts, series, textContext),
      countChart({ id: 'outcomes', title: t('Requests by outcome') }, outcomes, series, textContext),
      firstTokenChart(series, textContext),
    ],
    models: {
      head: [t('Model'), ...use, t('Busy until')],
      rows: modelRows(series, snapshot, textContext),
    },
    canUnlock: snapshot.proxy.kind === 'running',
    sums: sumsOf(series, textContext),
    clients: {
      head: [t('Client'), ...use],
      rows: series.clients.map(({ client, ...used }) => [client, ...useCells(used, textContext)]),
    },
  };
}

function sumsOf(
  { ends: counts, clients }: SeriesView,
  textContext: TextContext,
): (readonly [string, string])[] {
  const { t, formats } = textContext;
  const requests = ends.reduce((all, end) => all + sum(counts[end]), 0);
  const [tokens = '', cost = ''] = spentCells(clients, textContext);
  return [
    [t('Requests'), formats.count(requests)],
    [t('Answered'), requests === 0 ? '–' : formats.share(sum(counts.answered), requests)],
    [t('Tokens in / out'), tokens],
    [t('Cost'), cost],
  ];
}

/** Numbers of requests. */
interface CountLine extends ChartLine {
  readonly values: readonly number[];
}

type Uncolored = Omit<CountLine, 'color'>;

// No orange, which is hardly visible in some themes.
const accountColors = [
  'charts-blue',
  'charts-yellow',
  'charts-purple',
  'charts-green',
  'terminal-ansiCyan',
  'charts-red',
];
// No yellow, which looks like the green in light themes.
const endColors: Readonly<Record<ExchangeEnd, string>> = {
  answered: 'charts-green',
  refused: 'charts-red',
  failed: 'charts-purple',
  cancelled: 'descriptionForeground',
};

function outcomeLines(values: (end: ExchangeEnd) => readonly number[], { t }: TextContext): CountLine[] {
  return ends.map((end) => ({ name: endWords(end, t).text, color: endColors[end], values: values(end) }));
}

/** Such as `Answered 7, Refused 0`. */
function totalsText(lines: readonly CountLine[], { formats }: TextContext): string {
  return lines.map(({ name, values }) => `${name} ${formats.count(sum(values))}`).join(', ');
}

/** The most used accounts, then all others as one line. */
function accountLines({ keys }: SeriesView, { accounts }: Snapshot, { t }: TextContext): Uncolored[] {
  const byAccount = new Map<string, Uncolored>();
  for (const { keyId, label, counts } of keys) {
    const account = accounts.find((each) => each.keys.some((key) => key.keyId === keyId));
    const removed = label || (keyId === '' ? t('Without key') : removedName(keyId, t));
    const id = account?.accountId ?? `key ${keyId}`;
    const values = added(counts, byAccount.get(id)?.values);
    byAccount.set(id, { name: account?.name ?? removed, values });
  }
  const sorted = [...byAccount.values()].sort((a, b) => sum(b.values) - sum(a.values));
  if (sorted.length > mostSeries) {
    const rest = sorted.splice(mostSeries - 1).map(({ values }) => values);
    sorted.push({ name: t('{0} other accounts', rest.length), values: rest.reduce(added) });
  }
  return sorted;
}

function countChart(
  named: Pick<ChartView, 'id' | 'title'>,
  lines: readonly CountLine[],
  series: SeriesView,
  textContext: TextContext,
): ChartView {
  const { t, formats } = textContext;
  const summary = t('{0} in the last 24 hours: {1}', named.title, totalsText(lines, textContext));
  return {
    ...named,
    summary,
    kind: 'stacked',
    ...hourly(
      lines.map((line) => ({ ...line, buckets: line.values, of: sum })),
      (value) => formats.count(value ?? 0),
      series,
      textContext,
    ),
  };
}

function firstTokenChart(series: SeriesView, textContext: TextContext): ChartView {
  const { t } = textContext;
  const text = (value: number | null): string => (value === null ? '–' : tookText(value, textContext));
  const buckets = series.firstToken;
  const share = (q: number) => (some: readonly Bins[]) => quantile(some.flat(), q);
  const [median, slow] = [share(0.5), share(0.95)] as const;
  return {
    id: 'firstToken',
    title: t('Time to first token'),
    summary: t(
      'In the last 24 hours half of the first tokens came within {0}, 95 % within {1}.',
      text(median(buckets)),
      text(slow(buckets)),
    ),
    kind: 'lines',
    ...hourly(
      [
        { name: t('Median'), color: 'charts-blue', buckets, of: median },
        { name: t('95th percentile'), color: 'charts-purple', buckets, of: slow },
      ],
      text,
      series,
      textContext,
    ),
  };
}

/** A line with the contents of its buckets; `of` gives the value of several buckets together. */
interface HourLine<T> extends Omit<ChartLine, 'values'> {
  readonly buckets: readonly T[];
  readonly of: (some: readonly T[]) => number | null;
}

/** The columns of the last 24 hours, and a table with a row an hour. */
function hourly<T>(
  lines: readonly HourLine<T>[],
  text: (value: number | null) => string,
  series: SeriesView,
  textContext: TextContext,
): Pick<ChartView, 'timesMs' | 'names' | 'lines' | 'table'> {
  const { t, formats } = textContext;
  const { startMs, bucketMs, firstToken } = series;
  const size = columnSize(series);
  const firstMs = startMs - bucketsPastHour(series, textContext) * bucketMs;
  const hours = lines.map(({ buckets, of }) => byHour(buckets, series, textContext).map(of));
  const rows = byHour(firstToken, series, textContext).map((_, hour) => [
    formats.clock(firstMs + hour * bucketsToHour * bucketMs),
    ...hours.map((values) => text(values[hour] ?? null)),
  ]);
  return {
    timesMs: grouped(firstToken, size).map((_, column) => startMs + column * size * bucketMs),
    names: [],
    lines: lines.map(({ name, color, buckets, of }) => ({
      name,
      color,
      values: grouped(buckets, size).map(of),
    })),
    table: { head: [t('From'), ...lines.map(({ name }) => name)], rows: rows.reverse() },
  };
}

/** A bar a day; days are those of the zone in which times are shown, as in the activity. */
export function dayChart({ hours }: SeriesView, period: Period, textContext: TextContext): ChartView {
  const { t, formats } = textContext;
  const title = t('Requests by day');
  const names = lastDays(period, textContext);
  const named = hours.map((hour) => ({ ...hour, name: formats.day(hour.startMs) }));
  const days = names.map((name) => named.filter((hour) => hour.name === name));
  const count = (some: typeof named, end: ExchangeEnd): number => sum(some.map((hour) => hour.ends[end]));
  const row = (name: string, some: typeof named): string[] => [
    name,
    ...ends.map((end) => formats.count(count(some, end))),
    ...spentCells(some, textContext),
  ];
  const lines = outcomeLines((end) => days.map((day) => count(day, end)), textContext);
  return {
    id: 'days',
    title,
    summary: t('{0} in the last {1} days: {2}', title, period, totalsText(lines, textContext)),
    kind: 'stacked',
    timesMs: [],
    names,
    lines,
    table: {
      head: [t('Day'), ...lines.map(({ name }) => name), t('Tokens in / out'), t('Cost')],
      rows: [
        row(t('Total'), days.flat()),
        ...days.map((day, index) => row(names[index] ?? '', day)).reverse(),
      ],
    },
  };
}

/** The names of the last `count` days, oldest first, with today. */
function lastDays(count: number, { formats, nowMs }: TextContext): string[] {
  const names = new Set<string>();
  // Half a day at a time, because days of 23 and 25 hours would leave one out.
  for (let atMs = nowMs; names.size < count; atMs -= halfDayMs) names.add(formats.day(atMs));
  return [...names].reverse();
}

/** Most locks that are listed for one model. */
const mostLocks = 3;

/** Sort order of a lock: 0 is a model that is busy for everybody. */
function widthOf({ accountId, reason = 'busy' }: BusyModel): number {
  return accountId === null ? Number(reason !== 'busy') : 2;
}

/** Until when the model is locked, and on which account; empty without a lock. */
export function busyText(
  model: string,
  { busyModels, accounts }: Snapshot,
  textContext: TextContext,
): string {
  const locks = busyModels
    .filter((lock) => lock.model === model && lock.untilMs > textContext.nowMs)
    .sort((a, b) => widthOf(a) - widthOf(b) || b.untilMs - a.untilMs);
  const texts = new Set(locks.slice(0, mostLocks).map((lock) => modelLockText(lock, accounts, textContext)));
  const more = locks.length - mostLocks;
  if (more > 0) texts.add(textContext.t('and {0} more', textContext.formats.count(more)));
  return [...texts].join('; ');
}

/** Includes busy models without requests today. */
function modelRows({ models }: SeriesView, snapshot: Snapshot, textContext: TextContext): string[][] {
  const unused = snapshot.busyModels
    .filter(({ untilMs }) => untilMs > textContext.nowMs)
    .map(({ model }) => model)
    .filter((model) => !models.some((use) => use.model === model));
  const zero = { requests: 0, answered: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  const uses = [...models, ...[...new Set(unused)].map((model) => ({ model, ...zero }))];
  return uses.map(({ model, ...use }) => [
    model,
    ...useCells(use, textContext),
    busyText(model, snapshot, textContext),
  ]);
}

function useCells(use: Omit<SeriesView['models'][number], 'model'>, textContext: TextContext): string[] {
  const { formats } = textContext;
  return [
    formats.count(use.requests),
    use.requests === 0 ? '–' : formats.share(use.answered, use.requests),
    ...spentCells([use], textContext),
  ];
}

/** The cells for tokens and cost. */
function spentCells(
  uses: readonly Pick<HourView, 'promptTokens' | 'completionTokens' | 'cost'>[],
  { formats }: TextContext,
): string[] {
  const of = (name: 'promptTokens' | 'completionTokens' | 'cost'): number =>
    sum(uses.map((use) => use[name]));
  const tokens = [of('promptTokens'), of('completionTokens')].map((value) => formats.compact(value));
  return [tokens.join(' / '), of('cost') === 0 ? '–' : formats.credits(of('cost'))];
}

function columnSize({ ends: counts, firstToken }: SeriesView): number {
  const first = ends.map((end) => counts[end].findIndex((value) => value > 0)).filter((index) => index >= 0);
  const isShort = first.length > 0 && firstToken.length - Math.min(...first) <= shortPastBuckets;
  return isShort ? bucketsToHour : bucketsToQuarter;
}

/** The number of buckets from the full hour, in the user's time zone, to the first bucket. */
function bucketsPastHour({ startMs, bucketMs }: SeriesView, { formats }: TextContext): number {
  return Math.round((formats.minute(startMs) * minuteMs) / bucketMs);
}

/** Groups buckets by full hours; the first and last group may be shorter. */
function byHour<T>(list: readonly T[], series: SeriesView, textContext: TextContext): T[][] {
  const before = bucketsPastHour(series, textContext);
  const first = before === 0 ? [] : [list.slice(0, bucketsToHour - before)];
  return [...first, ...grouped(list.slice(before === 0 ? 0 : bucketsToHour - before), bucketsToHour)];
}

function grouped<T>(list: readonly T[], size: number): T[][] {
  const columns = Math.ceil(list.length / size);
  return Array.from({ length: columns }, (_, index) => list.slice(index * size, (index + 1) * size));
}

function added(a: readonly number[], b: readonly number[] = []): number[] {
  return a.map((value, index) => value + (b[index] ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export type Bins = readonly (readonly [value: number, many: number])[];

/** The value below which the share `q` (0 to 1) of all values lies; null without values. */
export function quantile(bins: Bins, q: number): number | null {
  const sorted = [...bins].sort(([a], [b]) => a - b);
  const all = sorted.reduce((sum, [, many]) => sum + many, 0);
  if (all === 0) return null;
  const rank = Math.ceil(q * all);
  let seen = 0;
  for (const [value, many] of sorted) {
    seen += many;
    if (seen >= rank) return value;
  }
  return sorted.at(-1)?.[0] ?? null;
}
