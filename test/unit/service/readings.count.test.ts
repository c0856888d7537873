// The shown count against a truth of own and foreign requests, where OpenRouter's readings are a minute late.
import assert from 'node:assert/strict';
import { TextLog } from '../../../src/base/log';
import { Readings, activeForMs } from '../../../src/service/readings';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, leased, makeKey, makePool, makeReading, minuteMs, never } from '../keys/make';

const names = ['a', 'b', 'c'];
const limit = 1_000;

interface World {
  readonly lateMs: number;
  /** Mean time between own requests, and between those of others, by account; 0: none. */
  readonly ownEveryMs: number;
  readonly othersEveryMs: Readonly<Record<string, number>>;
}

interface Measured {
  readonly seconds: number;
  readonly wrong: readonly string[];
  readonly readings: number;
}

/** Numbers from 0 to 1, the same in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function measure({ lateMs, ownEveryMs, othersEveryMs }: World, minutes: number): Promise<Measured> {
  const clock = new ManualClock();
  const random = randomFrom(7);
  const pool = makePool(clock, Object.fromEntries(names.map((name) => [name, [makeKey(name)]])), {
    daily: { used: 0, limit },
  });
  const spent = new Map(names.map((name) => [name, { own: [] as number[], others: [] as number[] }]));
  const of = (name: string) => spent.get(name) ?? { own: [], others: [] };
  const count = (times: readonly number[], fromMs: number, toMs: number): number =>
    times.filter((atMs) => atMs > fromMs && atMs <= toMs).length;
  let asked = 0;
  const readings = new Readings({
    clock,
    log: new TextLog(() => undefined),
    pool,
    ask: (key) => {
      asked++;
      const name = key.replace('sk-or-v1-', '');
      const untilMs = clock.elapsedMs() - lateMs;
      const used = count(of(name).own, 0, untilMs) + count(of(name).others, 0, untilMs);
      return Promise.resolve({
        kind: 'read',
        reading: makeReading(name, clock.elapsedMs(), { used, limit }),
      });
    },
  });
  const isTime = (everyMs: number): boolean => everyMs > 0 && random() < 1_000 / everyMs;
  const wrong: string[] = [];
  for (let second = 1; second <= 60 * minutes; second++) {
    await clock.run(1_000);
    // A window is active all the time.
    readings.active(activeForMs);
    const nowMs = clock.elapsedMs();
    if (isTime(ownEveryMs)) {
      using lease = await leased(pool.lease(freeRequest(nowMs), never));
      lease.markSent();
      of(lease.key.label).own.push(nowMs);
    }
    for (const name of names) if (isTime(othersEveryMs[name] ?? 0)) of(name).others.push(nowMs);
    for (const account of pool.roster.accounts) {
      const name = account.keys[0]?.key.label ?? '';
      const { own, others } = of(name);
      const off = account.ledger.used - own.length - others.length;
      if (Math.abs(off) > 1 + count(others, nowMs - 120_000, nowMs))
        wrong.push(`${second} s: ${name} by ${off}`);
    }
  }
  readings.dispose();
  return { seconds: 60 * minutes, wrong, readings: asked };
}

describe('the shown count', () => {
  const worlds: readonly (readonly [string, World])[] = [
    ['own requests alone', { lateMs: minuteMs, ownEveryMs: 4_000, othersEveryMs: {} }],
    ['others’ alone', { lateMs: minuteMs, ownEveryMs: 0, othersEveryMs: { a: 5_000, b: 20_000 } }],
    ['own and others’', { lateMs: minuteMs, ownEveryMs: 4_000, othersEveryMs: { a: 5_000, b: 15_000 } }],
    [
      'few own and many others’',
      { lateMs: minuteMs, ownEveryMs: 30_000, othersEveryMs: { a: 3_000, c: 8_000 } },
    ],
    [
      'many own and few others’',
      { lateMs: minuteMs, ownEveryMs: 2_000, othersEveryMs: { a: 60_000, b: 30_000 } },
    ],
    ['readings that are not late', { lateMs: 0, ownEveryMs: 4_000, othersEveryMs: { a: 5_000, b: 15_000 } }],
  ];
  for (const [what, world] of worlds) {
    it(`is off by what others spent in the last 120 s at most, and by one: ${what}`, async () => {
      const { seconds, wrong, readings } = await measure(world, 10);
      console.log(`      ${(readings / (seconds / 60)).toFixed(1)} readings a minute of 3 accounts`);
      assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} times in ${seconds} s`);
    });
  }
});
