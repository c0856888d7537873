import assert from 'node:assert/strict';
import { forecast, Series } from '../../../../src/service/history/series';
import { ManualClock } from '../../../support/manualClock';
import { exchangeView } from '../exchanges';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 22, 18);

function fresh(): { clock: ManualClock; series: Series } {
  const clock = new ManualClock(startMs);
  return { clock, series: new Series(clock, () => 'UTC') };
}

const total = (counts: readonly number[] | undefined): number =>
  (counts ?? []).reduce((sum, one) => sum + one, 0);

describe('the series of the last 24 hours', () => {
  it('counts what ended in the bucket of five minutes in which it ended', () => {
    const { series } = fresh();
    series.add(exchangeView({ endedAtMs: startMs - 6 * minuteMs }));
    series.add(exchangeView({ endedAtMs: startMs - 1, end: 'refused' }));
    series.add(exchangeView({ endedAtMs: startMs }));
    const { ends, startMs: firstMs, bucketMs, keys, firstToken } = series.view();
    assert.equal(ends.answered.length, 288);
    assert.equal(firstMs + 287 * bucketMs, startMs);
    assert.deepEqual(ends.answered.slice(-3), [1, 0, 1]);
    assert.deepEqual(ends.refused.slice(-3), [0, 1, 0]);
    assert.deepEqual(
      keys.map(({ keyId, label }) => [keyId, label]),
      [['aaaaaaaaaaaa', 'Private']],
    );
    assert.equal(firstToken.at(-1)?.[0]?.[1], 1);
    const [ms] = firstToken.at(-1)?.[0] ?? [0];
    assert.ok(ms > 1400 * 0.95 && ms < 1400 * 1.05, `a class is a tenth wide: ${ms}`);
  });

  it('sums tokens, cost and success by model and by client, the most used first', () => {
    const { series } = fresh();
    const usage = { promptTokens: 10, completionTokens: 5, cost: 0.25 };
    series.add(
      exchangeView({ endedAtMs: startMs, model: 'rare', client: 'curl', usage: null, end: 'failed' }),
    );
    for (const endedAtMs of [startMs - 9 * minuteMs, startMs]) series.add(exchangeView({ endedAtMs, usage }));
    const { models, clients } = series.view();
    assert.deepEqual(models, [
      { model: 'a/b:free', requests: 2, answered: 2, promptTokens: 20, completionTokens: 10, cost: 0.5 },
      { model: 'rare', requests: 1, answered: 0, promptTokens: 0, completionTokens: 0, cost: 0 },
    ]);
    assert.deepEqual(
      clients.map(({ client, requests }) => [client, requests]),
      [
        ['Cline', 2],
        ['curl', 1],
      ],
    );
  });

  it('counts attempts that reached OpenRouter for the pace, and paid requests', () => {
    const { clock, series } = fresh();
    series.add(exchangeView({ endedAtMs: startMs }));
    series.add(exchangeView({ endedAtMs: startMs, class: 'paid' }));
    series.add(exchangeView({ endedAtMs: startMs, attempts: [] }));
    const [attempt] = exchangeView({}).attempts;
    assert.ok(attempt);
    // An attempt counts although the model stayed silent.
    for (const outcome of ['headTimeout', 'notSent'])
      series.add(exchangeView({ endedAtMs: startMs, attempts: [{ ...attempt, status: null, outcome }] }));
    assert.deepEqual(series.recent(60 * minuteMs), { freeAttempts: 3, paid: 1 });
    clock.advance(70 * minuteMs);
    assert.deepEqual(series.recent(60 * minuteMs), { freeAttempts: 0, paid: 0 });
  });

  it('forgets what is older than a day, and what was older when it came', () => {
    const { clock, series } = fresh();
    series.add(exchangeView({ endedAtMs: startMs }));
    series.add(exchangeView({ endedAtMs: startMs - 25 * 60 * minuteMs }));
    assert.equal(total(series.view().ends.answered), 1);
    clock.advance(24 * 60 * minuteMs);
    assert.equal(total(series.view().ends.answered), 0);
    assert.deepEqual(series.view().keys, []);
  });

  it('stays bounded however many names come, and takes none for a part of itself', () => {
    const { series } = fresh();
    for (let index = 0; index < 500; index++)
      series.add(exchangeView({ endedAtMs: startMs, model: `m/${index}`, client: `c ${index}` }));
    series.add(exchangeView({ endedAtMs: startMs, model: '__proto__', client: 'constructor' }));
    const { models, clients } = series.view();
    assert.ok(models.length <= 201 && clients.length <= 201);
    assert.equal(total(models.map(({ requests }) => requests)), 501);
  });

  it('shows the most used names of a day, and the others together', () => {
    const { clock, series } = fresh();
    for (let index = 0; index < 1_000; index++) {
      if (index % 100 === 0) clock.advance(5 * minuteMs);
      const name = index % 4 === 0 ? 'm/usual' : `m/${index}`;
      series.add(exchangeView({ endedAtMs: clock.wallMs(), model: name, client: name }));
    }
    const { models, clients } = series.view();
    assert.deepEqual([models.length, clients.length], [201, 201]);
    assert.deepEqual([models[0]?.model, models[0]?.requests], ['m/usual', 250]);
    assert.deepEqual([clients.at(-1)?.client, clients.at(-1)?.requests], ['…', 551]);
  });

  it('comes back from what was saved, but for the labels of keys', () => {
    const { clock, series } = fresh();
    series.add(exchangeView({ endedAtMs: startMs }));
    const other = new Series(clock);
    other.restore(series.save());
    const { keys, ...rest } = series.view();
    assert.deepEqual(other.view(), { ...rest, keys: keys.map((key) => ({ ...key, label: '' })) });
  });

  it('sums up each hour of 35 days, and no more', () => {
    const { clock, series } = fresh();
    const usage = { promptTokens: 10, completionTokens: 5, cost: null };
    series.add(exchangeView({ endedAtMs: startMs, usage }));
    series.add(exchangeView({ endedAtMs: startMs + 59 * minuteMs, end: 'failed', usage: null }));
    clock.advance(34 * 24 * 60 * minuteMs);
    series.add(exchangeView({ endedAtMs: clock.wallMs() - 36 * 24 * 60 * minuteMs }));
    series.add(exchangeView({ endedAtMs: clock.wallMs(), usage: { ...usage, cost: 0.5 } }));
    const ends = { answered: 1, refused: 0, failed: 0, cancelled: 0 };
    const sums = { promptTokens: 10, completionTokens: 5, cost: 0 };
    const last = { startMs: clock.wallMs(), ends, ...sums, cost: 0.5 };
    assert.deepEqual(series.view().hours, [{ startMs, ends: { ...ends, failed: 1 }, ...sums }, last]);
    clock.advance(24 * 60 * minuteMs);
    assert.deepEqual(series.view().hours, [last]);
  });

  it('has an hour of its own for the day that begins within one, and no more hours for that', () => {
    const clock = new ManualClock(startMs);
    let zone = 'UTC';
    const series = new Series(clock, () => zone);
    const starts = (): readonly string[] =>
      series.view().hours.map((hour) => new Date(hour.startMs).toISOString().slice(11, 16));
    for (const minute of [0, 29, 30, 59])
      series.add(exchangeView({ endedAtMs: startMs + minute * minuteMs }));
    assert.deepEqual(starts(), ['18:00']);
    series.restore({ buckets: [], hours: [] });
    zone = 'Asia/Kolkata';
    for (const minute of [0, 29, 30, 59]) {
      clock.advance(minute === 0 ? 0 : startMs + minute * minuteMs - clock.wallMs());
      series.add(exchangeView({ endedAtMs: clock.wallMs() }));
    }
    assert.deepEqual(starts(), ['18:00', '18:30']);
    assert.deepEqual(
      series.view().hours.map(({ ends }) => ends.answered),
      [2, 2],
    );
    for (let half = 0; half < 36 * 48; half++) {
      clock.advance(30 * minuteMs);
      series.add(exchangeView({ endedAtMs: clock.wallMs() }));
    }
    assert.equal(series.save().hours.length, 35 * 24);
  });

  it('puts an end that a clock set back has made late into the last bucket', () => {
    const { series } = fresh();
    series.add(exchangeView({ endedAtMs: startMs }));
    series.add(exchangeView({ endedAtMs: startMs - 11 * minuteMs }));
    assert.deepEqual(series.view().ends.answered.slice(-3), [0, 0, 2]);
  });
});

describe('the series while the clock is put right', () => {
  it('keeps what ended by a clock that was ahead, in the last bucket and hour', () => {
    const { clock, series } = fresh();
    series.add(exchangeView({ endedAtMs: startMs + 90 * minuteMs }));
    series.add(exchangeView({ endedAtMs: startMs }));
    const sum = (): number => total(series.view().ends.answered);
    assert.deepEqual([sum(), total(series.view().hours.map(({ ends }) => ends.answered))], [2, 2]);
    clock.advance(2 * 60 * minuteMs);
    assert.equal(sum(), 2);
  });

  it('loses nothing by a clock that is ahead for a while, until something ends by it', () => {
    const { clock, series: before } = fresh();
    before.add(exchangeView({ endedAtMs: startMs }));
    clock.set(40 * 24 * 60 * minuteMs);
    const series = new Series(clock, () => 'UTC');
    series.restore(before.save());
    assert.deepEqual([total(series.view().ends.answered), series.view().hours], [0, []]);
    series.restore(series.save());
    clock.set(-40 * 24 * 60 * minuteMs);
    assert.equal(total(series.view().ends.answered), 1);
    assert.equal(series.view().hours.length, 1);
  });

  it('loses nothing by a clock that is behind for a while, as at the start of some machines', () => {
    const { clock, series: before } = fresh();
    before.add(exchangeView({ endedAtMs: startMs }));
    clock.advance(60 * minuteMs);
    before.add(exchangeView({ endedAtMs: clock.wallMs() }));
    const series = new Series(clock, () => 'UTC');
    const answered = (): number[] => {
      const { ends, hours } = series.view();
      return [total(ends.answered), total(hours.map((hour) => hour.ends.answered))];
    };
    clock.set(-40 * minuteMs);
    series.restore(before.save());
    assert.deepEqual(answered(), [1, 1]);
    series.add(exchangeView({ endedAtMs: clock.wallMs() }));
    assert.deepEqual(answered(), [2, 2]);
    const saved = series.save();
    clock.set(40 * minuteMs);
    assert.deepEqual(answered(), [3, 3]);
    series.restore(saved);
    assert.deepEqual(answered(), [3, 3]);
  });
});

describe('forecast', () => {
  const nowMs = startMs;
  const hourMs = 60 * minuteMs;
  const wheel = { freeLeft: 120, freeLimit: 1000, resetAtMs: nowMs + 6 * hourMs };

  it('says until when what is left lasts at the pace of the last hour', () => {
    assert.deepEqual(forecast(wheel, 60, nowMs), { kind: 'until', perHour: 60, untilMs: nowMs + 2 * hourMs });
  });

  it('says that it lasts where the reset comes first', () => {
    assert.deepEqual(forecast(wheel, 20, nowMs), { kind: 'lasts', perHour: 20 });
    assert.equal(forecast(wheel, 21, nowMs).kind, 'until');
  });

  it('tells no pace of a few requests', () => {
    assert.deepEqual(forecast(wheel, 2, nowMs), { kind: 'quiet' });
  });

  it('tells nothing where nothing is left, or nothing free is served', () => {
    assert.deepEqual(forecast({ ...wheel, freeLeft: 0 }, 60, nowMs), { kind: 'usedUp' });
    assert.deepEqual(forecast({ freeLeft: 0, freeLimit: 0, resetAtMs: null }, 60, nowMs), { kind: 'none' });
  });
});
