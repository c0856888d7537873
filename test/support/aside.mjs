// Runs a command in what others leave of the processors: `node test/support/aside.mjs npm run lint`.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const lowest = constants.priority.PRIORITY_LOW;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const isWindows = process.platform === 'win32';
const [command, ...args] = process.argv.slice(2);

// The command inherits it.
setPriority(lowest);
// In a session of its own: where Linux groups processes by session, a priority counts within one alone, and a session has its own.
const child = spawn(...belowAll(command, args), { stdio: 'inherit', shell: isWindows, detached: !isWindows });
child.on('close', (code) => (process.exitCode = code ?? 1));
for (const signal of signals) process.on(signal, () => endWith(signal));
giveWayAsSession();

/** Where the system has a way to run only what nothing else wants to: who wakes up beside it need not wait for its turn to end. */
function belowAll(program, parameters) {
  const idle = ['--idle', '0'];
  const { status } = spawnSync('chrt', [...idle, 'true']);
  return status === 0 ? ['chrt', [...idle, program, ...parameters]] : [program, parameters];
}

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
