import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dayMs } from '../../../src/keys/calendar';
import { MinuteWindow, type Slot } from '../../../src/keys/minuteWindow';
import { someNoonMs as noonMs } from '../../support/manualClock';

function sendAt(window: MinuteWindow, atMs: number, count: number): Slot[] {
  return Array.from({ length: count }, () => {
    const slot = window.take();
    window.sent(slot, atMs);
    return slot;
  });
}

describe('MinuteWindow', () => {
  it('frees a slot 60.5 s after sending, or 60 s after the answer’s head, whichever is earlier', () => {
    const window = new MinuteWindow();
    const [early, late] = sendAt(window, noonMs, 20);
    assert.ok(early && late);
    assert.equal(window.nextSlotAtMs(noonMs), noonMs + 60_500);
    window.answered(late, noonMs + 3_000);
    assert.equal(window.nextSlotAtMs(noonMs), noonMs + 60_500);
    window.answered(early, noonMs + 200);
    assert.equal(window.nextSlotAtMs(noonMs), noonMs + 60_200);
    assert.equal(window.nextSlotAtMs(noonMs + 60_200), 0);
    assert.equal(window.used(noonMs + 60_200), 19);
    assert.equal(window.used(noonMs + 60_500), 0);
  });

  it('holds a slot for as long as its attempt has not left, and frees it at once if it never does', () => {
    const window = new MinuteWindow();
    const [slot] = Array.from({ length: 20 }, () => window.take());
    assert.ok(slot);
    assert.equal(window.nextSlotAtMs(noonMs + 300_000), noonMs + 360_500);
    window.release(slot);
    assert.equal(window.nextSlotAtMs(noonMs), 0);
    assert.equal(window.used(noonMs), 19);
  });

  it('obeys a lower limit at once and for a day, then goes back to 20', () => {
    const window = new MinuteWindow();
    for (let nth = 0; nth < 20; nth++) sendAt(window, noonMs + nth * 100, 1);
    window.learnLimit(16, noonMs + 2_000);
    // Five of the twenty must go before one of sixteen is free.
    assert.equal(window.nextSlotAtMs(noonMs + 2_000), noonMs + 400 + 60_500);
    assert.equal(window.slotTimes(noonMs + 2_000, 99).length, 16);
    assert.equal(window.slotTimes(noonMs + 2_000, 99)[0], noonMs + 400 + 60_500);
    assert.equal(window.limit(noonMs + dayMs), 16);
    assert.equal(window.limit(noonMs + dayMs + 2_000), 20);
  });

  it('tells as many slot times as its limit allows, the free ones first', () => {
    const window = new MinuteWindow();
    sendAt(window, noonMs, 18);
    const times = window.slotTimes(noonMs + 1_000, 99);
    assert.deepEqual(times.slice(0, 3), [noonMs + 1_000, noonMs + 1_000, noonMs + 60_500]);
    assert.equal(times.length, 20);
    assert.deepEqual(window.slotTimes(noonMs + 1_000, 3), times.slice(0, 3));
  });

  it('is exact in any order of heads and answers', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 4_000 }), headMs: fc.nat({ max: 5_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const window = new MinuteWindow();
        const naive: { freeAtMs: number }[] = [];
        const due: { atMs: number; run: () => void }[] = [];
        let nowMs = noonMs;
        for (const { afterMs, headMs } of steps) {
          nowMs += afterMs;
          for (const { run } of due.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs))
            run();
          due.splice(0, due.length, ...due.filter(({ atMs }) => atMs > nowMs));
          const [slot, own, sentAtMs] = [window.take(), { freeAtMs: nowMs + 60_500 }, nowMs];
          window.sent(slot, sentAtMs);
          naive.push(own);
          const answer = (): void => {
            window.answered(slot, sentAtMs + headMs);
            own.freeAtMs = Math.min(own.freeAtMs, sentAtMs + headMs + 60_000);
          };
          due.push({ atMs: sentAtMs + headMs, run: answer });
          const held = naive.filter(({ freeAtMs }) => freeAtMs > nowMs).map(({ freeAtMs }) => freeAtMs);
          assert.equal(window.used(nowMs), held.length);
          assert.equal(window.nextSlotAtMs(nowMs), held.sort((a, b) => a - b)[held.length - 20] ?? 0);
        }
      }),
    );
  });

  it('comes back with its slots and its limit', () => {
    const window = new MinuteWindow();
    sendAt(window, noonMs, 12);
    window.take();
    window.learnLimit(16, noonMs);
    const again = new MinuteWindow();
    again.restore(window.save(noonMs + 100), noonMs + 100);
    assert.equal(again.limit(noonMs + 100), 16);
    assert.equal(again.used(noonMs + 100), 13);
    assert.equal(again.used(noonMs + 60_500), 1);
    assert.equal(again.used(noonMs + 60_600), 0);
  });

  it('joined with another has the slots of both', () => {
    const [one, other] = [new MinuteWindow(), new MinuteWindow()];
    sendAt(one, noonMs, 8);
    sendAt(other, noonMs, 11);
    const unsent = other.take();
    other.learnLimit(18, noonMs);
    one.absorb(other);
    assert.equal(one.used(noonMs), 20);
    assert.equal(one.limit(noonMs), 18);
    one.release(unsent);
    assert.equal(one.used(noonMs), 19);
  });
});
