// Runs a command in the processor time that all other processes leave: `node test/support/aside.mjs npm run lint`.
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

const [command, ...args] = process.argv.slice(2);
// The command inherits it. Tests that wait for each other's deadlines are not held up by what only computes.
setPriority(constants.priority.PRIORITY_LOW);
const child = spawn(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
child.on('close', (code) => (process.exitCode = code ?? 1));
