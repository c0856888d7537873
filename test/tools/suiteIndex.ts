/** Runs inside the extension host: Mocha over all bundled tests beside this file. */
import Mocha from 'mocha';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import { noteFailures } from '../support/failures';
import { REPORT_VARIABLE, SuiteReport, type SuiteResult } from './suiteReport';

/** Called by VS Code; rejects when a test failed or there was none. */
export async function run(): Promise<void> {
  const folder = process.env[REPORT_VARIABLE];
  const report = folder ? new SuiteReport(folder) : undefined;
  let result: SuiteResult = { tests: 0, failures: 1 };
  try {
    result = await runMocha(report);
  } catch (error) {
    report?.print(`${format(error)}\n`);
    throw error;
  } finally {
    report?.finish(result);
  }
  if (result.tests === 0) throw new Error('No test ran.');
  if (result.failures > 0) throw new Error(`${result.failures} tests failed.`);
}

function runMocha(report: SuiteReport | undefined): Promise<SuiteResult> {
  process.setSourceMapsEnabled(true);
  const mocha = new Mocha({
    ui: 'bdd',
    color: true,
    timeout: 600_000,
    forbidOnly: true,
    forbidPending: true,
    grep: process.env.MOCHA_GREP,
  });
  if (report) {
    // Mocha's output goes into the report, which can be read from outside: the extension host has no console of its own.
    Mocha.reporters.Base.consoleLog = (...values: unknown[]): void => {
      report.print(`${format(...values)}\n`);
    };
  }
  for (const file of readdirSync(__dirname).sort()) {
    if (file.endsWith('.test.js')) mocha.addFile(path.join(__dirname, file));
  }
  return new Promise((resolve) => {
    let tests = 0;
    const runner = mocha.run((failures) => {
      resolve({ tests, failures });
    });
    noteFailures(runner);
    runner.on('test end', () => (tests += 1));
  });
}
