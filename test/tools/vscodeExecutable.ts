/**
 * Entry: stands in for the desktop's VS Code in `runTests({ vscodeExecutablePath })` of @vscode/test-electron.
 * Takes the same arguments, runs the suite in VS Code's server with a headless browser as its window, prints
 * Mocha's output, and exits with 0 only when the suite ran and passed.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'jsonc-parser';
import * as v from 'valibot';
import { fetchHeadless } from './installs';
import { runSuiteHeadless } from './headlessSuite';
import { Sandbox } from './sandbox';
import { QUIET_SETTINGS, writeSettings } from './settings';

const DEFAULT_TIMEOUT_MS = 20 * 60_000;
const settingsSchema = v.record(v.string(), v.unknown());

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      extensionDevelopmentPath: { type: 'string' },
      extensionTestsPath: { type: 'string' },
      'extensions-dir': { type: 'string' },
      'user-data-dir': { type: 'string' },
    },
    // The desktop's own flags (--no-sandbox, --disable-updates, …) mean nothing here.
    strict: false,
    allowPositionals: true,
  });
  const { extensionDevelopmentPath, extensionTestsPath } = values;
  const userDataFolder = values['user-data-dir'];
  if (typeof extensionDevelopmentPath !== 'string' || typeof extensionTestsPath !== 'string') {
    console.error('Needs --extensionDevelopmentPath=<folder> and --extensionTestsPath=<file>.');
    return 2;
  }
  endWithParent();
  const vscode = await fetchHeadless();
  const sandbox = new Sandbox();
  try {
    if (typeof userDataFolder === 'string')
      await writeServerSettings(userDataFolder, sandbox.folder('server', 'data'));
    return await runSuiteHeadless({
      vscode,
      sandbox,
      extensionPath: path.resolve(extensionDevelopmentPath),
      suitePath: path.resolve(extensionTestsPath),
      workspaceFolder: positionals[0] ? path.resolve(positionals[0]) : sandbox.folder('workspace'),
      timeoutMs: Number(process.env.KEYWHEEL_TEST_TIMEOUT_MS ?? DEFAULT_TIMEOUT_MS),
      print: (text) => process.stdout.write(text),
    });
  } finally {
    await sandbox.close();
  }
}

/** Ends this process in order when a killed test runner has left it behind. */
function endWithParent(): void {
  const parent = process.ppid;
  const check = (): void => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  };
  setInterval(check, 1000).unref();
}

/** Writes the suite's settings over the quiet ones; a server reads settings of the machine from a file of its own. */
async function writeServerSettings(userDataFolder: string, serverDataFolder: string): Promise<void> {
  const given = path.join(userDataFolder, 'User', 'settings.json');
  // As VS Code reads it: with comments, and commas at the end.
  const text = existsSync(given) ? readFileSync(given, 'utf8') : '{}';
  const settings = {
    ...QUIET_SETTINGS,
    ...v.parse(settingsSchema, parse(text, [], { allowTrailingComma: true })),
  };
  await writeSettings(serverDataFolder, 'User', settings);
  await writeSettings(serverDataFolder, 'Machine', settings);
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
