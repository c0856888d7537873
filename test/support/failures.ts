/** Keeps the failed tests until everything has run: each kind of tests prints its own, above hundreds of lines of others. */
import { appendFileSync } from 'node:fs';
import { inspect } from 'node:util';

/** Names the file to every process that runs tests; without it no failures are kept. */
export const FAILURES_VARIABLE = 'KEYWHEEL_TEST_FAILURES';

/** Most characters kept of one failure; the output of the tests has all of it. */
const MAX_CHARACTERS = 2_000;

/** Adds each test and hook that fails in this run, with its error, to the file. */
export function noteFailures(runner: Mocha.Runner): void {
  const file = process.env[FAILURES_VARIABLE];
  if (!file) return;
  runner.on('fail', (test, error: unknown) => {
    const told = inspect(error).slice(0, MAX_CHARACTERS).replace(/^/gm, '    ');
    appendFileSync(file, `${test.fullTitle()}\n${told}\n\n`);
  });
}

/** Called by Mocha where this file is among the files that it requires. */
export function mochaGlobalSetup(this: Mocha.Runner): void {
  noteFailures(this);
}

/** A test that failed may leave a server open, and one that passed must not: either way the run ends. */
export function mochaGlobalTeardown(): void {
  const end = (): void => {
    console.error(`Still open 10 s after the last test: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  };
  setTimeout(end, 10_000).unref();
}
