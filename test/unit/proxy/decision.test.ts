// One row of the decision table a test, then what holds for all of them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Verdict } from '../../../src/keys/verdict';
import { decide } from '../../../src/proxy/decision';
import type { Decision } from '../../../src/proxy/decision';
import type { Fault } from '../../../src/proxy/fault';
import { outcomeOfFault } from '../../../src/proxy/outcome';
import type { Outcome } from '../../../src/proxy/outcome';
import { firstTally, nextTally } from '../../../src/proxy/situation';
import type { Situation } from '../../../src/proxy/situation';

const nowMs = Date.UTC(2026, 10, 20, 12);
const free: Situation = {
  ...firstTally,
  class: 'free',
  repeatable: true,
  model: 'x/y:free',
  nowMs,
  deadlineAtMs: nowMs + 240_000,
  attemptsAllowed: 10,
  sawWork: false,
  random: () => 0.5,
};
const paid: Situation = { ...free, class: 'paid', model: 'x/y' };
const in5s = nowMs + 5_000;
/** The back-off of a first attempt with the random above. */
const firstBackOffMs = 750;

const nothing: Verdict = { kind: 'nothing' };
const back = (verdict: Verdict = nothing): Decision => ({ next: 'giveBack', verdict });
const retry = (
  outcome: Outcome,
  verdict: Verdict,
  how: { waitMs?: number; elsewhere?: boolean; freshConnection?: boolean } = {},
): Decision => ({
  next: 'retry',
  verdict,
  waitMs: 0,
  elsewhere: false,
  freshConnection: false,
  reason: outcome.kind === 'fault' ? outcome.fault.code : outcome.kind,
  ...how,
});
const busy = (facts: Partial<Extract<Outcome, { kind: 'busy' }>> = {}): Outcome => ({
  kind: 'busy',
  untilMs: null,
  isByok: false,
  allProviders: false,
  ...facts,
});

describe("decide: answers and the request's own faults", () => {
  it('relays an answer, and the key is well', () => {
    assert.deepEqual(decide({ kind: 'answer' }, free), { next: 'relay', verdict: { kind: 'healthy' } });
  });

  it("gives the request's own fault back after one attempt, and nothing is learned", () => {
    for (const contextLength of [true, false]) {
      assert.deepEqual(decide({ kind: 'requestFault', contextLength }, free), back());
    }
    assert.deepEqual(decide({ kind: 'requestTooDear' }, paid), back());
  });
});

describe('decide: what holds an account back for a while', () => {
  it('lets the pool take another account, wait or refuse, once the day is used up', () => {
    const outcome: Outcome = { kind: 'dailyLimit', untilMs: nowMs + 12 * 3_600_000, limit: 50 };
    const verdict: Verdict = { kind: 'dayUsedUp', untilMs: nowMs + 12 * 3_600_000, limit: 50 };
    assert.deepEqual(decide(outcome, free), retry(outcome, verdict));
  });

  it('the same once the minute is used up', () => {
    for (const untilMs of [null, in5s]) {
      const outcome: Outcome = { kind: 'minuteLimit', untilMs, limit: 20 };
      assert.deepEqual(decide(outcome, free), retry(outcome, { kind: 'minuteUsedUp', untilMs, limit: 20 }));
    }
  });

  it('locks a minute that is just over for a back-off, lest the same account be asked in a tight loop', () => {
    const decision = decide({ kind: 'minuteLimit', untilMs: nowMs, limit: 20 }, free);
    assert.deepEqual(decision.verdict, { kind: 'minuteUsedUp', untilMs: nowMs + firstBackOffMs, limit: 20 });
  });

  it('the same while running requests have reserved the credits, for a back-off when nothing says how long', () => {
    const outcome: Outcome = { kind: 'inFlightBudget', untilMs: in5s };
    assert.deepEqual(decide(outcome, paid), retry(outcome, { kind: 'inFlightBudget', untilMs: in5s }));
    const decision = decide({ kind: 'inFlightBudget', untilMs: null }, paid);
    assert.deepEqual(decision.verdict, { kind: 'inFlightBudget', untilMs: nowMs + firstBackOffMs });
  });

  it('goes elsewhere where the lock is of another class than the request', () => {
    for (const kind of ['dailyLimit', 'minuteLimit'] as const) {
      const decision = decide({ kind, untilMs: in5s, limit: null }, paid);
      assert.ok(decision.next === 'retry' && decision.elsewhere && decision.waitMs === 0);
    }
    const decision = decide({ kind: 'inFlightBudget', untilMs: in5s }, { ...paid, class: 'unmetered' });
    assert.ok(decision.next === 'retry' && decision.elsewhere);
  });
});

describe('decide: what no wait mends goes elsewhere at once', () => {
  const rows: readonly (readonly [Outcome, Verdict])[] = [
    [
      { kind: 'keyCap', untilMs: null },
      { kind: 'keyCap', untilMs: null },
    ],
    [
      { kind: 'budget', untilMs: in5s },
      { kind: 'budget', untilMs: in5s },
    ],
    [{ kind: 'unauthorized' }, { kind: 'unauthorized' }],
  ];
  for (const [outcome, verdict] of rows) {
    it(`after ${outcome.kind}`, () => {
      assert.deepEqual(decide(outcome, free), retry(outcome, verdict, { elsewhere: true }));
    });
  }

  it('after a 402, which the class explains', () => {
    for (const outcome of [{ kind: 'noCredits' }, { kind: 'belowZero' }] as const) {
      const elsewhere = { elsewhere: true };
      assert.deepEqual(decide(outcome, paid), retry(outcome, { kind: 'noCredits' }, elsewhere));
      assert.deepEqual(decide(outcome, free), retry(outcome, { kind: 'belowZero' }, elsewhere));
    }
  });

  it('although the lock is longer than the deadline: another account has none', () => {
    assert.equal(decide({ kind: 'keyCap', untilMs: nowMs + 86_400_000 }, free).next, 'retry');
  });
});

describe('decide: a busy provider', () => {
  it('locks the model of a free request and waits as long as it is told', () => {
    const outcome = busy({ untilMs: in5s });
    const verdict: Verdict = { kind: 'modelBusy', untilMs: in5s, onAccountAlone: false };
    assert.deepEqual(decide(outcome, free), retry(outcome, verdict, { waitMs: 5_000 }));
  });

  it('backs off without a hint', () => {
    const verdict: Verdict = { kind: 'modelBusy', untilMs: null, onAccountAlone: false };
    assert.deepEqual(decide(busy(), free), retry(busy(), verdict, { waitMs: firstBackOffMs }));
  });

  it('locks the model of a paid request only if all providers are meant', () => {
    assert.deepEqual(decide(busy(), paid).verdict, nothing);
    assert.deepEqual(decide(busy({ allProviders: true, untilMs: in5s }), paid).verdict, {
      kind: 'modelBusy',
      untilMs: in5s,
      onAccountAlone: false,
    });
  });

  it('locks the model on the account whose own provider key it was, and other accounts may go at once', () => {
    const outcome = busy({ isByok: true, untilMs: in5s });
    const verdict: Verdict = { kind: 'modelBusy', untilMs: in5s, onAccountAlone: true };
    assert.deepEqual(decide(outcome, paid), retry(outcome, verdict));
  });

  it('locks nothing where no model is known, and still waits', () => {
    for (const isByok of [true, false]) {
      const outcome = busy({ isByok });
      const decision = decide(outcome, { ...free, model: null });
      assert.deepEqual(decision, retry(outcome, nothing, { waitMs: firstBackOffMs }));
    }
  });

  it('is given back, locked all the same, when its hint lies beyond the deadline', () => {
    const untilMs = free.deadlineAtMs + 1;
    assert.deepEqual(
      decide(busy({ untilMs }), free),
      back({ kind: 'modelBusy', untilMs, onAccountAlone: false }),
    );
  });

  it('is no tight loop when the hint is zero', () => {
    const decision = decide(busy({ untilMs: nowMs }), free);
    const verdict: Verdict = { kind: 'modelBusy', untilMs: null, onAccountAlone: false };
    assert.deepEqual(decision, retry(busy(), verdict, { waitMs: firstBackOffMs }));
  });
});

describe('decide: the service', () => {
  it('holds everything back when the edge refuses the address', () => {
    const hinted: Outcome = { kind: 'edgeBlocked', untilMs: in5s };
    const verdict: Verdict = { kind: 'edgeBlocked', untilMs: in5s };
    assert.deepEqual(decide(hinted, free), retry(hinted, verdict, { waitMs: 5_000 }));
    const unhinted: Outcome = { kind: 'edgeBlocked', untilMs: null };
    const brief: Verdict = { kind: 'edgeBlocked', untilMs: nowMs + firstBackOffMs };
    assert.deepEqual(decide(unhinted, free), retry(unhinted, brief, { waitMs: firstBackOffMs }));
  });

  it('waits for what is overloaded: the hint, else 0.5 s and a growing share of 1 to 30 s', () => {
    const outcome: Outcome = { kind: 'overloaded', untilMs: null, timedOut: false };
    assert.deepEqual(decide({ ...outcome, untilMs: in5s }, paid), retry(outcome, nothing, { waitMs: 5_000 }));
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => {
      const decision = decide(outcome, { ...paid, attempt });
      return decision.next === 'retry' ? decision.waitMs : null;
    });
    assert.deepEqual(waits, [750, 1_250, 2_250, 4_250, 8_250, 15_250, 15_250, 15_250, 15_250]);
    const shortest = decide(outcome, { ...paid, attempt: 9, random: () => 0 });
    assert.deepEqual(shortest, retry(outcome, nothing, { waitMs: 500 }));
  });

  it("buys nothing twice after upstream's own timeouts", () => {
    const outcome: Outcome = { kind: 'overloaded', untilMs: null, timedOut: true };
    assert.equal(decide(outcome, paid).next, 'retry');
    assert.deepEqual(decide(outcome, { ...paid, timeouts: 1 }), back());
    assert.deepEqual(decide(outcome, { ...paid, sawWork: true }), back());
    assert.equal(decide(outcome, { ...free, timeouts: 1 }).next, 'retry');
  });

  it('tries a 500 once more', () => {
    const outcome: Outcome = { kind: 'internal' };
    assert.deepEqual(decide(outcome, paid), retry(outcome, nothing, { waitMs: firstBackOffMs }));
    assert.deepEqual(decide(outcome, { ...paid, internals: 1 }), back());
  });
});

describe('decide: a 429 that nobody explains', () => {
  it('holds the account back for the hinted time and tries another one after a back-off', () => {
    const outcome: Outcome = { kind: 'unknownLimit', untilMs: in5s };
    const verdict: Verdict = { kind: 'minuteUsedUp', untilMs: in5s, limit: null };
    assert.deepEqual(decide(outcome, free), retry(outcome, verdict, { waitMs: firstBackOffMs }));
  });

  it('holds it back for a minute at most', () => {
    const decision = decide({ kind: 'unknownLimit', untilMs: nowMs + 3_600_000 }, free);
    assert.deepEqual(decision.verdict, { kind: 'minuteUsedUp', untilMs: nowMs + 60_000, limit: null });
  });

  it('makes a paid request wait, up to a minute', () => {
    const outcome: Outcome = { kind: 'unknownLimit', untilMs: in5s };
    assert.deepEqual(decide(outcome, paid), retry(outcome, nothing, { waitMs: 5_000 }));
    assert.deepEqual(decide({ ...outcome, untilMs: nowMs + 60_001 }, paid), back());
  });
});

describe('decide: faults', () => {
  const faultOf = (fault: Fault, situation: Situation): Decision => decide(outcomeOfFault(fault), situation);
  const notSent: Fault = { code: 'notSent', cause: 'ENOTFOUND' };
  const stale: Fault = { code: 'resetBeforeHead', reusedSocket: true, cause: 'ECONNRESET' };
  const cut: Fault = { code: 'cut', cause: 'other side closed' };

  it('sends at once what was not sent, then with back-off, and counts no attempt', () => {
    const outcome = outcomeOfFault(notSent);
    assert.deepEqual(faultOf(notSent, free), retry(outcome, nothing));
    const later = { ...free, notSents: 2 };
    assert.deepEqual(faultOf(notSent, later), retry(outcome, nothing, { waitMs: 1_250 }));
    assert.equal(faultOf(notSent, { ...free, repeatable: false, attempt: 10 }).next, 'retry');
    assert.equal(nextTally(free, outcome).attempt, 1);
    assert.equal(nextTally(free, outcome).notSents, 1);
  });

  it('does not send forever what cannot be sent', () => {
    assert.deepEqual(faultOf(notSent, { ...free, notSents: 20 }), back());
    assert.deepEqual(faultOf(notSent, { ...free, deadlineAtMs: nowMs - 1 }), back());
  });

  it('repeats a reset on a reused socket once at once, on a connection of its own', () => {
    const outcome = outcomeOfFault(stale);
    assert.deepEqual(faultOf(stale, free), retry(outcome, nothing, { freshConnection: true }));
    const second = { ...free, ...nextTally(free, outcome) };
    assert.deepEqual(faultOf(stale, second), retry(outcome, nothing, { waitMs: 1_250 }));
  });

  it('backs off after other resets and cut bodies', () => {
    const reset: Fault = { ...stale, reusedSocket: false };
    const backedOff = { waitMs: firstBackOffMs };
    assert.deepEqual(faultOf(reset, paid), retry(outcomeOfFault(reset), nothing, backedOff));
    assert.deepEqual(faultOf(cut, paid), retry(outcomeOfFault(cut), nothing, backedOff));
  });

  it('asks once more past a connection that may have held the rest of another answer, unless it costs money', () => {
    const unreadable: Fault = { code: 'unreadable', reusedSocket: true, cause: 'HPE_INVALID_CONSTANT' };
    const outcome = outcomeOfFault(unreadable);
    const retried = retry(outcome, nothing, { freshConnection: true });
    assert.deepEqual(faultOf(unreadable, free), retried);
    assert.deepEqual(faultOf(unreadable, { ...free, class: 'unmetered' }), retried);
    assert.deepEqual(faultOf(unreadable, { ...free, ...nextTally(free, outcome) }), back());
    assert.deepEqual(faultOf(unreadable, paid), back());
    assert.deepEqual(faultOf({ ...unreadable, reusedSocket: false }, free), back());
  });

  it('tries a silent route once more, on a fresh connection, and not again', () => {
    for (const fault of [
      { code: 'headTimeout' },
      { code: 'firstTokenTimeout', sawComments: true },
      { code: 'idleTimeout' },
    ] as const) {
      const outcome = outcomeOfFault(fault);
      const expected = retry(outcome, nothing, { waitMs: firstBackOffMs, freshConnection: true });
      assert.deepEqual(faultOf(fault, free), expected);
      assert.deepEqual(faultOf(fault, { ...free, ...nextTally(free, outcome) }), back());
    }
  });

  it('never buys twice what may be thinking, or had begun to come', () => {
    const begun = { ...paid, sawWork: true };
    assert.deepEqual(faultOf({ code: 'firstTokenTimeout', sawComments: true }, paid), back());
    for (const fault of [{ code: 'idleTimeout' }, { code: 'headTimeout' }, cut] as const) {
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
    fc.record({ code: fc.constant('firstTokenTimeout' as const), sawComments: truth }),
    fc.record({ code: fc.constant('cut' as const), cause }),
    fc.record({ code: fc.constantFrom('headTimeout', 'idleTimeout', 'clientGone', 'headTooLarge') }),
  );
  const failure: fc.Arbitrary<Outcome> = fc.oneof(
    fc.record({ kind: fc.constantFrom('dailyLimit', 'minuteLimit'), untilMs, limit }),
    fc.record({ kind: fc.constant('busy' as const), untilMs, isByok: truth, allProviders: truth }),
    fc.record({
      kind: fc.constantFrom('noCredits', 'requestTooDear', 'belowZero', 'unauthorized', 'internal'),
    }),
    fc.record({
      kind: fc.constantFrom('inFlightBudget', 'keyCap', 'budget', 'edgeBlocked', 'unknownLimit'),
      untilMs,
    }),
    fc.record({ kind: fc.constant('overloaded' as const), untilMs, timedOut: truth }),
    fc.record({ kind: fc.constant('requestFault' as const), contextLength: truth }),
    fc.record({ kind: fc.constant('fault' as const), fault }),
  );
  const situation: fc.Arbitrary<Situation> = fc.record({
    attempt: fc.integer({ min: 1, max: 12 }),
    notSents: fc.integer({ min: 0, max: 25 }),
    timeouts: fc.integer({ min: 0, max: 2 }),
    internals: fc.integer({ min: 0, max: 2 }),
    freshRetries: fc.integer({ min: 0, max: 2 }),
    class: fc.constantFrom('free', 'paid', 'unmetered'),
    repeatable: truth,
    model: fc.constantFrom(null, 'x/y', 'x/y:free'),
    nowMs: fc.constant(nowMs),
    deadlineAtMs: fc.integer({ min: nowMs - 10_000, max: nowMs + 240_000 }),
    attemptsAllowed: fc.integer({ min: 4, max: 10 }),
    sawWork: truth,
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
  });
  const locksFor = (verdict: Verdict, requestClass: Situation['class']): boolean => {
    if (verdict.kind === 'modelBusy') return true;
    if (verdict.kind === 'inFlightBudget') return requestClass === 'paid';
    return (verdict.kind === 'dayUsedUp' || verdict.kind === 'minuteUsedUp') && requestClass === 'free';
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
        assert.equal(decide(outcome, { ...now, repeatable: false }).next, 'giveBack');
      }),
    );
  });

  it('keeps to the attempts allowed, whatever comes', () => {
    fc.assert(
      fc.property(fc.infiniteStream(failure), situation, (failures, start) => {
        let now: Situation = {
          ...start,
          ...firstTally,
          repeatable: true,
          deadlineAtMs: Number.POSITIVE_INFINITY,
        };
        let sent = 0;
        let tries = 0;
        for (const outcome of failures) {
          assert.ok(++tries <= now.attemptsAllowed + 21);
          if (!isUnsent(outcome)) sent++;
          if (decide(outcome, now).next === 'giveBack') break;
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
        if (decision.next !== 'retry' || decision.elsewhere || decision.waitMs >= 500) return;
        const { verdict } = decision;
        if (verdict.kind === 'nothing') {
          assert.ok(decision.freshConnection || (isUnsent(outcome) && now.notSents === 0));
          return;
        }
        assert.ok(locksFor(verdict, now.class));
        if (verdict.kind === 'dayUsedUp') return;
        assert.ok('untilMs' in verdict && (verdict.untilMs ?? Infinity) >= now.nowMs + 500);
      }),
    );
  });

  it('never lets an unknown 429 cost more than a minute', () => {
    fc.assert(
      fc.property(untilMs, situation, (until, now) => {
        const decision = decide({ kind: 'unknownLimit', untilMs: until }, now);
        if (decision.next === 'retry') assert.ok(decision.waitMs <= 60_000);
        if (decision.verdict.kind === 'nothing') return;
        assert.equal(decision.verdict.kind, 'minuteUsedUp');
        assert.ok(
          'untilMs' in decision.verdict && (decision.verdict.untilMs ?? Infinity) <= now.nowMs + 60_000,
        );
      }),
    );
  });

  it('never sends a paid request a third time after timeouts, nor a second after comments', () => {
    const timeout: fc.Arbitrary<Outcome> = fc.constantFrom(
      { kind: 'overloaded', untilMs: null, timedOut: true },
      { kind: 'fault', fault: { code: 'headTimeout' } },
      { kind: 'fault', fault: { code: 'firstTokenTimeout', sawComments: false } },
      { kind: 'fault', fault: { code: 'idleTimeout' } },
    );
    fc.assert(
      fc.property(timeout, situation, (outcome, now) => {
        const bought = { ...now, class: 'paid' } as const;
        assert.equal(decide(outcome, { ...bought, timeouts: 1 }).next, 'giveBack');
        assert.equal(decide(outcome, { ...bought, sawWork: true }).next, 'giveBack');
      }),
    );
  });
});
