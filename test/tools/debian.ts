/** Debian packages that the tests need: installed as root, else named with the command to install them. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from './command';
import { reported, type Report } from './progress';

const LOCK_TIMEOUT_S = 300;
const LOCK_POLL_MS = 3_000;
const APT_OPTIONS = ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`, '-o', 'Acquire::Retries=3'];

/** After it resolves the packages are installed. `why` says what needs them. */
export async function installDebianPackages(
  packages: readonly string[],
  why: string,
  report: Report,
): Promise<void> {
  if (packages.length === 0) return;
  const install = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`${why}: not found. On Debian or Ubuntu it comes with: ${install}`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(`${why}: not found. Install it with: sudo sh -c '${install}'`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await reported(report, `${why}: apt-get install ${packages.join(' ')}`, async () => {
    await updateLists(env);
    await runCommand('apt-get', [...APT_OPTIONS, 'install', '-y', '--no-install-recommends', ...packages], {
      env,
    });
  });
}

/** apt-get waits for the lock of the packages, but not for that of their lists, which a new machine's own timers hold too. */
async function updateLists(env: NodeJS.ProcessEnv): Promise<void> {
  const endsAtMs = Date.now() + LOCK_TIMEOUT_S * 1000;
  for (;;) {
    try {
      await runCommand('apt-get', [...APT_OPTIONS, 'update'], { env });
      return;
    } catch (error) {
      if (!/Could not get lock/.test(String(error)) || Date.now() > endsAtMs) throw error;
      await delay(LOCK_POLL_MS);
    }
  }
}
