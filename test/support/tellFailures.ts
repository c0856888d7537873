/** Runs a command, and says below all that it printed which tests failed: `node --import tsx test/support/tellFailures.ts npm run test:all`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FAILURES_VARIABLE, readFailures } from './failures';

const [command = 'npm', ...args] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'keywheel-failures-'));
const file = path.join(folder, 'failures.txt');

const child = spawn(command, args, {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, [FAILURES_VARIABLE]: file },
});
child.on('close', (code) => {
  const failures = readFailures(file);
  if (failures !== '') console.error(`\nThese tests failed:\n\n${failures}`);
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
// npm sends it to its own child alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
