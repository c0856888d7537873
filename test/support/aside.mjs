// Runs a command in what others leave of the processors: `node test/support/aside.mjs npm run lint`.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const lowest = constants.priority.PRIORITY_LOW;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const isWindows = process.platform === 'win32';
const [command, ...args] = process.argv.slice(2);

// The command inherits it.
setPriority(lowest);
// In a session of its own: where Linux groups processes by session, a priority counts within one alone, and a session has its own.
const child = spawn(command, args, { stdio: 'inherit', shell: isWindows, detached: !isWindows });
child.on('close', (code) => (process.exitCode = code ?? 1));
for (const signal of signals) process.on(signal, () => endWith(signal));
giveWayAsSession();

function giveWayAsSession() {
  try {
    writeFileSync(`/proc/${child.pid}/autogroup`, String(lowest));
  } catch {
    // Nothing groups them here: the priority counts among all.
  }
}

/** A session of its own gets no signal from the terminal. */
function endWith(signal) {
  if (isWindows) child.kill(signal);
  else if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
}
