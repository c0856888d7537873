/** Programs from npm in the cache: made once, whole or not at all, also when two runs want them at the same time. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command';
import { cacheFolder } from './paths';
import { isAlive } from './processTable';

const MARKER = 'complete.json';

/** Gives the folder of this name: the one in the cache, or a new one that `install` fills. What it gives is kept in a note there. */
export async function cachedInstall(
  name: string,
  install: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = path.join(cacheFolder(), name);
  if (existsSync(path.join(folder, MARKER))) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  await removeAbandoned(name);
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
  await runCommand('npm', args, { cwd: folder, env, timeoutMs: 15 * 60_000 });
}

/** The environment without what an `npm run` around this adds: its package, its settings, its Node. */
export function npmEnvironment(): NodeJS.ProcessEnv {
  const settings = /^npm_config_(.*registry|cache|cafile|.*proxy|userconfig|globalconfig)$/;
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    const isAdded = name.startsWith('npm_') || /^(INIT_CWD|NODE|NODE_ENV|NODE_OPTIONS)$/.test(name);
    if (!isAdded || settings.test(name)) env[name] = value;
  }
  // Newer versions of npm run no install script that nobody allowed; here they build VS Code's modules.
  env.npm_config_dangerously_allow_all_scripts = 'true';
  return env;
}

/** Two runs may install at the same time: whoever comes second uses what the first one made. */
async function moveIntoPlace(partial: string, folder: string): Promise<void> {
  if (existsSync(path.join(folder, MARKER))) return;
  if (existsSync(folder)) await rename(folder, `${partial}-${randomUUID()}`);
  await rename(partial, folder).catch((error: unknown) => {
    if (!existsSync(path.join(folder, MARKER))) throw error;
  });
}

/** Removes what installs that were killed left behind. */
async function removeAbandoned(name: string): Promise<void> {
  for (const entry of await readdir(cacheFolder())) {
    const pid = entry.startsWith(`${name}.partial-`) && /\.partial-(\d+)/.exec(entry)?.[1];
    if (pid && !isAlive(Number(pid))) {
      await rm(path.join(cacheFolder(), entry), { recursive: true, force: true });
    }
  }
}
