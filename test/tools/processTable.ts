/** The running processes of this machine and which run each belongs to, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Every process of a run, however deep, inherits it: `<pid of the owner>-<random>`. */
export const OWNER_VARIABLE = 'KEYWHEEL_TEST_OWNER';

interface Row {
  readonly pid: number;
  readonly parentPid: number;
  readonly owner: string | undefined;
}

/**
 * The running processes (no zombies) whose owner is wanted, with all their descendants: Chromium's own children
 * write over their environment. Empty on other systems than Linux, where the process groups have to do.
 */
export function processesOf(isWanted: (owner: string) => boolean): Set<number> {
  const rows = process.platform === 'linux' ? readTable() : [];
  const found = new Set(
    rows.filter(({ owner }) => owner !== undefined && isWanted(owner)).map(({ pid }) => pid),
  );
  let size: number;
  do {
    size = found.size;
    for (const { pid, parentPid } of rows) if (found.has(parentPid)) found.add(pid);
  } while (found.size > size);
  return found;
}

/** Whether a process of this id is there, a zombie included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process of this id runs; zombies do not. */
export function isRunning(pid: number): boolean {
  return process.platform === 'linux' ? readRow(pid) !== undefined : isAlive(pid);
}

function readTable(): Row[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => readRow(pid) ?? []);
}

/** Undefined when the process has ended meanwhile. */
function readRow(pid: number): Row | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // "pid (name) state parent …": the name may hold anything, so the last bracket counts.
  const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (!state || 'ZX'.includes(state)) return undefined;
  const assignment = `${OWNER_VARIABLE}=`;
  const owner = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((line) => line.startsWith(assignment))
    ?.slice(assignment.length);
  return { pid, parentPid: Number(parentPid), owner };
}

/** The file's text; empty when the process has ended meanwhile or belongs to another user. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
