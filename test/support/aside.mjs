// Runs a command at the lowest priority: `node test/support/aside.mjs npm run lint`.
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

const [command, ...args] = process.argv.slice(2);
// The command inherits it. What only computes gives way to tests with deadlines; where Linux groups processes by session,
// it is an equal of those in other sessions, such as a VS Code's.
setPriority(constants.priority.PRIORITY_LOW);
const child = spawn(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
child.on('close', (code) => (process.exitCode = code ?? 1));
