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
    standings.lanes.free.readyAtMs[index] = row.readyAtMs;
    standings.lanes.free.rank[index] = row.rank;
    standings.inFlight[index] = row.inFlight;
    standings.lastUsedAtMs[index] = row.lastUsedAtMs;
  }
  return standings;
}

const small = fc.integer({ min: 0, max: 3 });
const rows = fc.array(fc.record({ readyAtMs: small, rank: small, inFlight: small, lastUsedAtMs: small }));
const excepts = fc.array(small).map((indexes) => new Set(indexes));

describe('select', () => {
  it('takes of the ready the highest rank, then the fewest in flight, then the longest unused', () => {
    fc.assert(
      fc.property(rows, small, excepts, (all, nowMs, except) => {
        const [expected] = all
          .map((row, index) => ({ ...row, index }))
          .filter((row) => row.readyAtMs <= nowMs && !except.has(row.index))
          .sort((x, y) => y.rank - x.rank || x.inFlight - y.inFlight || x.lastUsedAtMs - y.lastUsedAtMs);
        assert.equal(select(standingsOf(all), 'free', nowMs, except), expected?.index ?? -1);
      }),
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
