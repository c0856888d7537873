// The choice of an account: a pure function over the standings.
import type { RequestClass } from './lock';
import { blockSize, type Standings } from './standings';

const nobody: ReadonlySet<number> = new Set();

/**
 * The index of the account to take, or -1: of those that are ready the one with the highest rank, ties to fewer in
 * flight, then to the longest unused.
 */
export function select(
  standings: Standings,
  requestClass: RequestClass,
  nowMs: number,
  except: ReadonlySet<number> = nobody,
): number {
  const { readyAtMs, rank, blockRank } = standings.lanes[requestClass];
  let best = -1;
  let bestRank = Number.NEGATIVE_INFINITY;
  for (let block = 0; block < blockRank.length; block++) {
    if (at(blockRank, block) < bestRank) continue;
    const end = Math.min(standings.size, (block + 1) * blockSize);
    for (let index = block * blockSize; index < end; index++) {
      // In the order of how many it turns away: this loop is what choosing costs.
      const ownRank = at(rank, index);
      if (ownRank < bestRank || at(readyAtMs, index) > nowMs) continue;
      if (isExcepted(except, index)) continue;
      if (ownRank === bestRank && !isFresher(standings, index, best)) continue;
      best = index;
      bestRank = ownRank;
    }
  }
  return best;
}

/** When the first account is ready for the class, Infinity if none will be. */
export function readyAtMs(
  standings: Standings,
  requestClass: RequestClass,
  except: ReadonlySet<number> = nobody,
): number {
  const column = standings.lanes[requestClass].readyAtMs;
  let soonestMs = Number.POSITIVE_INFINITY;
  for (let index = 0; index < standings.size; index++) {
    const atMs = at(column, index);
    if (atMs < soonestMs && !except.has(index)) soonestMs = atMs;
  }
  return soonestMs;
}

function isExcepted(except: ReadonlySet<number>, index: number): boolean {
  return except.size > 0 && except.has(index);
}

function isFresher(standings: Standings, index: number, than: number): boolean {
  const busier = at(standings.inFlight, index) - at(standings.inFlight, than);
  if (busier !== 0) return busier < 0;
  return at(standings.lastUsedAtMs, index) < at(standings.lastUsedAtMs, than);
}

function at(column: Float64Array, index: number): number {
  return column[index] ?? 0;
}
