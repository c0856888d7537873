/** The cost of code in processor time of this process's threads, without the time that it waits for a processor. */
import assert from 'node:assert/strict';

/** The cheapest of so many tries counts, because the process's time contains collections of other tests' garbage too. */
const tries = 3;

/** The least processor time of a run in milliseconds; no further try once one was below `enoughMs`. */
export async function processorMs(run: () => unknown, enoughMs = 0): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < tries && least >= enoughMs; turn++) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

/**
 * Fails if the run takes more than `mostMs` of processor time: choose ten times the time on a usual machine, and far less
 * than a loop within a loop would take.
 */
export async function assertCheap(run: () => unknown, mostMs: number, what = ''): Promise<void> {
  const tookMs = await processorMs(run, mostMs);
  assert.ok(tookMs < mostMs, `${what} took ${tookMs.toFixed(0)} ms of ${mostMs} ms`);
}
