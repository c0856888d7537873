/** The VS Code of the tests, fetched when it is not on this machine. */
import { downloadAndUnzipVSCode } from '@vscode/test-electron';
import path from 'node:path';
import { ensureBrowser } from './browser';
import { ensureCodeServer, type CodeServer } from './codeServer';
import { cacheFolder } from './paths';
import { reported, reportToStderr, type Report } from './progress';

/** VS Code's server and the browser that shows it. */
export interface HeadlessVsCode extends CodeServer {
  readonly browserPath: string;
}

/** The version of the desktop's VS Code to download (`stable`, `1.104.0`), if one is wanted. Linux needs xvfb for it. */
export function desktopVersion(): string | undefined {
  return process.env.KEYWHEEL_DESKTOP_VSCODE;
}

/** After it resolves, server and browser are there; fast when they were. */
export async function fetchHeadless(report: Report = reportToStderr): Promise<HeadlessVsCode> {
  const browserPath = await ensureBrowser(report);
  return { ...(await ensureCodeServer(report)), browserPath };
}

/** Downloads the desktop's VS Code into the cache and gives the path of its program. */
export function fetchDesktop(version: string, report: Report = reportToStderr): Promise<string> {
  const cachePath = path.join(cacheFolder(), 'desktop');
  return reported(report, `Desktop VS Code ${version}`, () => downloadAndUnzipVSCode({ cachePath, version }));
}
