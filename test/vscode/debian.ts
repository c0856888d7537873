/** Debian packages that the tests need: installed as root, else named with the command to install them. */
import { existsSync } from 'node:fs';
import { runCommand } from './command';
import { reported, type Report } from './progress';

const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];

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
    await runCommand('apt-get', [...APT_OPTIONS, 'update'], { env });
    await runCommand('apt-get', [...APT_OPTIONS, 'install', '-y', '--no-install-recommends', ...packages], {
      env,
    });
  });
}
