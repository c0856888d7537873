// A request that is refused at once could not have been served within its wait: the same request with a longer wait shows it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Lease } from '../../../src/keys/lease';
import type { LeaseRequest } from '../../../src/keys/lease';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, makeKey, makePool } from './make';

interface Ask {
  readonly afterMs: number;
  readonly maxWaitMs: number;
  readonly headMs: number;
  readonly lastsMs: number;
  readonly model: number;
  /** Whether only the first account may serve the request. */
  readonly isPinned: boolean;
  readonly isBusy: boolean;
}

interface Outcome {
  readonly kind: 'leased' | 'denied';
  readonly atMs: number;
  readonly askedAtMs: number;
}

/** Bounds the shrinking of a failing case, which Mocha's time limit would end without a report. */
const plugins = [fc.interruptAfterTimeLimit(60_000)];

const asks = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 2_000 }),
      fc.integer({ min: 0, max: 30_000 }),
    ),
    maxWaitMs: fc.oneof(fc.constant(90_000), fc.integer({ min: 0, max: 130_000 })),
    headMs: fc.integer({ min: 1, max: 700 }),
    lastsMs: fc.integer({ min: 0, max: 30_000 }),
    model: fc.integer({ min: 0, max: 2 }),
    isPinned: fc.boolean().map((isPinned) => isPinned),
    isBusy: fc.boolean(),
  }),
  { minLength: 1, maxLength: 140, size: 'max' },
);

/** Plays the requests; the one at index `patient` may wait for ten minutes. */
async function play(
  all: readonly Ask[],
  accounts: number,
  options: { busy: boolean; patient: number },
): Promise<Outcome[]> {
  const clock = new ManualClock();
  const names = Array.from({ length: accounts }, (_, nth) => [`a${nth}`, [makeKey(`k${nth}`)]] as const);
  const pool = makePool(clock, Object.fromEntries(names), { daily: { used: 0, limit: 1_000 } });
  const firstId = pool.roster.accounts[0]?.accountId ?? null;
  const outcomes: Outcome[] = [];
  let atMs = 0;
  for (const [nth, ask] of all.entries()) {
    atMs += ask.afterMs;
    clock.after(atMs, () => {
      const askedAtMs = clock.elapsedMs();
      const waitMs = options.patient === nth ? 600_000 : ask.maxWaitMs;
      const request: LeaseRequest = freeRequest(askedAtMs + waitMs, {
        model: `m${ask.model}:free`,
        accountId: ask.isPinned ? firstId : null,
      });
      void pool.lease(request, new AbortController().signal).then((got) => {
        outcomes[nth] = { kind: 'lease' in got ? 'leased' : 'denied', atMs: clock.elapsedMs(), askedAtMs };
        if ('lease' in got) serve(clock, got.lease, ask, options.busy);
      });
    });
  }
  await clock.run(atMs + 1_000_000);
  return outcomes;
}

function serve(clock: ManualClock, lease: Lease, ask: Ask, busy: boolean): void {
  lease.markSent();
  clock.after(ask.headMs, () => {
    lease.markHead();
    if (busy && ask.isBusy)
      lease.settle({
        kind: 'locked',
        reason: ask.isPinned ? 'ownProviderBusy' : 'busy',
        untilMs: null,
        limit: null,
      });
    else lease.settle({ kind: 'healthy' });
    clock.after(ask.lastsMs, () => lease[Symbol.dispose]());
  });
}

async function checkFirstAtOnce(all: readonly Ask[], accounts: number, busy: boolean): Promise<void> {
  const outcomes = await play(all, accounts, { busy, patient: -1 });
  assert.equal(Object.keys(outcomes).length, all.length);
  const nth = outcomes.findIndex(({ kind, atMs, askedAtMs }) => kind === 'denied' && atMs === askedAtMs);
  const ask = all[nth];
  if (ask === undefined) return;
  const patient = (await play(all, accounts, { busy, patient: nth }))[nth];
  assert.ok(patient !== undefined);
  const waitedMs = patient.atMs - patient.askedAtMs;
  // The slot may become free later in the millisecond of the request: a request that may not wait cannot have it.
  const isSameInstant = waitedMs === 0 && ask.maxWaitMs === 0;
  assert.ok(
    patient.kind === 'denied' || waitedMs > ask.maxWaitMs || isSameInstant,
    `refused at once, but it would have been served after ${waitedMs} of ${ask.maxWaitMs} ms`,
  );
}

describe('A request that is refused at once', () => {
  it('would not have been served within its wait, pinned or not', async () => {
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 3 }), async (all, accounts) => {
        await checkFirstAtOnce(all, accounts, false);
      }),
      { numRuns: 120, plugins },
    );
  });

  it('would not have been served within its wait while models are busy either', async () => {
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 2 }), async (all, accounts) => {
        await checkFirstAtOnce(all, accounts, true);
      }),
      { numRuns: 120, plugins },
    );
  });

  it('is not one for which a slot comes that others wait for in vain, as their busy model lets them go one by one', async () => {
    const ask = { headMs: 100, lastsMs: 10, isPinned: false, isBusy: false, maxWaitMs: 90_000 };
    const all = [
      { ...ask, afterMs: 0, model: 0 },
      { ...ask, afterMs: 0, model: 0 },
      ...Array.from({ length: 17 }, (_, nth) => ({ ...ask, afterMs: nth === 0 ? 57_000 : 0, model: 0 })),
      { ...ask, afterMs: 0, model: 2, isBusy: true },
      { ...ask, afterMs: 500, model: 2 },
      { ...ask, afterMs: 0, model: 2 },
      { ...ask, afterMs: 2_000, model: 1, maxWaitMs: 3_000 },
    ];
    const outcomes = await play(all, 1, { busy: true, patient: -1 });
    assert.equal(outcomes.at(-1)?.kind, 'leased');
  });

  it('may be one that may not wait at all, where its model becomes free in the same millisecond', async () => {
    const ask = { maxWaitMs: 0, headMs: 1, lastsMs: 0, isPinned: false, isBusy: false };
    await checkFirstAtOnce(
      [
        { ...ask, afterMs: 0, model: 2, isBusy: true },
        { ...ask, afterMs: 2_001, model: 2, headMs: 9 },
        { ...ask, afterMs: 9, model: 2 },
      ],
      1,
      true,
    );
  });

  it('is refused at once rather than after its wait, where the slots of all accounts are promised to others', async () => {
    const ask = {
      afterMs: 0,
      maxWaitMs: 90_000,
      headMs: 100,
      lastsMs: 10,
      model: 0,
      isPinned: false,
      isBusy: false,
    };
    const outcomes = await play(
      Array.from({ length: 61 }, () => ask),
      1,
      { busy: false, patient: -1 },
    );
    const late = outcomes.filter(({ kind }) => kind === 'denied');
    // 20 at once, 20 after a minute; 21 too many, of which none waits.
    assert.equal(late.length, 21);
    assert.ok(late.every(({ atMs, askedAtMs }) => atMs === askedAtMs));
  });
});
