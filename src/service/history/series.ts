// Sums the exchanges of the last 24 hours in buckets of five minutes, and those of the last 35 days by the hour, within
// bounds; forecasts the rest of the day from them.
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import { Calendar, dayMs, zoneOf } from '../../keys/calendar';
import type { Usage } from '../../proxy/answer/usage';
import type { DashboardState } from '../messages';
import type { ExchangeEnd, ExchangeView, ForecastView, SeriesView, Snapshot, WheelView } from '../snapshot';
import { Buckets } from './buckets';

const bucketMs = 5 * 60_000;
const bucketCount = 288;

/** Hours add up to days in every time zone: where midnight lies within an hour, that hour has two buckets. */
const hourMs = 60 * 60_000;
const hourCount = 35 * 24;

/** Most names of keys, models or clients in one bucket, and in the view's sums; further names count as `otherName`. */
const mostNames = 200;
const otherName = '…';
/** The key id of requests that reached no key. */
const noKey = '';

/** First-token times are kept in classes, each a tenth wider than the one before. */
const binRatio = 1.1;

const count = v.number();
const useSchema = v.object({
  requests: count,
  answered: count,
  promptTokens: count,
  completionTokens: count,
  cost: count,
});
type Use = v.InferOutput<typeof useSchema>;

const endsSchema = v.object({ answered: count, refused: count, failed: count, cancelled: count });

const hourSchema = v.object({
  startMs: v.number(),
  ends: endsSchema,
  promptTokens: count,
  completionTokens: count,
  cost: count,
});
type Hour = v.InferOutput<typeof hourSchema>;
type Spent = Pick<Hour, 'promptTokens' | 'completionTokens' | 'cost'>;

const bucketSchema = v.object({
  startMs: v.number(),
  ends: endsSchema,
  /** Attempts that count against the daily allowance; `paid` counts paid requests. */
  freeAttempts: count,
  paid: count,
  keys: v.record(v.string(), count),
  /** Number of a class of times (see `binRatio`) → number of requests. */
  firstToken: v.record(v.string(), count),
  models: v.record(v.string(), useSchema),
  clients: v.record(v.string(), useSchema),
});
type Bucket = v.InferOutput<typeof bucketSchema>;

/** Saved buckets, oldest first; keys by their ids alone. */
export const savedBucketsSchema = v.pipe(v.array(bucketSchema), v.maxLength(bucketCount));
export const savedHoursSchema = v.pipe(v.array(hourSchema), v.maxLength(hourCount));

interface SavedSeries {
  readonly buckets: readonly Bucket[];
  readonly hours: readonly Hour[];
}

export class Series {
  private readonly buckets: Buckets<Bucket>;
  private readonly hours: Buckets<Hour>;
  private readonly labels = new Map<string, string>();

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    timezone: () => string = () => '',
  ) {
    const calendar = new Calendar('local');
    const nextBreakMs = (fromMs: number): number => {
      const zone = zoneOf(timezone());
      // In most zones hours begin with UTC's, so midnight divides none: the library of calendars is not loaded for them.
      if (zone === 'local' && new Date(fromMs).getMinutes() === 0) return Number.POSITIVE_INFINITY;
      calendar.setZone(zone);
      return calendar.nextMidnightMs(fromMs);
    };
    const ends = (): Hour['ends'] => ({ answered: 0, refused: 0, failed: 0, cancelled: 0 });
    this.buckets = new Buckets(clock, { spanMs: bucketMs, count: bucketCount }, (startMs) => ({
      startMs,
      ends: ends(),
      freeAttempts: 0,
      paid: 0,
      keys: {},
      firstToken: {},
      models: {},
      clients: {},
    }));
    this.hours = new Buckets(clock, { spanMs: hourMs, count: hourCount, nextBreakMs }, (startMs) => ({
      startMs,
      ends: ends(),
      promptTokens: 0,
      completionTokens: 0,
      cost: 0,
    }));
  }

  add(exchange: ExchangeView): void {
    const hour = this.hours.at(exchange.endedAtMs);
    if (hour !== null) addTo(hour, exchange);
    const bucket = this.buckets.at(exchange.endedAtMs);
    if (bucket === null) return;
    bucket.ends[exchange.end]++;
    const last = exchange.attempts.at(-1);
    if (last !== undefined && last.keyId !== '') this.labels.set(last.keyId, last.keyLabel);
    raise(bucket.keys, last?.keyId ?? noKey);
    countClass(bucket, exchange);
    if (exchange.firstTokenMs !== null) raise(bucket.firstToken, binOf(exchange.firstTokenMs));
    if (exchange.model !== null) note(bucket.models, exchange.model, exchange);
    note(bucket.clients, exchange.client, exchange);
  }

  /** The requests of the last `spanMs`, in whole buckets. */
  recent(spanMs: number): Pick<Bucket, 'freeAttempts' | 'paid'> {
    const sinceMs = this.clock.wallMs() - spanMs;
    const recent = this.buckets.all().filter(({ startMs }) => startMs + bucketMs > sinceMs);
    return {
      freeAttempts: recent.reduce((sum, { freeAttempts }) => sum + freeAttempts, 0),
      paid: recent.reduce((sum, { paid }) => sum + paid, 0),
    };
  }

  /** The forecast, and the use of today. */
  outlook({ wheel, atMs }: Snapshot): Pick<DashboardState, 'forecast' | 'paidOnly' | 'spent'> {
    const day = this.recent(dayMs);
    return {
      forecast: forecast(wheel, this.recent(paceSpanMs).freeAttempts, atMs),
      paidOnly: day.paid > 0 && day.freeAttempts === 0,
      spent: this.spentToday(atMs),
    };
  }

  view(): SeriesView {
    const buckets = this.buckets.all();
    const startMs = this.buckets.firstMs();
    const byStart = new Map(buckets.map((bucket) => [bucket.startMs, bucket]));
    const column = <T>(value: (bucket: Bucket | undefined) => T): T[] =>
      Array.from({ length: bucketCount }, (_, index) => value(byStart.get(startMs + index * bucketMs)));
    const firstToken = (bins: Bucket['firstToken'] = {}): [number, number][] =>
      Object.entries(bins).map(([bin, many]) => [Math.round(binRatio ** Number(bin)), many]);
    const ends = (end: ExchangeEnd): number[] => column((bucket) => bucket?.ends[end] ?? 0);
    return {
      startMs,
      bucketMs,
      ends: {
        answered: ends('answered'),
        refused: ends('refused'),
        failed: ends('failed'),
        cancelled: ends('cancelled'),
      },
      keys: [...new Set(buckets.flatMap(({ keys }) => Object.keys(keys)))].map((keyId) => ({
        keyId,
        label: this.labels.get(keyId) ?? '',
        counts: column((bucket) => bucket?.keys[keyId] ?? 0),
      })),
      firstToken: column((bucket) => firstToken(bucket?.firstToken)),
      models: this.uses('models').map(([model, use]) => ({ model, ...use })),
      clients: this.uses('clients').map(([client, use]) => ({ client, ...use })),
      hours: this.hours.all(),
    };
  }

  /** Plain JSON, without secrets and without content. */
  save(): SavedSeries {
    return { buckets: this.buckets.save(), hours: this.hours.save() };
  }

  /** Replaces all buckets by the saved ones. */
  restore({ buckets, hours }: SavedSeries): void {
    this.labels.clear();
    this.buckets.restore(buckets);
    this.hours.restore(hours);
  }

  /** Tokens and cost of the exchanges that have ended since UTC midnight. */
  private spentToday(nowMs: number): Readonly<Spent> {
    const sinceMs = nowMs - (nowMs % dayMs);
    const spent = { promptTokens: 0, completionTokens: 0, cost: 0 };
    for (const hour of this.hours.all()) if (hour.startMs >= sinceMs) addUse(spent, hour);
    return spent;
  }

  /** Sums of all buckets, the most used first; further names count as `otherName`. */
  private uses(by: 'models' | 'clients'): [string, Use][] {
    const sums = new Map<string, Use>();
    for (const bucket of this.buckets.all())
      for (const [name, use] of Object.entries(bucket[by])) addToSum(sums, name, use);
    const sorted = [...sums].sort(([, a], [, b]) => b.requests - a.requests);
    const shown = new Map(sorted.slice(0, mostNames));
    for (const [, use] of sorted.slice(mostNames)) addToSum(shown, otherName, use);
    return [...shown];
  }
}

function addToSum(sums: Map<string, Use>, name: string, use: Use): void {
  const sum = sums.get(name) ?? noUse();
  sums.set(name, sum);
  sum.requests += use.requests;
  sum.answered += use.answered;
  addUse(sum, use);
}

function countClass(bucket: Bucket, exchange: ExchangeView): void {
  if (exchange.class === 'paid') bucket.paid++;
  // An attempt that was never sent uses no allowance.
  if (exchange.class === 'free')
    bucket.freeAttempts += exchange.attempts.filter(({ outcome }) => outcome !== 'notSent').length;
}

function addTo(hour: Hour, { end, usage }: ExchangeView): void {
  hour.ends[end]++;
  if (usage !== null) addUse(hour, usage);
}

function addUse(sums: Spent, { promptTokens, completionTokens, cost }: Usage): void {
  sums.promptTokens += promptTokens;
  sums.completionTokens += completionTokens;
  sums.cost += cost ?? 0;
}

function binOf(ms: number): string {
  return String(Math.round(Math.log(Math.max(ms, 1)) / Math.log(binRatio)));
}

function nameIn(record: Readonly<Record<string, unknown>>, name: string): string {
  if (name === '__proto__') return otherName;
  return Object.hasOwn(record, name) || Object.keys(record).length < mostNames ? name : otherName;
}

function raise(record: Record<string, number>, name: string): void {
  const kept = nameIn(record, name);
  record[kept] = (record[kept] ?? 0) + 1;
}

function note(record: Record<string, Use>, name: string, { end, usage }: ExchangeView): void {
  const kept = nameIn(record, name);
  const own = Object.hasOwn(record, kept) ? record[kept] : undefined;
  const use = own ?? (record[kept] = noUse());
  use.requests++;
  if (end === 'answered') use.answered++;
  if (usage !== null) addUse(use, usage);
}

function noUse(): Use {
  return { requests: 0, answered: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
}

/** The pace is the number of free attempts in the last span of this length. */
const paceSpanMs = hourMs;

/** Fewer attempts than this are too few for a forecast. */
const leastRequests = 3;

/** `freeAttempts`: the free attempts that were sent in the last `paceSpanMs`. */
export function forecast(
  { freeLeft, freeLimit, resetAtMs }: Pick<WheelView, 'freeLeft' | 'freeLimit' | 'resetAtMs'>,
  freeAttempts: number,
  nowMs: number,
): ForecastView {
  if (resetAtMs === null || freeLimit === 0) return { kind: 'none' };
  if (freeLeft <= 0) return { kind: 'usedUp' };
  if (freeAttempts < leastRequests) return { kind: 'quiet' };
  const untilMs = nowMs + (freeLeft / freeAttempts) * paceSpanMs;
  return untilMs >= resetAtMs
    ? { kind: 'lasts', perHour: freeAttempts }
    : { kind: 'until', perHour: freeAttempts, untilMs };
}
