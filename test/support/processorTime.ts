/** How dear something is, in the time of this process's threads: how long it waits for a processor does not count. */
import assert from 'node:assert/strict';

/** Of so many tries the cheapest counts: collections of other tests' garbage are in the time of the process too. */
const tries = 3;

/** The least processor time that it took, in milliseconds; no second try once one was below `enoughMs`. */
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
 * Fails where it costs more than `mostMs` of processor time. That is to be ten times what it costs on a usual machine,
 * and far below what a loop within a loop would cost.
 */
export async function assertCheap(run: () => unknown, mostMs: number, what = ''): Promise<void> {
  const tookMs = await processorMs(run, mostMs);
  assert.ok(tookMs < mostMs, `${what} took ${tookMs.toFixed(0)} ms of ${mostMs} ms`);
}
