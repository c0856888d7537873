/** Runs one suite in the extension host of VS Code's server, with a headless browser as its window. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchBrowser } from './browser';
import type { HeadlessVsCode } from './installs';
import { onlyLooks } from './looks';
import type { Sandbox } from './sandbox';
import { startServer, type ServerProcess } from './serverProcess';
import { REPORT_VARIABLE, STORAGE_VARIABLE, SuiteReport } from './suiteReport';

const POLL_MS = 50;

export interface HeadlessSuiteOptions {
  readonly vscode: HeadlessVsCode;
  readonly sandbox: Sandbox;
  readonly extensionPath: string;
  /** A CommonJS module that exports `run()`. */
  readonly suitePath: string;
  readonly workspaceFolder: string;
  readonly timeoutMs: number;
  readonly print: (text: string) => void;
}

/** Resolves to 0 when the suite passed, to 1 when it failed, was cut off or never ran; never outlasts the limit. */
export async function runSuiteHeadless(options: HeadlessSuiteOptions): Promise<number> {
  const { sandbox, print } = options;
  const startedAtMs = Date.now();
  const reportFolder = sandbox.folder('report');
  const report = new SuiteReport(reportFolder);
  const server = await startServer({
    sandbox,
    command: options.vscode.nodePath,
    args: [options.vscode.serverMainPath, ...serverArguments(sandbox), onlyLooks(options.vscode, sandbox)],
    env: {
      [REPORT_VARIABLE]: reportFolder,
      [STORAGE_VARIABLE]: sandbox.folder('server', 'data', 'User', 'globalStorage'),
    },
    listening: /Extension host agent listening on (\d+)/,
  });
  const stopped = new AbortController();
  const stop = (why: string): void => {
    stopped.abort(why);
  };
  void server.ended.then((how) => {
    stop(`VS Code's server ${how}`);
  });
  const browser = await launchBrowser({ executablePath: options.vscode.browserPath, sandbox });
  try {
    const page = browser.pages()[0] ?? (await browser.newPage());
    page.on('crash', () => {
      stop('the window crashed');
    });
    // VS Code calls it with the suite's exit code, also when the suite could not even be loaded.
    await page.exposeFunction('codeAutomationExit', (code: number) => {
      stop(`the extension host ended the run with ${code}`);
    });
    await page.goto(windowAddress(server.port, options));
    const untilMs = startedAtMs + options.timeoutMs;
    for (;;) {
      const result = report.result();
      print(report.newOutput());
      if (result) return result.failures === 0 && result.tests > 0 ? 0 : 1;
      if (stopped.signal.aborted) break;
      if (Date.now() > untilMs) stop(`the time limit of ${options.timeoutMs} ms is over`);
      await delay(POLL_MS);
    }
    print(`\nNo result: ${String(stopped.signal.reason)}\n${evidence(server, sandbox)}\n`);
    return 1;
  } finally {
    await browser.close();
  }
}

function serverArguments(sandbox: Sandbox): string[] {
  return [
    '--host=127.0.0.1',
    '--port=0',
    '--without-connection-token',
    '--accept-server-license-terms',
    `--server-data-dir=${sandbox.folder('server')}`,
    // Without it the server takes no test parameters from the address.
    '--enable-smoke-test-driver',
    '--disable-telemetry',
    '--disable-workspace-trust',
  ];
}

function windowAddress(port: number, options: HeadlessSuiteOptions): string {
  const remote = (file: string): string => `vscode-remote://127.0.0.1:${port}${file}`;
  const payload = [
    ['extensionDevelopmentPath', remote(options.extensionPath)],
    ['extensionTestsPath', remote(options.suitePath)],
    ['enableProposedApi', ''],
  ];
  const query = new URLSearchParams({ folder: options.workspaceFolder, payload: JSON.stringify(payload) });
  return `http://127.0.0.1:${port}/?${query.toString()}`;
}

/** The end of the logs that tell why there was no result. */
function evidence(server: ServerProcess, sandbox: Sandbox): string {
  const logs = sandbox.folder('server', 'data', 'logs');
  const extensionHost = readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('remoteexthost.log'))
    .map((file) => readFileSync(path.join(logs, file), 'utf8').slice(-6000));
  return ['--- server', server.output(), '--- extension host', ...extensionHost].join('\n');
}
