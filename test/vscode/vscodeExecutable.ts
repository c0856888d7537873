/**
 * Entry: stands in for the desktop's VS Code in `runTests({ vscodeExecutablePath })` of @vscode/test-electron.
 * Takes the same arguments, runs the suite in VS Code's server with a headless browser as its window, prints
 * Mocha's output, and exits with 0 only when the suite ran and passed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { fetchHeadless } from './installs';
import { runSuiteHeadless } from './headlessSuite';
import { QUIET_SETTINGS } from './quiet';
import { Sandbox } from './sandbox';

const DEFAULT_TIMEOUT_MS = 5 * 60_000;
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
    if (typeof userDataFolder === 'string') writeSettings(userDataFolder, sandbox.folder('server', 'data'));
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

/** A killed test runner leaves this process behind: then it ends as if it had been asked to. */
function endWithParent(): void {
  const parent = process.ppid;
  const check = (): void => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  };
  setInterval(check, 1000).unref();
}

/** In a window of a server, settings of the machine come from the server's own file. */
function writeSettings(userDataFolder: string, serverDataFolder: string): void {
  const given = path.join(userDataFolder, 'User', 'settings.json');
  const settings = v.parse(settingsSchema, existsSync(given) ? JSON.parse(readFileSync(given, 'utf8')) : {});
  for (const scope of ['User', 'Machine']) {
    const folder = path.join(serverDataFolder, scope);
    mkdirSync(folder, { recursive: true });
    const text = JSON.stringify({ ...QUIET_SETTINGS, ...settings });
    writeFileSync(path.join(folder, 'settings.json'), text);
  }
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
