import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from '../../support/manualClock';
import { freeRequest, makeKey, makePool } from './make';

const small = fc.integer({ min: 0, max: 3 });
const row = fc.record({ used: small, inFlight: small, lastUsedAtMs: small, isLocked: fc.boolean() });

describe('Wheel', () => {
  it('takes of the ready accounts the highest share left, then the fewest in flight, then the longest unused', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
        const clock = new ManualClock();
        const names = rows.map((_, nth) => `account-${nth}`);
        const pool = makePool(clock, Object.fromEntries(names.map((name) => [name, [makeKey(name)]])));
        const { accounts } = pool.wheel.roster;
        for (const [nth, { used, inFlight, lastUsedAtMs, isLocked }] of rows.entries()) {
          const account = accounts[nth];
          assert.ok(account);
          for (let sent = 0; sent < used; sent++) {
            account.ledger.reserve(clock.elapsedMs());
            account.ledger.spend(clock.elapsedMs());
          }
          account.inFlight = inFlight;
          account.lastUsedAtMs = lastUsedAtMs;
          const [sinceMs, untilMs] = [clock.elapsedMs(), clock.elapsedMs() + 1_000];
          if (isLocked) account.locks.set({ reason: 'minuteLimit', covers: 'free', sinceMs, untilMs });
        }
        const [best] = rows
          .map((each, index) => ({ ...each, index }))
          .filter(({ isLocked }) => !isLocked)
          .sort((a, b) => a.used - b.used || a.inFlight - b.inFlight || a.lastUsedAtMs - b.lastUsedAtMs);
        const chosen = pool.wheel.choose(freeRequest(clock.elapsedMs()), clock.elapsedMs());
        assert.equal(chosen?.account, best === undefined ? undefined : accounts[best.index]);
      }),
    );
  });

  it('lets one account answer all reads, such as that of a balance, as long as it can', () => {
    const clock = new ManualClock();
    const pool = makePool(clock, { one: [makeKey('a')], two: [makeKey('b')] });
    const [one] = pool.wheel.roster.accounts;
    assert.ok(one);
    const read = freeRequest(clock.elapsedMs(), { requestClass: 'unmetered', model: null });
    const chosen = (): string | undefined =>
      pool.wheel.choose(read, clock.elapsedMs())?.account.keys[0]?.key.label;
    assert.equal(chosen(), 'a');
    one.lastUsedAtMs = clock.elapsedMs();
    one.inFlight = 3;
    assert.equal(chosen(), 'a');
    const [sinceMs, untilMs] = [clock.elapsedMs(), clock.elapsedMs() + 1_000];
    one.locks.set({ reason: 'edgeBlocked', covers: 'all', sinceMs, untilMs });
    assert.equal(chosen(), 'b');
  });
});
