import assert from 'node:assert/strict';
import { Calendar } from '../../../src/keys/calendar';
import { Ledger } from '../../../src/keys/ledger';
import type { OwnAttempt } from '../../../src/keys/ownAttempts';
import { hourMs, makeReading, minuteMs } from './make';

const midnightMs = Date.UTC(2026, 0, 16);
const noonMs = midnightMs - 12 * hourMs;
const utc = new Calendar('UTC');

function makeLedger(nowMs = noonMs, userLimit: number | null = null, calendar = utc): Ledger {
  return new Ledger(nowMs, calendar, userLimit);
}

/** Sends so many attempts at the instant; they end at once, unless they are to run on. */
function send(ledger: Ledger, count: number, atMs: number, runs = false): OwnAttempt[] {
  return Array.from({ length: count }, () => {
    ledger.reserve(atMs);
    const attempt = ledger.spend(atMs);
    if (!runs) attempt.endedAtMs = atMs;
    return attempt;
  });
}

function read(ledger: Ledger, used: number, askedAtMs: number, limit = 50, atMs = askedAtMs): void {
  ledger.join({ ...makeReading('a', askedAtMs, { used, limit }), atMs });
}

describe('Ledger: the joined sum', () => {
  it('adds own attempts to the last quiet reading, and reservations at once', () => {
    const ledger = makeLedger();
    read(ledger, 10, noonMs);
    send(ledger, 3, noonMs + 1_000);
    ledger.reserve(noonMs);
    assert.equal(ledger.used, 14);
    assert.equal(ledger.left, 36);
    ledger.release();
    assert.equal(ledger.used, 13);
  });

  it('does not count twice what a reading holds already, and misses nothing that it does not hold yet', () => {
    const ledger = makeLedger();
    read(ledger, 10, noonMs);
    send(ledger, 5, noonMs + 10_000);
    read(ledger, 12, noonMs + 20_000);
    assert.equal(ledger.used, 15);
    read(ledger, 15, noonMs + 30_000);
    assert.equal(ledger.used, 15);
  });

  it('sees what others sent at the next reading', () => {
    const ledger = makeLedger();
    read(ledger, 10, noonMs);
    send(ledger, 5, noonMs + 10_000);
    read(ledger, 40, noonMs + 20_000);
    assert.equal(ledger.used, 40);
    send(ledger, 1, noonMs + 21_000);
    assert.equal(ledger.used, 41);
  });

  it('adds what a late reading lacks, once one of any account was seen to be late', () => {
    const readingLag = { isKnown: false };
    const [one, other] = [
      new Ledger(noonMs, utc, null, readingLag),
      new Ledger(noonMs, utc, null, readingLag),
    ];
    for (const ledger of [one, other]) read(ledger, 10, noonMs);
    send(one, 5, noonMs + 1_000);
    read(one, 10, noonMs + 45_000);
    send(other, 4, noonMs + 50_000);
    read(other, 22, noonMs + 60_000);
    assert.deepEqual([one.used, other.used], [15, 26]);
  });

  it('sees that a reading is late behind what others sent before', () => {
    const ledger = makeLedger();
    read(ledger, 0, noonMs);
    send(ledger, 1, noonMs + 1_000);
    read(ledger, 12, noonMs + 20_000);
    send(ledger, 6, noonMs + 25_000);
    read(ledger, 13, noonMs + 70_000);
    assert.equal(ledger.used, 19);
  });

  it('corrects downwards with a quiet reading: 90 s after the last attempt ended', () => {
    const ledger = makeLedger();
    read(ledger, 10, noonMs);
    send(ledger, 5, noonMs + 1_000);
    read(ledger, 11, noonMs + 90_999);
    assert.equal(ledger.used, 15);
    read(ledger, 11, noonMs + 91_000);
    assert.equal(ledger.used, 11);
  });

  it('corrects downwards without quiet by what was over for 90 s', () => {
    const ledger = makeLedger();
    read(ledger, 0, noonMs);
    send(ledger, 20, noonMs + 1_000);
    send(ledger, 2, noonMs + 60_000);
    send(ledger, 1, noonMs + 60_000, true);
    read(ledger, 6, noonMs + 120_000);
    assert.equal(ledger.used, 9);
  });

  it('holds a running attempt for unsure, however long it runs', () => {
    const ledger = makeLedger();
    read(ledger, 10, noonMs);
    const [attempt] = send(ledger, 1, noonMs, true);
    assert.ok(attempt);
    read(ledger, 10, noonMs + 10 * minuteMs);
    assert.equal(ledger.used, 11);
    attempt.endedAtMs = noonMs + 11 * minuteMs;
    read(ledger, 10, noonMs + 13 * minuteMs);
    assert.equal(ledger.used, 10);
  });

  it('counts on its own, up to 50, where the server tells no count, or up to what a 429 said', () => {
    const ledger = makeLedger();
    ledger.join(makeReading('a', noonMs, null));
    send(ledger, 3, noonMs);
    assert.deepEqual([ledger.used, ledger.limit, ledger.day.latest], [3, 50, null]);
    ledger.refused(1_000);
    assert.equal(ledger.limit, 1_000);
  });

  it('lets the server’s limit win over what was configured, and the user’s lower one over both', () => {
    const ledger = makeLedger(noonMs, 200);
    assert.equal(ledger.limit, 200);
    read(ledger, 0, noonMs, 50);
    assert.equal(ledger.limit, 50);
    ledger.configure(20, noonMs);
    assert.equal(ledger.limit, 20);
  });
});

describe('Ledger: emptiness', () => {
  it('is doubtful while our own sum alone says so, and spent when the server says so too', () => {
    const ledger = makeLedger();
    read(ledger, 48, noonMs);
    assert.equal(ledger.emptiness, 'some');
    send(ledger, 2, noonMs + 1_000);
    assert.equal(ledger.emptiness, 'doubtful');
    read(ledger, 50, noonMs + 60_000);
    assert.equal(ledger.emptiness, 'spent');
  });

  it('asks once at the start of a doubt and once when a reading must hold every attempt, never twice a minute', () => {
    const ledger = makeLedger();
    read(ledger, 48, noonMs);
    const emptyAtMs = noonMs + 10 * minuteMs;
    send(ledger, 2, emptyAtMs);
    assert.ok(ledger.readingWantedAtMs <= emptyAtMs);
    ledger.noteAsked(emptyAtMs);
    assert.equal(ledger.awaitsReading(emptyAtMs + 4_999), true);
    assert.equal(ledger.awaitsReading(emptyAtMs + 5_000), false);
    assert.equal(ledger.readingWantedAtMs, emptyAtMs + 91_000);
    ledger.noteAsked(emptyAtMs + 91_000);
    assert.equal(ledger.readingWantedAtMs, emptyAtMs + 151_000);
  });

  it('is probed at once when a reading that must hold every attempt leaves the doubt', () => {
    const ledger = makeLedger();
    read(ledger, 40, noonMs);
    const sentAtMs = noonMs + minuteMs;
    send(ledger, 11, sentAtMs, true);
    assert.equal(ledger.probeAtMs(sentAtMs), sentAtMs + 96_000);
    read(ledger, 42, sentAtMs + 91_000);
    assert.equal(ledger.emptiness, 'doubtful');
    assert.ok(ledger.probeAtMs(sentAtMs + 91_000) <= sentAtMs + 91_000);
    ledger.reserve(sentAtMs + 91_000);
    ledger.release();
    assert.equal(ledger.probeAtMs(sentAtMs + 91_000), sentAtMs + 151_000);
  });

  it('is not probed while what it reserved has not left', () => {
    const ledger = makeLedger();
    read(ledger, 49, noonMs);
    ledger.reserve(noonMs);
    assert.equal(ledger.emptiness, 'doubtful');
    assert.equal(ledger.probeAtMs(noonMs + hourMs), noonMs + hourMs + 96_000);
  });
});

describe('Ledger: around midnight', () => {
  it('counts an attempt of the last half second on the new day, to the millisecond', () => {
    for (const [beforeMs, counted] of [
      [501, 0],
      [500, 1],
      [1, 1],
    ] as const) {
      const ledger = makeLedger(midnightMs - minuteMs);
      send(ledger, 1, midnightMs - beforeMs, true);
      ledger.roll(midnightMs);
      assert.equal(ledger.day.own, counted);
    }
  });

  it('counts an attempt on the day in which its head was written, whenever it ends', () => {
    const ledger = makeLedger(midnightMs - minuteMs);
    const [attempt] = send(ledger, 1, midnightMs - 1_000, true);
    ledger.reserve(noonMs);
    ledger.roll(midnightMs);
    assert.equal(ledger.used, 1);
    ledger.spend(midnightMs + 10);
    assert.ok(attempt);
    attempt.endedAtMs = midnightMs + 30_000;
    assert.deepEqual([ledger.day.own, ledger.used], [1, 1]);
  });

  it('takes what left in the last half second for both days, until a reading tells', () => {
    const ledger = makeLedger(midnightMs - minuteMs);
    read(ledger, 0, midnightMs - minuteMs);
    send(ledger, 2, midnightMs - 400);
    ledger.roll(midnightMs + 5);
    assert.equal(ledger.used, 2);
    read(ledger, 0, midnightMs + 3 * minuteMs);
    assert.equal(ledger.used, 0);
  });

  it('ignores readings of a day’s first 120 s, which may be yesterday’s', () => {
    const ledger = makeLedger(midnightMs - hourMs);
    read(ledger, 44, midnightMs - 10 * minuteMs);
    read(ledger, 43, midnightMs + 119_000);
    assert.deepEqual([ledger.used, ledger.day.latest], [0, null]);
    read(ledger, 5, midnightMs + 120_000);
    assert.equal(ledger.used, 5);
  });

  it('judges a slow reading by when it was asked for, not by when it came', () => {
    const ledger = makeLedger(midnightMs - hourMs);
    read(ledger, 50, midnightMs + 60_000, 50, midnightMs + 130_000);
    assert.equal(ledger.used, 0);
    read(ledger, 50, midnightMs - 5_000, 50, midnightMs + 200_000);
    assert.equal(ledger.used, 0);
  });

  it('begins a new day after any sleep, and takes nothing over from a day long ago', () => {
    const ledger = makeLedger(noonMs);
    read(ledger, 50, noonMs);
    ledger.roll(noonMs + 60 * hourMs);
    assert.deepEqual([ledger.used, ledger.resetAtMs], [0, Date.UTC(2026, 0, 19)]);
    read(ledger, 3, Date.UTC(2026, 0, 18) + 10_000);
    assert.equal(ledger.day.latest, null);
  });

  it('keeps its counts when the clock is set, and the reset stays the next midnight', () => {
    const calendar = new Calendar('UTC');
    const ledger = makeLedger(midnightMs - hourMs, null, calendar);
    read(ledger, 20, midnightMs - hourMs);
    const nowMs = midnightMs + hourMs;
    ledger.roll(nowMs);
    send(ledger, 2, nowMs);
    ledger.delayReset(calendar.follow(-3 * hourMs), nowMs);
    ledger.roll(nowMs);
    assert.deepEqual([ledger.used, ledger.resetAtMs], [2, midnightMs + 3 * hourMs]);
    // Put right again, a new day begins, to which the two belong.
    ledger.delayReset(calendar.follow(0), nowMs);
    ledger.roll(nowMs);
    assert.deepEqual([ledger.used, ledger.resetAtMs], [2, midnightMs + 24 * hourMs]);
  });

  it('ends the day of an account without readings in the user’s zone, where days have 23 or 25 hours', () => {
    const berlin = new Calendar('Europe/Berlin');
    const spring = makeLedger(Date.UTC(2026, 2, 28, 23), null, berlin);
    assert.equal(spring.resetAtMs, Date.UTC(2026, 2, 29, 22));
    const autumn = makeLedger(Date.UTC(2026, 9, 24, 22), null, berlin);
    assert.equal(autumn.resetAtMs, Date.UTC(2026, 9, 25, 23));
    autumn.roll(Date.UTC(2026, 9, 25, 22, 30));
    assert.equal(autumn.resetAtMs, Date.UTC(2026, 9, 25, 23));
    read(autumn, 4, Date.UTC(2026, 9, 25, 22, 30));
    assert.equal(autumn.resetAtMs, Date.UTC(2026, 9, 26));
  });
});

describe('Ledger: saved and restored', () => {
  it('comes back as it was, with what was about to be sent, and what may not be counted yet', () => {
    const ledger = makeLedger();
    read(ledger, 10, noonMs);
    send(ledger, 3, noonMs + 60_000);
    ledger.reserve(noonMs);
    const again = makeLedger(noonMs + 61_000);
    again.restore(ledger.save(noonMs + 61_000), noonMs + 61_000);
    assert.equal(again.used, 14);
    read(again, 10, noonMs + 62_000);
    assert.equal(again.used, 14);
    read(again, 13, noonMs + 152_000);
    assert.equal(again.used, 13);
  });

  it('holds attempts that ran for unsure, until the last of them ended', () => {
    const before = makeLedger();
    send(before, 3, noonMs);
    send(before, 1, noonMs + 30_000);
    const ledger = makeLedger(noonMs + 31_000);
    ledger.restore(before.save(noonMs + 31_000), noonMs + 31_000);
    assert.deepEqual(ledger.save(noonMs + 31_000).unsure, { count: 4, atMs: noonMs + 30_000 });
    read(ledger, 0, noonMs + 40_000);
    assert.equal(ledger.used, 4);
    read(ledger, 1, noonMs + 121_000);
    assert.equal(ledger.used, 1);
  });

  it('remembers that no limit holds the account, also when it turns out to be another one, until the day ends', () => {
    const exempt = makeLedger();
    read(exempt, 50, noonMs);
    assert.equal(exempt.emptiness, 'doubtful');
    const unasked = makeLedger(noonMs);
    unasked.restore(exempt.save(noonMs), noonMs);
    send(unasked, 1, noonMs);
    assert.equal(unasked.emptiness, 'doubtful', 'the probe may have told nothing');
    exempt.reserve(noonMs);
    exempt.answered(exempt.spend(noonMs));
    const again = makeLedger(noonMs);
    again.restore(exempt.save(noonMs), noonMs);
    assert.equal(again.emptiness, 'exempt');
    const heir = makeLedger(noonMs);
    heir.absorb(again, noonMs);
    assert.equal(heir.emptiness, 'exempt');
    heir.roll(midnightMs);
    read(heir, 50, midnightMs + hourMs);
    assert.equal(heir.emptiness, 'doubtful');
  });

  it('keeps of another day only that the server told, and its limit', () => {
    const saved = makeLedger(noonMs, null, new Calendar('Europe/Berlin'));
    read(saved, 900, noonMs, 1_000);
    const ledger = makeLedger(noonMs + 24 * hourMs, null, new Calendar('Europe/Berlin'));
    ledger.restore(saved.save(noonMs), noonMs + 24 * hourMs);
    assert.deepEqual([ledger.used, ledger.limit, ledger.resetAtMs], [0, 1_000, midnightMs + 24 * hourMs]);
  });
});
