/** A build of the previous release: its worker, and the window process of its own tests. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const commit = '55902f4';
const folders = ['src', 'test/hosting'];

export interface Build {
  readonly windowPath: string;
  readonly workerPath: string;
}

/** Null where the commit is not in this clone, as in a shallow one. Nothing is fetched; the build is kept for the next run. */
export async function previousRelease(): Promise<Build | null> {
  // Below node_modules, so that the sources find their packages.
  const cache = path.resolve('node_modules', '.cache');
  const folder = path.join(cache, `keywheel-${commit}`);
  const built = { windowPath: path.join(folder, 'window.js'), workerPath: path.join(folder, 'worker.js') };
  if (existsSync(folder)) return built;
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(path.join(cache, 'making-'));
  try {
    const archive = path.join(making, 'sources.tar');
    try {
      execFileSync('git', ['archive', '-o', archive, commit, ...folders], { stdio: 'ignore' });
    } catch {
      return null;
    }
    execFileSync('tar', ['-xf', 'sources.tar'], { cwd: making });
    await build({
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.18',
      outdir: making,
      logLevel: 'error',
      absWorkingDir: making,
      entryPoints: { window: 'test/hosting/window.ts', worker: 'src/worker.ts' },
    });
    renameSync(making, folder);
    return built;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
