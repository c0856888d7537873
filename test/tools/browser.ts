/** The Chromium that shows VS Code's workbench: which one, and how it is started. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import { installDebianPackages } from './debian';
import type { Report } from './progress';
import type { Sandbox } from './sandbox';

/** Chromium without the windows around its pages: the same pages for a tenth less of the processor. */
const HEADLESS_SHELL = '/usr/bin/chromium-headless-shell';
const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=Translate,MediaRouter,OptimizationHints',
  '--no-first-run',
  // Tests talk to this machine only; whatever VS Code would fetch elsewhere fails at once.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Gives the path of a Chromium or Chrome, after installing Debian's where there is none. */
export async function ensureBrowser(report: Report): Promise<string> {
  const chosen = process.env.CHROME_PATH;
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROME_PATH names ${chosen}, which does not exist.`);
    return chosen;
  }
  const missing = hasFonts() ? [] : ['fonts-dejavu-core', 'fonts-liberation'];
  const found = findBrowser();
  if (found && missing.length === 0) return found;
  const packages = found ? missing : ['chromium-headless-shell', ...missing];
  const why = found ? 'Fonts for Chromium' : 'Chromium (or set CHROME_PATH to any Chrome)';
  await installDebianPackages(packages, why, report);
  const installed = findBrowser();
  if (!installed) throw new Error(`Chromium was installed, but ${HEADLESS_SHELL} is not there.`);
  return installed;
}

export interface BrowserOptions {
  readonly executablePath: string;
  readonly sandbox: Sandbox;
  readonly width?: number;
  readonly height?: number;
}

/** Starts a headless browser with a profile of its own; it ends with the sandbox at the latest. */
export async function launchBrowser(options: BrowserOptions): Promise<BrowserContext> {
  const viewport = { width: options.width ?? 1280, height: options.height ?? 800 };
  const browser = await chromium.launchPersistentContext(options.sandbox.folder('browser'), {
    executablePath: options.executablePath,
    args: BROWSER_ARGUMENTS,
    env: definedOnly(options.sandbox.environment()),
    artifactsDir: options.sandbox.folder('artifacts'),
    viewport,
    locale: 'en-US',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  // For all questions to a page; only a missing answer takes so long.
  browser.setDefaultTimeout(120_000);
  return browser;
}

function findBrowser(): string | undefined {
  return [...systemBrowsers(), chromium.executablePath()].find((file) => existsSync(file));
}

/** Where Chromium and Chrome are installed. */
function systemBrowsers(): string[] {
  if (process.platform === 'darwin') {
    return [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    ];
  }
  if (process.platform === 'win32') {
    return [process.env.ProgramFiles, process.env['ProgramFiles(x86)'], process.env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) => path.join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'));
  }
  return [HEADLESS_SHELL, '/usr/bin/chromium', '/opt/google/chrome/chrome', '/usr/bin/google-chrome'];
}

function hasFonts(): boolean {
  if (process.platform !== 'linux') return true;
  return ['/usr/share/fonts', '/usr/local/share/fonts']
    .filter((folder) => existsSync(folder))
    .some((folder) =>
      readdirSync(folder, { recursive: true }).some((file) => /\.(ttf|otf|ttc)$/i.test(String(file))),
    );
}

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined) defined[name] = value;
  }
  return defined;
}
