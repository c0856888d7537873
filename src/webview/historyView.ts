// Charts and tables of the last 24 hours, week and month as plain values; no DOM.
import type { BusyModel, ExchangeEnd, HourView, SeriesView, Snapshot } from '../service/snapshot';
import { ends, removedName } from './activityView';
import { tookText } from '../words/formats';
import { endWords, modelLockText, type Speech } from '../words/stateWords';

/** Buckets per column: a quarter of an hour, so that a narrow panel has room for all columns. */
const bucketsToQuarter = 3;
const bucketsToHour = 12;
/** A shorter history is shown in hours, because its quarters would be too thin. */
const shortPastBuckets = 6 * bucketsToHour;
const minuteMs = 60_000;
const halfDayMs = 12 * 60 * minuteMs;
/** More series cannot be told apart by colour, so further accounts are joined into one. */
const mostSeries = 6;

export interface ChartLine {
  readonly name: string;
  /** A theme colour, without `--vscode-`. */
  readonly colour: string;
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

export interface ModelRow {
  readonly model: string;
  readonly cells: readonly string[];
  readonly busy: string;
}

export interface HistoryView {
  readonly isEmpty: boolean;
  readonly charts: readonly ChartView[];
  readonly models: readonly ModelRow[];
  /** Whether busy models can be unlocked, which needs a running proxy. */
  readonly canUnlock: boolean;
  readonly clients: readonly (readonly string[])[];
  /** Names and totals. */
  readonly sums: readonly (readonly [name: string, value: string])[];
}

/** How many days the bars show. */
export const periods = [7, 30] as const;
export type Period = (typeof periods)[number];

export function historyView(series: SeriesView, snapshot: Snapshot, speech: Speech): HistoryView {
  const accounts = accountLines(series, snapshot, speech);
  const outcomes = ends.map((end) => ({ name: endWords(end, speech.t).text, values: series.ends[end] }));
  const byAccount = { id: 'accounts', title: speech.t('Requests by account') } as const;
  const byOutcome = { id: 'outcomes', title: speech.t('Requests by outcome') } as const;
  return {
    isEmpty:
      series.hours.length === 0 &&
      outcomes.every(({ values }) => sum(values) === 0) &&
      snapshot.busyModels.length === 0,
    charts: [
      countChart({ ...byAccount, lines: accounts, colours: accountColours }, series, speech),
      countChart({ ...byOutcome, lines: outcomes, colours: endColours }, series, speech),
      firstTokenChart(series, speech),
    ],
    models: modelRows(series, snapshot, speech),
    canUnlock: snapshot.proxy.kind === 'running',
    sums: sumsOf(series, speech),
    clients: series.clients.map(({ client, ...use }) => [client, ...useCells(use, speech)]),
  };
}

function sumsOf({ ends: counts, clients }: SeriesView, speech: Speech): (readonly [string, string])[] {
  const { t, formats } = speech;
  const requests = ends.reduce((all, end) => all + sum(counts[end]), 0);
  const [tokens = '', cost = ''] = spentCells(clients, speech);
  return [
    [t('Requests'), formats.count(requests)],
    [t('Answered'), requests === 0 ? '–' : formats.share(sum(counts.answered), requests)],
    [t('Tokens in / out'), tokens],
    [t('Cost'), cost],
  ];
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

// No orange, which is hardly visible in some themes.
const accountColours = [
  'charts-blue',
  'charts-yellow',
  'charts-purple',
  'charts-green',
  'terminal-ansiCyan',
  'charts-red',
];
// No yellow, which looks like the green in light themes.
const endColours = ['charts-green', 'charts-red', 'charts-purple', 'descriptionForeground'];

/** The most used accounts, then all others as one line. */
function accountLines({ keys }: SeriesView, { accounts }: Snapshot, { t }: Speech): CountLine[] {
  const byAccount = new Map<string, CountLine>();
  for (const { keyId, label, counts } of keys) {
    const account = accounts.find((each) => each.keys.some((key) => key.keyId === keyId));
    const removed = label || (keyId === '' ? t('Without key') : removedName(keyId, t));
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
  const hours = lines.map(({ values }) => byHour(values, series, speech).map(sum));
  const size = columnSize(series);
  return {
    id,
    title,
    summary: t('{0} in the last 24 hours: {1}', title, totals.join(', ')),
    kind: 'stacked',
    timesMs: columnTimes(series, size),
    names: [],
    lines: lines.map(({ name, values }, index) => ({
      name,
      colour: colours[index] ?? 'descriptionForeground',
      values: grouped(values, size).map(sum),
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
  const { t } = speech;
  const of = (bins: readonly Bins[], q: number): number | null => quantile(bins.flat(), q);
  const text = (value: number | null): string => (value === null ? '–' : tookText(value, speech));
  const size = columnSize(series);
  const columns = grouped(series.firstToken, size);
  const hours = byHour(series.firstToken, series, speech);
  const [median, slow] = [t('Median'), t('95th percentile')];
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
    timesMs: columnTimes(series, size),
    names: [],
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

/** A bar a day; days are those of the zone in which times are shown, as in the activity. */
export function dayChart({ hours }: SeriesView, period: Period, speech: Speech): ChartView {
  const { t, formats } = speech;
  const title = t('Requests by day');
  const names = lastDays(period, speech);
  const named = hours.map((hour) => ({ ...hour, name: formats.day(hour.startMs) }));
  const days = names.map((name) => named.filter((hour) => hour.name === name));
  const count = (some: typeof named, end: ExchangeEnd): number => sum(some.map((hour) => hour.ends[end]));
  const row = (name: string, some: typeof named): string[] => [
    name,
    ...ends.map((end) => formats.count(count(some, end))),
    ...spentCells(some, speech),
  ];
  const lines = ends.map((end, index) => ({
    name: endWords(end, t).text,
    colour: endColours[index] ?? 'descriptionForeground',
    values: days.map((day) => count(day, end)),
  }));
  const totals = lines.map(({ name, values }) => `${name} ${formats.count(sum(values))}`);
  return {
    id: 'days',
    title,
    summary: t('{0} in the last {1} days: {2}', title, period, totals.join(', ')),
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

/** The names of so many days up to today, oldest first. */
function lastDays(count: number, { formats, nowMs }: Speech): string[] {
  const names = new Set<string>();
  // Half a day at a time, because days of 23 and 25 hours would leave one out.
  for (let atMs = nowMs; names.size < count; atMs -= halfDayMs) names.add(formats.day(atMs));
  return [...names].reverse();
}

function hourTable(
  series: SeriesView,
  names: readonly string[],
  cells: (hour: number) => readonly string[],
  speech: Speech,
): TableView {
  const { t, formats } = speech;
  const { startMs, bucketMs } = series;
  const hourMs = bucketsToHour * bucketMs;
  const firstMs = startMs - bucketsPastHour(series, speech) * bucketMs;
  const rows = byHour(series.firstToken, series, speech).map((_, hour) => [
    formats.clock(firstMs + hour * hourMs),
    ...cells(hour),
  ]);
  return { head: [t('From'), ...names], rows: rows.reverse() };
}

/** Most locks that are listed for one model. */
const mostLocks = 3;

/** Sort order of a lock: 0 is a model that is busy for everybody. */
function widthOf({ accountId, reason = 'busy' }: BusyModel): number {
  return accountId === null ? Number(reason !== 'busy') : 2;
}

/** Until when the model is locked, and on which account; empty without a lock. */
export function busyText(model: string, { busyModels, accounts }: Snapshot, speech: Speech): string {
  const locks = busyModels
    .filter((lock) => lock.model === model && lock.untilMs > speech.nowMs)
    .sort((a, b) => widthOf(a) - widthOf(b) || b.untilMs - a.untilMs);
  const texts = new Set(locks.slice(0, mostLocks).map((lock) => modelLockText(lock, accounts, speech)));
  const more = locks.length - mostLocks;
  if (more > 0) texts.add(speech.t('and {0} more', speech.formats.count(more)));
  return [...texts].join('; ');
}

/** Includes busy models without requests today. */
function modelRows({ models }: SeriesView, snapshot: Snapshot, speech: Speech): ModelRow[] {
  const unused = snapshot.busyModels
    .filter(({ untilMs }) => untilMs > speech.nowMs)
    .map(({ model }) => model)
    .filter((model) => !models.some((use) => use.model === model));
  const zero = { requests: 0, answered: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  const uses = [...models, ...[...new Set(unused)].map((model) => ({ model, ...zero }))];
  return uses.map(({ model, ...use }) => ({
    model,
    cells: useCells(use, speech),
    busy: busyText(model, snapshot, speech),
  }));
}

function useCells(use: Omit<SeriesView['models'][number], 'model'>, speech: Speech): string[] {
  const { formats } = speech;
  return [
    formats.count(use.requests),
    use.requests === 0 ? '–' : formats.share(use.answered, use.requests),
    ...spentCells([use], speech),
  ];
}

/** Tokens and cost. */
function spentCells(
  uses: readonly Pick<HourView, 'promptTokens' | 'completionTokens' | 'cost'>[],
  { formats }: Speech,
): string[] {
  const of = (name: 'promptTokens' | 'completionTokens' | 'cost'): number =>
    sum(uses.map((use) => use[name]));
  const tokens = [of('promptTokens'), of('completionTokens')].map((value) => formats.compact(value));
  return [tokens.join(' / '), of('cost') === 0 ? '–' : formats.credits(of('cost'))];
}

function columnTimes({ startMs, bucketMs, firstToken }: SeriesView, buckets: number): number[] {
  const columns = Math.ceil(firstToken.length / buckets);
  return Array.from({ length: columns }, (_, index) => startMs + index * buckets * bucketMs);
}

function columnSize({ ends: { answered, refused, failed, cancelled } }: SeriesView): number {
  const first = [answered, refused, failed, cancelled]
    .map((values) => values.findIndex((value) => value > 0))
    .filter((index) => index >= 0);
  const isShort = first.length > 0 && answered.length - Math.min(...first) <= shortPastBuckets;
  return isShort ? bucketsToHour : bucketsToQuarter;
}

/** How many buckets of the zone's hour are before the first one. */
function bucketsPastHour({ startMs, bucketMs }: SeriesView, { formats }: Speech): number {
  return Math.round((formats.minute(startMs) * minuteMs) / bucketMs);
}

/** Groups by full hours; the first and last may be shorter. */
function byHour<T>(list: readonly T[], series: SeriesView, speech: Speech): T[][] {
  const before = bucketsPastHour(series, speech);
  const first = before === 0 ? [] : [list.slice(0, bucketsToHour - before)];
  return [...first, ...grouped(list.slice(before === 0 ? 0 : bucketsToHour - before), bucketsToHour)];
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
