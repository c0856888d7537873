/** Programs from npm in the cache: made once, whole or not at all; a second run that wants one at the same time waits. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from './command';
import { cacheFolder } from './paths';
import { isAlive } from './processTable';

const MARKER = 'complete.json';
const LONGEST_MS = 15 * 60_000;
const POLL_MS = 500;

/** The folder of this name: the one in the cache, or a new one that `install` fills. A note there keeps its result. */
export async function cachedInstall(
  name: string,
  install: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = path.join(cacheFolder(), name);
  if (isCached(name)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  await removeAbandoned(name);
  // Waits, because two installations at once would take twice as long.
  while (!isCached(name) && (await isBeingMade(name))) await delay(POLL_MS);
  if (isCached(name)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await writeFile(path.join(partial, 'package.json'), '{ "private": true }\n');
    const note = await install(partial);
    await writeFile(path.join(partial, MARKER), `${JSON.stringify(note ?? {})}\n`);
    await moveIntoPlace(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

export function isCached(name: string): boolean {
  return existsSync(path.join(cacheFolder(), name, MARKER));
}

/** Installs packages of npm, such as `yaml@2.9.1`, into the folder; install scripts run. */
export async function npmInstall(
  folder: string,
  specs: readonly string[],
  env: NodeJS.ProcessEnv = npmEnvironment(),
): Promise<void> {
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--omit=dev', ...specs];
  await runCommand('npm', args, { cwd: folder, env, timeoutMs: LONGEST_MS });
}

/** The environment without the additions of an `npm run` around this: its package, its settings, its Node. */
export function npmEnvironment(): NodeJS.ProcessEnv {
  const settings = /^npm_config_(.*registry|cache|cafile|.*proxy|userconfig|globalconfig)$/;
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    const isAdded = name.startsWith('npm_') || /^(INIT_CWD|NODE|NODE_ENV|NODE_OPTIONS)$/.test(name);
    if (!isAdded || settings.test(name)) env[name] = value;
  }
  // Newer versions of npm run only allowed install scripts, which here build VS Code's modules.
  env.npm_config_dangerously_allow_all_scripts = 'true';
  return env;
}

/** Two runs may install at the same time: the second one uses the first one's folder. */
async function moveIntoPlace(partial: string, folder: string): Promise<void> {
  if (existsSync(path.join(folder, MARKER))) return;
  if (existsSync(folder)) await rename(folder, `${partial}-${randomUUID()}`);
  await rename(partial, folder).catch((error: unknown) => {
    if (!existsSync(path.join(folder, MARKER))) throw error;
  });
}

/** Whether another run makes it just now. An older folder is of a process that has ended, whose number another one has. */
async function isBeingMade(name: string): Promise<boolean> {
  for (const { entry, pid } of await partials(name)) {
    if (pid === process.pid || !isAlive(pid)) continue;
    const made = await stat(path.join(cacheFolder(), entry)).catch(() => null);
    if (made !== null && Date.now() - made.birthtimeMs < LONGEST_MS) return true;
  }
  return false;
}

/** Removes the folders of killed installations. */
async function removeAbandoned(name: string): Promise<void> {
  for (const { entry, pid } of await partials(name)) {
    if (!isAlive(pid)) await rm(path.join(cacheFolder(), entry), { recursive: true, force: true });
  }
}

async function partials(name: string): Promise<readonly { readonly entry: string; readonly pid: number }[]> {
  const entries = await readdir(cacheFolder());
  return entries
    .filter((entry) => entry.startsWith(`${name}.partial-`))
    .map((entry) => ({ entry, pid: Number(/\.partial-(\d+)/.exec(entry)?.[1]) }));
}
