import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readyAtMs, select } from '../../../src/keys/selection';
import { Standings } from '../../../src/keys/standings';

interface Row {
  readonly readyAtMs: number;
  readonly rank: number;
  readonly inFlight: number;
  readonly lastUsedAtMs: number;
}

function standingsOf(rows: readonly Row[]): Standings {
  const standings = new Standings(rows.length);
  for (const [index, row] of rows.entries()) {
    put(standings, index, row);
  }
  return standings;
}

function put(standings: Standings, index: number, row: Row): void {
  standings.lanes.free.set(index, row.readyAtMs, row.rank);
  standings.inFlight[index] = row.inFlight;
  standings.lastUsedAtMs[index] = row.lastUsedAtMs;
}

function expectedOf(all: readonly Row[], nowMs: number, except: ReadonlySet<number>): number {
  const [expected] = all
    .map((row, index) => ({ ...row, index }))
    .filter((row) => row.readyAtMs <= nowMs && !except.has(row.index))
    .sort((x, y) => y.rank - x.rank || x.inFlight - y.inFlight || x.lastUsedAtMs - y.lastUsedAtMs);
  return expected?.index ?? -1;
}

const small = fc.integer({ min: 0, max: 3 });
const row = fc.record({ readyAtMs: small, rank: small, inFlight: small, lastUsedAtMs: small });
const rows = fc.array(row);
const excepts = fc.array(small).map((indexes) => new Set(indexes));

describe('select', () => {
  it('takes of the ready the highest rank, then the fewest in flight, then the longest unused', () => {
    fc.assert(
      fc.property(rows, small, excepts, (all, nowMs, except) => {
        assert.equal(select(standingsOf(all), 'free', nowMs, except), expectedOf(all, nowMs, except));
      }),
    );
  });

  it('takes the same after any changes, among so many that it passes over most', () => {
    const changes = fc.array(fc.tuple(fc.nat(199), row), { maxLength: 300 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 70, maxLength: 200 }), changes, small, (all, later, nowMs) => {
        const standings = standingsOf(all);
        for (const [nth, change] of later) {
          const index = nth % all.length;
          all[index] = change;
          put(standings, index, change);
          assert.equal(select(standings, 'free', nowMs), expectedOf(all, nowMs, new Set()));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('tells when the first will be ready', () => {
    fc.assert(
      fc.property(rows, excepts, (all, except) => {
        const times = all.filter((_, index) => !except.has(index)).map((row) => row.readyAtMs);
        assert.equal(readyAtMs(standingsOf(all), 'free', except), Math.min(...times));
      }),
    );
  });

  it('costs for 3,000 accounts less than 3,000 times what it costs for three', () => {
    const costOf = (size: number, rounds: number): number => {
      const standings = standingsOf(
        Array.from({ length: size }, (_, nth) => ({
          readyAtMs: 0,
          rank: (nth * 7) % 101,
          inFlight: 0,
          lastUsedAtMs: nth,
        })),
      );
      const times = Array.from({ length: 15 }, () => {
        const startMs = performance.now();
        for (let round = 0; round < rounds; round++) select(standings, 'free', 1);
        return (performance.now() - startMs) / rounds;
      });
      return Math.min(...times);
    };
    assert.ok(costOf(3_000, 200) < 3_000 * costOf(3, 20_000));
  });
});
