// In any run: no limit of upstream is exceeded, no request is overtaken, and every wait and every attempt ends.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dayMs } from '../../../src/keys/calendar';
import type { Lease } from '../../../src/keys/lease';
import type { Pool } from '../../../src/keys/pool';
import type { Verdict } from '../../../src/keys/lock';
import { ManualClock } from '../../support/manualClock';
import { confirmUsedUp, freeRequest, makeKey, makePool, makeReading, minuteMs } from './make';
import { TruthAccount } from './upstreamTruth';

interface Visit {
  readonly afterMs: number;
  readonly maxWaitMs: number;
  /** Time from the lease to the head on the socket; null: the head never gets there. */
  readonly writeMs: number | null;
  readonly journeyMs: number;
  readonly answerMs: number;
  readonly streamMs: number;
  /** The client leaves so long after it came, if it is still there; null: it stays. */
  readonly leavesMs: number | null;
  readonly model: number;
  readonly busy: boolean;
}

interface Run {
  readonly startMs: number;
  readonly limits: readonly { daily: number; used: number; keys: number }[];
  readonly visits: readonly Visit[];
  readonly lags: readonly number[];
}

const visit: fc.Arbitrary<Visit> = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 60_000 })),
  maxWaitMs: fc.oneof(fc.constant(90_000), fc.integer({ min: 0, max: 200_000 })),
  writeMs: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 300 }) }, fc.constant(null)),
  journeyMs: fc.integer({ min: 0, max: 500 }),
  answerMs: fc.integer({ min: 1, max: 4_000 }),
  streamMs: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 200_000 })),
  leavesMs: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.integer({ min: 0, max: 60_000 })),
  model: fc.integer({ min: 0, max: 2 }),
  busy: fc.boolean(),
});

const runs: fc.Arbitrary<Run> = fc.record({
  startMs: fc.integer({ min: 0, max: 600_000 }).map((beforeMs) => Date.UTC(2026, 0, 16) - beforeMs),
  limits: fc.array(
    fc.record({
      daily: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(1_000)),
      used: fc.integer({ min: 0, max: 20 }),
      keys: fc.integer({ min: 1, max: 2 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  visits: fc.array(visit, { minLength: 1, maxLength: 120, size: 'max' }),
  lags: fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 8 }),
});

/** One run: upstream's true counts, and the outcome of each visit. */
class World {
  readonly clock: ManualClock;
  readonly truths: TruthAccount[];
  readonly limitAnswers: string[] = [];
  readonly granted: { model: number; order: number; atMs: number }[] = [];
  ended = 0;
  readonly pool: Pool;
  private readonly byKey = new Map<string, TruthAccount>();
  private readonly attempted = new Set<TruthAccount>();
  /** Accounts that only a reading calls used up, before any request; one request may find out whether that holds. */
  private readonly unproven: Set<TruthAccount>;
  private lagIndex = 0;

  constructor(
    private readonly run: Run,
    private readonly hasBusyModels: boolean,
  ) {
    this.clock = new ManualClock(run.startMs);
    this.truths = run.limits.map(({ daily }, index) => new TruthAccount(`account${index}`, daily));
    this.unproven = new Set(this.truths.filter((_, index) => isUsedUp(run.limits[index])));
    const keys = run.limits.map(({ keys: count }, index) =>
      Array.from({ length: count }, (_, nth) => makeKey(`key-${index}-${nth}`)),
    );
    this.pool = makePool(this.clock, {}, { onReadingWanted: (keyId) => this.read(keyId, 300) });
    this.pool.setKeys(keys.flat());
    for (const [index, truth] of this.truths.entries()) {
      truth.count(run.startMs - 200_000, run.limits[index]?.used ?? 0);
      for (const key of keys[index] ?? []) {
        this.byKey.set(key.keyId, truth);
        const told = truth.told(run.startMs, 90_000);
        this.pool.read(key.keyId, makeReading(truth.name, run.startMs, told));
      }
    }
    this.readRegularly();
  }

  /** Plays all visits to their ends, and some time after. */
  async play(): Promise<void> {
    let atMs = 0;
    for (const [order, each] of this.run.visits.entries()) {
      atMs += each.afterMs;
      this.clock.after(atMs, () => void this.come(each, order));
    }
    await this.clock.run(atMs + 12 * minuteMs);
  }

  private async come(each: Visit, order: number): Promise<void> {
    const client = new AbortController();
    if (each.leavesMs !== null) this.clock.after(each.leavesMs, () => client.abort(new Error('left')));
    const wish = { model: `model-${each.model}:free` };
    try {
      const got = await this.pool.lease(
        freeRequest(this.clock.elapsedMs() + each.maxWaitMs, wish),
        client.signal,
      );
      if ('denial' in got) {
        this.ended++;
        return;
      }
      this.granted.push({ model: each.model, order, atMs: this.clock.elapsedMs() });
      this.attempt(got.lease, each);
    } catch {
      this.ended++;
    }
  }

  private attempt(lease: Lease, each: Visit): void {
    const truth = this.byKey.get(lease.key.keyId);
    assert.ok(truth);
    const { writeMs } = each;
    if (writeMs === null) {
      this.clock.after(50, () => this.end(lease));
      return;
    }
    this.clock.after(writeMs, () => {
      lease.markSent();
      this.attempted.add(truth);
      this.clock.after(each.journeyMs, () => {
        const admission = truth.arrive(this.clock.elapsedMs());
        const isProof = admission === 'daily' && this.unproven.delete(truth);
        if (admission !== 'ok' && !isProof)
          this.limitAnswers.push(`${truth.name} ${admission} at ${this.clock.elapsedMs()}`);
        this.clock.after(each.answerMs, () => this.answer(lease, each, isProof));
      });
    });
  }

  private answer(lease: Lease, each: Visit, isUsedUp: boolean): void {
    lease.markHead();
    const usedUp: Verdict = { kind: 'locked', reason: 'dailyLimit', untilMs: null, limit: null };
    const busy: Verdict = {
      kind: 'locked',
      reason: each.journeyMs % 2 === 0 ? 'ownProviderBusy' : 'busy',
      untilMs: null,
      limit: null,
    };
    const answered: Verdict = this.hasBusyModels && each.busy ? busy : { kind: 'healthy' };
    lease.settle(isUsedUp ? usedUp : answered);
    assert.throws(() => lease.settle({ kind: 'nothing' }), /settled once/);
    this.clock.after(each.streamMs, () => this.end(lease));
  }

  private end(lease: Lease): void {
    lease[Symbol.dispose]();
    lease[Symbol.dispose]();
    this.ended++;
  }

  private read(keyId: string, journeyMs: number): void {
    const truth = this.byKey.get(keyId);
    assert.ok(truth);
    const askedAtMs = this.clock.elapsedMs();
    const lagMs = this.run.lags[this.lagIndex++ % this.run.lags.length] ?? 0;
    const told = truth.told(askedAtMs, lagMs);
    this.clock.after(journeyMs, () =>
      this.pool.read(keyId, { ...makeReading(truth.name, askedAtMs, told), atMs: this.clock.elapsedMs() }),
    );
  }

  private readRegularly(): void {
    this.clock.after(5 * minuteMs, () => {
      for (const [keyId, truth] of this.byKey) if (this.attempted.delete(truth)) this.read(keyId, 200);
      this.readRegularly();
    });
  }
}

function isUsedUp(limit: Run['limits'][number] | undefined): boolean {
  return limit !== undefined && limit.used >= limit.daily;
}

describe('The pool, in any run', () => {
  it('never exceeds what upstream counts, ends every request, and leaves nothing in flight', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const world = new World(run, false);
        await world.play();
        assert.deepEqual(world.limitAnswers, []);
        assertAtRest(world, run);
      }),
      { numRuns: 150 },
    );
  });

  it('lets nobody overtake who waits for the same', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const world = new World(run, false);
        await world.play();
        const orders = world.granted.map(({ order }) => order);
        assert.deepEqual(
          orders,
          orders.toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('ends every request while models are busy, and lets nobody overtake who waits for the same model', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const world = new World(run, true);
        await world.play();
        assert.deepEqual(world.limitAnswers, []);
        assertAtRest(world, run);
        for (const model of [0, 1, 2]) {
          const orders = world.granted.filter((each) => each.model === model).map(({ order }) => order);
          assert.deepEqual(
            orders,
            orders.toSorted((a, b) => a - b),
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it('begins each day anew at UTC midnight, with a clock that runs through a whole day', async () => {
    const clock = new ManualClock(Date.UTC(2026, 2, 28, 23, 59));
    const pool = makePool(clock, { a: [makeKey('a')] }, { daily: { used: 50, limit: 50 } });
    await confirmUsedUp(pool, clock);
    const waiting = pool.lease(freeRequest(clock.elapsedMs() + 90_000), new AbortController().signal);
    await clock.run(59_999);
    assert.equal(pool.waiting, 1);
    await clock.run(1);
    const got = await waiting;
    assert.ok('lease' in got);
    assert.equal(clock.elapsedMs() % dayMs, 0);
  });
});

function assertAtRest(world: World, run: Run): void {
  assert.equal(world.ended, run.visits.length);
  assert.equal(world.pool.waiting, 0);
  for (const account of world.pool.roster.accounts) {
    assert.equal(account.inFlight, 0);
    assert.equal(account.minute.used(world.clock.elapsedMs()), 0);
    assert.ok(Number.isInteger(account.ledger.used));
  }
}
