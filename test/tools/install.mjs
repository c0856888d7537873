// Runs `npm ci` where node_modules is missing or older than package-lock.json, so that F5 works on a fresh clone.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const changedAtMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (changedAtMs('node_modules/.package-lock.json') < changedAtMs('package-lock.json')) {
  process.exitCode = spawnSync('npm ci', { stdio: 'inherit', shell: true }).status ?? 1;
}
