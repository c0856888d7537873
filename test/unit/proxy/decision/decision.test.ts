// One row of the decision table a test, then what holds for all of them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holdsModel, modelScopes, scopes, type LimitReason } from '../../../../src/keys/lock';
import type { Verdict } from '../../../../src/keys/lock';
import { decide, type Decision, type Elsewhere } from '../../../../src/proxy/decision/decision';
import type { Fault } from '../../../../src/proxy/errors/outcome';
import type { LimitOutcome, Outcome } from '../../../../src/proxy/errors/outcome';
import { firstTally, nextTally } from '../../../../src/proxy/decision/situation';
import type { Situation } from '../../../../src/proxy/decision/situation';
import { usualSituation } from './usualSituation';

const { nowMs } = usualSituation;
const free = usualSituation;
const paid: Situation = { ...free, class: 'paid', model: 'x/y' };
const in5s = nowMs + 5_000;
/** The back-off of a first attempt with the random above. */
const firstBackOffMs = 750;

const nothing: Verdict = { kind: 'nothing' };
const back = (verdict: Verdict = nothing): Decision => ({ next: 'giveBack', verdict });
const retry = (
  verdict: Verdict,
  how: { waitMs?: number; elsewhere?: Elsewhere; freshConnection?: boolean; isGuess?: boolean } = {},
): Decision => ({
  next: 'retry',
  verdict,
  waitMs: 0,
  elsewhere: 'no',
  freshConnection: false,
  isGuess: false,
  ...how,
});
const limitOf = (
  kind: LimitOutcome['kind'],
  untilMs: number | null = null,
  limit: number | null = null,
): LimitOutcome => ({ kind, untilMs, limit });
const locked = (
  reason: LimitReason,
  untilMs: number | null = null,
  limit: number | null = null,
): Verdict => ({ kind: 'locked', reason, untilMs, limit });
const busy = (facts: Partial<Extract<Outcome, { kind: 'busy' }>> = {}): Outcome => ({
  kind: 'busy',
  untilMs: null,
  isByok: false,
  allProviders: false,
  ...facts,
});

function outcomeOfFault(fault: Fault): Outcome {
  return { kind: 'fault', fault };
}

describe("decide: the request's own faults", () => {
  it("gives the request's own fault back after one attempt, and nothing is learned", () => {
    for (const model of ['fit', 'unfit', 'gone'] as const) {
      assert.deepEqual(decide({ kind: 'requestFault', model }, free), back());
    }
  });
});

describe('decide: a thing that may be another account’s', () => {
  it('is looked for where it was not yet', () => {
    const lost: Situation = { ...free, class: 'unmetered', mayBeOthers: true };
    const missing: Outcome = { kind: 'requestFault', model: 'fit' };
    assert.deepEqual(decide(missing, lost), back());
    assert.deepEqual(
      decide(missing, { ...lost, othersReady: true }),
      retry({ kind: 'nothing' }, { elsewhere: 'account' }),
    );
    // A thing that does not exist was not changed either.
    const change: Situation = { ...lost, othersReady: true, repeatable: 'refused' };
    assert.equal(decide(missing, change).next, 'retry');
    assert.equal(decide(missing, { ...change, mayBeOthers: false }).next, 'giveBack');
    assert.equal(decide({ kind: 'internal' }, change).next, 'giveBack');
  });
});

describe('decide: limits of an account', () => {
  it('lets the pool take another account, wait or refuse, once the day or the minute is used up', () => {
    const resetMs = nowMs + 12 * 3_600_000;
    assert.deepEqual(
      decide(limitOf('dailyLimit', resetMs, 50), free),
      retry(locked('dailyLimit', resetMs, 50)),
    );
    for (const untilMs of [null, in5s]) {
      assert.deepEqual(
        decide(limitOf('minuteLimit', untilMs, 20), free),
        retry(locked('minuteLimit', untilMs, 20)),
      );
    }
  });

  it('locks a minute that is just over for a back-off, lest the same account be asked in a tight loop', () => {
    const decision = decide(limitOf('minuteLimit', nowMs, 20), free);
    assert.deepEqual(decision.verdict, locked('minuteLimit', nowMs + firstBackOffMs, 20));
  });

  it('waits while running requests have reserved the credits, for a back-off when nothing says how long', () => {
    assert.deepEqual(decide(limitOf('inFlightBudget', in5s), paid), retry(locked('inFlightBudget', in5s)));
    const decision = decide(limitOf('inFlightBudget'), paid);
    assert.deepEqual(decision.verdict, locked('inFlightBudget', nowMs + firstBackOffMs));
  });

  it('goes to another key where the lock is of another class than the request', () => {
    for (const kind of ['dailyLimit', 'minuteLimit'] as const) {
      assert.deepEqual(
        decide(limitOf(kind, in5s), paid),
        retry(locked(kind, kind === 'minuteLimit' ? in5s : in5s), { elsewhere: 'key' }),
      );
    }
    const decision = decide(limitOf('inFlightBudget', in5s), { ...paid, class: 'unmetered' });
    assert.ok(decision.next === 'retry' && decision.elsewhere === 'key');
  });
});

describe('decide: limits of one model on one account', () => {
  it('lets the pool take another account at once', () => {
    for (const kind of ['modelLimit', 'modelDailyLimit'] as const) {
      assert.deepEqual(decide(limitOf(kind, in5s), paid), retry(locked(kind, in5s)));
    }
  });
});

describe('decide: refusals that no wait mends go elsewhere at once', () => {
  it('to another key where the key was refused', () => {
    for (const kind of ['keyCap', 'unauthorized'] as const) {
      assert.deepEqual(decide(limitOf(kind, in5s), free), retry(locked(kind, in5s), { elsewhere: 'key' }));
    }
  });

  it('to another account after a 402, which the class explains', () => {
    for (const kind of ['noCredits', 'belowZero'] as const) {
      const elsewhere = { elsewhere: 'account' } as const;
      assert.deepEqual(decide(limitOf(kind), paid), retry(locked('noCredits'), elsewhere));
      assert.deepEqual(decide(limitOf(kind), free), retry(locked('belowZero'), elsewhere));
    }
  });

  it('to another account or key where this request costs too much, and locks nothing', () => {
    for (const limits of ['account', 'key'] as const) {
      assert.deepEqual(
        decide({ kind: 'requestTooDear', limits }, paid),
        retry(nothing, { elsewhere: limits }),
      );
    }
  });

  it('to another account where a policy refuses, if the user allows that', () => {
    const others = { ...free, othersReady: true };
    for (const kind of ['policy', 'ownKeyWanted', 'budget'] as const) {
      assert.deepEqual(decide(limitOf(kind), others), retry(locked(kind), { elsewhere: 'account' }));
      assert.deepEqual(decide(limitOf(kind), { ...free, policyRefusals: 'giveBack' }), back(locked(kind)));
    }
  });

  it('to another key of the account where no other account is left and the refusal was the key’s', () => {
    for (const kind of ['policy', 'budget'] as const)
      assert.deepEqual(decide(limitOf(kind), free), retry(locked(kind), { elsewhere: 'key' }));
    assert.deepEqual(
      decide(limitOf('ownKeyWanted'), free),
      retry(locked('ownKeyWanted'), { elsewhere: 'account' }),
    );
  });

  it('although the lock is longer than the deadline: another account has none', () => {
    assert.equal(decide(limitOf('keyCap', nowMs + 86_400_000), free).next, 'retry');
  });
});

describe('decide: a busy provider', () => {
  it('locks the model of a free request: the pool waits for as long as it is told', () => {
    assert.deepEqual(decide(busy({ untilMs: in5s }), free), retry(locked('busy', in5s)));
    assert.deepEqual(decide(busy(), free), retry(locked('busy')));
  });

  it('locks the model of a paid request only if all providers are meant', () => {
    assert.deepEqual(decide(busy(), paid).verdict, nothing);
    assert.deepEqual(decide(busy({ allProviders: true, untilMs: in5s }), paid).verdict, locked('busy', in5s));
    assert.deepEqual(decide(limitOf('sharedCapacity', in5s), paid), retry(locked('sharedCapacity', in5s)));
  });

  it('locks the model on the account whose own provider key it was, and other accounts may go at once', () => {
    assert.deepEqual(
      decide(busy({ isByok: true, untilMs: in5s }), paid),
      retry(locked('ownProviderBusy', in5s)),
    );
  });

  it('locks nothing where no model is known, and still waits', () => {
    for (const isByok of [true, false]) {
      const decision = decide(busy({ isByok }), { ...free, model: null });
      assert.deepEqual(decision, retry(nothing, { waitMs: firstBackOffMs, isGuess: true }));
    }
  });

  it('leaves a hint of zero to the lock, which grows: no tight loop', () => {
    assert.deepEqual(decide(busy({ untilMs: nowMs }), free), retry(locked('busy')));
  });
});

describe('decide: another model is left', () => {
  const alike: Situation = { ...free, fallback: 'alike', fallbacksLeft: 1 };
  const overloaded = (untilMs: number | null): Outcome => ({ kind: 'overloaded', untilMs, timedOut: false });

  it('asks the model three times at most, and waits three seconds for it at most', () => {
    assert.equal(decide(overloaded(null), alike).next, 'retry');
    assert.equal(decide(overloaded(null), { ...alike, attempt: 2, attemptsHere: 2 }).next, 'retry');
    assert.equal(decide(overloaded(null), { ...alike, attempt: 3, attemptsHere: 3 }).next, 'fallback');
    assert.equal(decide(overloaded(nowMs + 2_000), alike).next, 'retry');
    assert.equal(decide(overloaded(nowMs + 2_000), { ...alike, spentHereMs: 1_500 }).next, 'fallback');
    assert.equal(decide(overloaded(in5s), alike).next, 'fallback');
  });

  it('waits for a hint up to 20 s before a free request costs money', () => {
    const costly: Situation = { ...alike, fallback: 'paid' };
    assert.equal(decide(overloaded(nowMs + 20_000), costly).next, 'retry');
    assert.equal(decide(overloaded(nowMs + 20_001), costly).next, 'fallback');
  });

  it('asks a model that was left lately once', () => {
    assert.equal(decide(overloaded(null), { ...alike, isProbe: true }).next, 'fallback');
    assert.equal(decide(overloaded(null), { ...free, isProbe: true }).next, 'retry');
  });

  it('sends a paid request that may have been billed to the other model next', () => {
    const bought: Situation = { ...paid, fallback: 'alike', fallbacksLeft: 1 };
    const reset = outcomeOfFault({ code: 'resetBeforeHead', reusedSocket: false, cause: null });
    const late: Outcome = { kind: 'overloaded', untilMs: null, timedOut: true };
    for (const outcome of [reset, late]) {
      assert.equal(decide(outcome, bought).next, 'fallback');
      assert.equal(decide(outcome, { ...bought, fallback: 'none', fallbacksLeft: 0 }).next, 'retry');
    }
  });

  it('asks a model once whose gateway timed out', () => {
    assert.equal(decide({ kind: 'overloaded', untilMs: null, timedOut: true }, alike).next, 'fallback');
  });

  it('asks a silent model once', () => {
    for (const code of ['headTimeout', 'idleTimeout'] as const) {
      assert.equal(decide(outcomeOfFault({ code }), alike).next, 'fallback');
    }
  });

  it('keeps an attempt for each model that is left', () => {
    const scarce: Situation = { ...alike, attemptsAllowed: 4, fallbacksLeft: 2 };
    assert.equal(decide(overloaded(null), scarce).next, 'retry');
    assert.equal(decide(overloaded(null), { ...scarce, attempt: 2, attemptsHere: 2 }).next, 'fallback');
  });

  it('goes on where the model cannot take the request, or has ended', () => {
    assert.equal(decide({ kind: 'requestFault', model: 'unfit' }, alike).next, 'fallback');
    assert.equal(decide({ kind: 'requestFault', model: 'gone' }, alike).next, 'fallback');
  });

  it("stays with the request's own faults, the network's and the key's", () => {
    assert.equal(decide({ kind: 'requestFault', model: 'fit' }, alike).next, 'giveBack');
    assert.equal(decide(outcomeOfFault({ code: 'notSent', cause: null }), alike).next, 'retry');
    assert.equal(decide(limitOf('unauthorized'), { ...alike, attempt: 10 }).next, 'giveBack');
  });

  it('sends nothing that may have been billed a third time, on no model', () => {
    const bought: Situation = { ...paid, fallback: 'alike', fallbacksLeft: 1 };
    const silence = outcomeOfFault({ code: 'headTimeout' });
    assert.equal(decide(silence, bought).next, 'fallback');
    assert.equal(decide(silence, { ...bought, billable: 1 }).next, 'giveBack');
  });
});

describe('decide: the service', () => {
  it('holds everything back when the edge refuses the address', () => {
    assert.deepEqual(
      decide(limitOf('edgeBlocked', in5s), free),
      retry(locked('edgeBlocked', in5s), { waitMs: 5_000 }),
    );
    assert.deepEqual(
      decide(limitOf('edgeBlocked'), free),
      retry(locked('edgeBlocked', nowMs + firstBackOffMs), { waitMs: firstBackOffMs, isGuess: true }),
    );
  });

  it('holds others back for a second only, where a page names no time: it may be about this model', () => {
    const late: Situation = { ...free, attempt: 6, attemptsHere: 6, random: () => 0.999 };
    const { verdict } = decide(limitOf('edgeBlocked'), late);
    assert.deepEqual(verdict, locked('edgeBlocked', nowMs + 1_000));
    const third: Situation = { ...free, attempt: 3, attemptsHere: 3, fallback: 'alike', fallbacksLeft: 1 };
    assert.equal(decide(limitOf('edgeBlocked'), third).next, 'fallback');
    // The address stays blocked for another model too.
    assert.equal(decide(limitOf('edgeBlocked', in5s), third).next, 'retry');
  });

  it('waits for what is overloaded: the hint, else 0.5 s and a growing share of 1 to 30 s', () => {
    const outcome: Outcome = { kind: 'overloaded', untilMs: null, timedOut: false };
    assert.deepEqual(decide({ ...outcome, untilMs: in5s }, paid), retry(nothing, { waitMs: 5_000 }));
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => {
      const decision = decide(outcome, { ...paid, attempt });
      return decision.next === 'retry' ? decision.waitMs : null;
    });
    assert.deepEqual(waits, [750, 1_250, 2_250, 4_250, 8_250, 15_250, 15_250, 15_250, 15_250]);
    const shortest = decide(outcome, { ...paid, attempt: 9, random: () => 0 });
    assert.deepEqual(shortest, retry(nothing, { waitMs: 500, isGuess: true }));
  });

  it("buys nothing twice after upstream's own timeouts", () => {
    const outcome: Outcome = { kind: 'overloaded', untilMs: null, timedOut: true };
    assert.equal(decide(outcome, paid).next, 'retry');
    assert.deepEqual(decide(outcome, { ...paid, billable: 1 }), back());
    assert.deepEqual(decide(outcome, { ...paid, sawWork: true }), back());
    assert.equal(decide(outcome, { ...free, timeouts: 1 }).next, 'retry');
  });

  it('tries a 500 once more', () => {
    const outcome: Outcome = { kind: 'internal' };
    assert.deepEqual(decide(outcome, paid), retry(nothing, { waitMs: firstBackOffMs, isGuess: true }));
    assert.deepEqual(decide(outcome, { ...paid, internals: 1 }), back());
  });
});

describe('decide: a 429 that nobody explains', () => {
  it('speaks against the model on this account, and another account is asked at once', () => {
    const decision = decide(limitOf('unknownLimit', in5s), { ...free, othersReady: true });
    assert.deepEqual(decision, retry(locked('unknownLimit', in5s)));
  });

  it('waits for the hint where no other account is left, a minute at most', () => {
    for (const situation of [free, paid]) {
      const verdict = locked('unknownLimit', in5s);
      assert.deepEqual(decide(limitOf('unknownLimit', in5s), situation), retry(verdict, { waitMs: 5_000 }));
      const late = nowMs + 60_001;
      assert.deepEqual(decide(limitOf('unknownLimit', late), situation), back(locked('unknownLimit', late)));
    }
  });

  it('backs off where nothing says how long', () => {
    assert.deepEqual(
      decide(limitOf('unknownLimit'), free),
      retry(locked('unknownLimit'), { waitMs: firstBackOffMs, isGuess: true }),
    );
  });
});

describe('decide: faults', () => {
  const faultOf = (fault: Fault, situation: Situation): Decision => decide(outcomeOfFault(fault), situation);
  const notSent: Fault = { code: 'notSent', cause: 'ENOTFOUND' };
  const stale: Fault = { code: 'resetBeforeHead', reusedSocket: true, cause: 'ECONNRESET' };
  const cut: Fault = { code: 'cut', cause: 'other side closed' };

  it('sends at once what was not sent, then with back-off, and counts no attempt', () => {
    const outcome = outcomeOfFault(notSent);
    assert.deepEqual(faultOf(notSent, free), retry(nothing));
    const later = { ...free, notSents: 2 };
    assert.deepEqual(faultOf(notSent, later), retry(nothing, { waitMs: 1_250 }));
    assert.equal(faultOf(notSent, { ...free, repeatable: 'never', attempt: 10 }).next, 'retry');
    assert.equal(nextTally(free, outcome).attempt, 1);
    assert.equal(nextTally(free, outcome).notSents, 1);
  });

  it('does not send forever what cannot be sent', () => {
    assert.deepEqual(faultOf(notSent, { ...free, notSents: 20 }), back());
    assert.deepEqual(faultOf(notSent, { ...free, deadlineAtMs: nowMs - 1 }), back());
  });

  it('repeats a reset on a reused socket once at once, on a connection of its own', () => {
    const outcome = outcomeOfFault(stale);
    assert.deepEqual(faultOf(stale, free), retry(nothing, { freshConnection: true }));
    const second = { ...free, ...nextTally(free, outcome) };
    assert.deepEqual(faultOf(stale, second), retry(nothing, { waitMs: 1_250, isGuess: true }));
  });

  it('backs off after other resets and cut bodies', () => {
    const reset: Fault = { ...stale, reusedSocket: false };
    const backedOff = { waitMs: firstBackOffMs, isGuess: true };
    assert.deepEqual(faultOf(reset, paid), retry(nothing, backedOff));
    assert.deepEqual(faultOf(cut, free), retry(nothing, backedOff));
    assert.deepEqual(faultOf(cut, paid), back());
  });

  it('asks once more past a connection that may have held the rest of another answer, unless it costs money', () => {
    const unreadable: Fault = { code: 'unreadable', reusedSocket: true, cause: 'HPE_INVALID_CONSTANT' };
    const outcome = outcomeOfFault(unreadable);
    const retried = retry(nothing, { freshConnection: true });
    assert.deepEqual(faultOf(unreadable, free), retried);
    assert.deepEqual(faultOf(unreadable, { ...free, class: 'unmetered' }), retried);
    assert.deepEqual(faultOf(unreadable, { ...free, ...nextTally(free, outcome) }), back());
    assert.deepEqual(faultOf(unreadable, paid), back());
    assert.deepEqual(faultOf({ ...unreadable, reusedSocket: false }, free), back());
  });

  it('tries a silent route once more, on a fresh connection, and not again', () => {
    for (const fault of [
      { code: 'headTimeout' },
      { code: 'firstTokenTimeout' },
      { code: 'idleTimeout' },
    ] as const) {
      const outcome = outcomeOfFault(fault);
      const expected = retry(nothing, {
        waitMs: firstBackOffMs,
        freshConnection: true,
        isGuess: true,
      });
      assert.deepEqual(faultOf(fault, free), expected);
      assert.deepEqual(faultOf(fault, { ...free, ...nextTally(free, outcome) }), back());
    }
  });

  it('never buys twice what may be thinking, or had begun to come', () => {
    const begun = { ...paid, sawWork: true };
    for (const fault of [
      { code: 'firstTokenTimeout' },
      { code: 'idleTimeout' },
      { code: 'headTimeout' },
      cut,
    ] as const) {
      assert.deepEqual(faultOf(fault, begun), back());
    }
    assert.equal(faultOf({ code: 'headTimeout' }, paid).next, 'retry');
    assert.deepEqual(faultOf({ code: 'headTimeout' }, { ...paid, timeouts: 1 }), back());
  });

  it('blames nobody for a client that left or a head that is too large', () => {
    assert.deepEqual(faultOf({ code: 'clientGone' }, free), back());
    assert.deepEqual(faultOf({ code: 'headTooLarge' }, free), back());
  });
});

describe('decide: the bounds of every retry', () => {
  const untilMs = fc.option(fc.integer({ min: nowMs, max: nowMs + 86_400_000 }));
  const limit = fc.option(fc.nat());
  const truth = fc.boolean();
  const cause = fc.constant(null);
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    fc.record({ code: fc.constant('notSent' as const), cause }),
    fc.record({ code: fc.constantFrom('resetBeforeHead', 'unreadable'), reusedSocket: truth, cause }),
    fc.record({ code: fc.constant('cut' as const), cause }),
    fc.record({
      code: fc.constantFrom('headTimeout', 'firstTokenTimeout', 'idleTimeout', 'clientGone', 'headTooLarge'),
    }),
  );
  const failure: fc.Arbitrary<Outcome> = fc.oneof(
    fc.record({
      kind: fc.constantFrom(
        'dailyLimit',
        'minuteLimit',
        'modelLimit',
        'modelDailyLimit',
        'sharedCapacity',
        'noCredits',
        'belowZero',
        'inFlightBudget',
        'keyCap',
        'budget',
        'policy',
        'ownKeyWanted',
        'unauthorized',
        'edgeBlocked',
        'unknownLimit',
      ),
      untilMs,
      limit,
    }),
    fc.record({ kind: fc.constant('busy' as const), untilMs, isByok: truth, allProviders: truth }),
    fc.record({
      kind: fc.constant('requestTooDear' as const),
      limits: fc.constantFrom('account', 'key'),
    }),
    fc.record({ kind: fc.constant('internal' as const) }),
    fc.record({ kind: fc.constant('overloaded' as const), untilMs, timedOut: truth }),
    fc.record({
      kind: fc.constant('requestFault' as const),
      model: fc.constantFrom('fit' as const, 'unfit' as const, 'gone' as const),
    }),
    fc.record({ kind: fc.constant('fault' as const), fault }),
  );
  const situation: fc.Arbitrary<Situation> = fc.record({
    attempt: fc.integer({ min: 1, max: 12 }),
    billable: fc.integer({ min: 0, max: 2 }),
    attemptsHere: fc.integer({ min: 1, max: 4 }),
    spentHereMs: fc.integer({ min: 0, max: 25_000 }),
    notSents: fc.integer({ min: 0, max: 25 }),
    timeouts: fc.integer({ min: 0, max: 2 }),
    internals: fc.integer({ min: 0, max: 2 }),
    freshRetries: fc.integer({ min: 0, max: 2 }),
    class: fc.constantFrom('free', 'paid', 'unmetered'),
    repeatable: fc.constantFrom('always', 'refused', 'never'),
    model: fc.constantFrom(null, 'x/y', 'x/y:free'),
    nowMs: fc.constant(nowMs),
    deadlineAtMs: fc.integer({ min: nowMs - 10_000, max: nowMs + 240_000 }),
    attemptsAllowed: fc.integer({ min: 4, max: 10 }),
    sawWork: truth,
    fallback: fc.constantFrom('none', 'alike', 'paid'),
    fallbacksLeft: fc.integer({ min: 0, max: 3 }),
    isProbe: fc.boolean(),
    policyRefusals: fc.constantFrom('otherAccount', 'giveBack'),
    othersReady: truth,
    mayBeOthers: truth,
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
  });
  /** Whether the verdict's lock keeps a request of the class from the same answer. */
  const locksFor = (verdict: Verdict, now: Situation): boolean => {
    if (verdict.kind !== 'locked') return false;
    const { reason } = verdict;
    if (holdsModel(reason)) return modelScopes[reason].force !== 'reordered' || now.othersReady;
    return ['all', now.class].includes(scopes[reason].covers);
  };
  const isUnsent = (outcome: Outcome): boolean =>
    outcome.kind === 'fault' && outcome.fault.code === 'notSent';

  it('lets no attempt begin after the deadline', () => {
    fc.assert(
      fc.property(failure, situation, (outcome, now) => {
        const decision = decide(outcome, now);
        if (decision.next !== 'retry') return;
        assert.ok(decision.waitMs >= 0 && Number.isInteger(decision.waitMs));
        assert.ok(now.nowMs + decision.waitMs <= now.deadlineAtMs);
      }),
    );
  });

  it('never relays a failure, and never calls a key healthy for one', () => {
    fc.assert(
      fc.property(failure, situation, (outcome, now) => {
        const decision = decide(outcome, now);
        assert.notEqual(decision.next, 'relay');
        assert.notEqual(decision.verdict.kind, 'healthy');
      }),
    );
  });

  it('repeats nothing that was sent and may not be repeated', () => {
    fc.assert(
      fc.property(failure, situation, (outcome, now) => {
        fc.pre(!isUnsent(outcome));
        assert.equal(decide(outcome, { ...now, repeatable: 'never' }).next, 'giveBack');
      }),
    );
  });

  it('repeats what must not be made twice only where the key or account was refused, or has not what is asked for', () => {
    fc.assert(
      fc.property(failure, situation, (outcome, now) => {
        const { next } = decide(outcome, { ...now, repeatable: 'refused' });
        assert.notEqual(next, 'fallback');
        const isOthers = outcome.kind === 'requestFault' && now.mayBeOthers;
        if (['fault', 'overloaded', 'internal', 'busy', 'edgeBlocked', 'requestFault'].includes(outcome.kind))
          assert.equal(next, isUnsent(outcome) || isOthers ? next : 'giveBack');
      }),
    );
    const limit = { untilMs: null, limit: null };
    for (const kind of ['unauthorized', 'noCredits', 'keyCap', 'dailyLimit'] as const)
      assert.equal(decide({ kind, ...limit }, { ...free, repeatable: 'refused' }).next, 'retry', kind);
  });

  it('keeps to the attempts allowed, whatever comes', () => {
    fc.assert(
      fc.property(fc.infiniteStream(failure), situation, (failures, start) => {
        let now: Situation = {
          ...start,
          ...firstTally,
          repeatable: 'always',
          deadlineAtMs: Number.POSITIVE_INFINITY,
        };
        let sent = 0;
        let tries = 0;
        for (const outcome of failures) {
          assert.ok(++tries <= now.attemptsAllowed + 21);
          if (!isUnsent(outcome)) sent++;
          if (decide(outcome, now).next !== 'retry') break;
          now = { ...now, ...nextTally(now, outcome) };
        }
        assert.ok(sent <= start.attemptsAllowed);
      }),
    );
  });

  it('is no tight loop: what waits neither here nor for a lock goes elsewhere, but for two kinds of fault', () => {
    fc.assert(
      fc.property(failure, situation, (outcome, now) => {
        const decision = decide(outcome, now);
        if (decision.next !== 'retry' || decision.elsewhere !== 'no' || decision.waitMs >= 500) return;
        const { verdict } = decision;
        if (verdict.kind === 'nothing') {
          assert.ok(decision.freshConnection || (isUnsent(outcome) && now.notSents === 0));
          return;
        }
        assert.ok(locksFor(verdict, now));
      }),
    );
  });

  it('never lets an unknown 429 cost more than a minute', () => {
    fc.assert(
      fc.property(untilMs, situation, (until, now) => {
        const decision = decide(limitOf('unknownLimit', until), now);
        if (decision.next === 'retry') assert.ok(decision.waitMs <= 60_000);
      }),
    );
  });

  it('never sends a paid request a third time after timeouts, nor a second after comments', () => {
    const timeout: fc.Arbitrary<Outcome> = fc.constantFrom(
      { kind: 'overloaded', untilMs: null, timedOut: true },
      { kind: 'fault', fault: { code: 'headTimeout' } },
      { kind: 'fault', fault: { code: 'firstTokenTimeout' } },
      { kind: 'fault', fault: { code: 'idleTimeout' } },
    );
    fc.assert(
      fc.property(timeout, situation, (outcome, now) => {
        const bought = { ...now, class: 'paid' } as const;
        assert.equal(decide(outcome, { ...bought, billable: 1 }).next, 'giveBack');
        assert.notEqual(decide(outcome, { ...bought, sawWork: true }).next, 'retry');
      }),
    );
  });
});
