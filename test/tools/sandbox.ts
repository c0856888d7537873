/** The processes and temporary folders of one run of VS Code: none of them outlives it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, isRunning, OWNER_VARIABLE, processesOf } from './processTable';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// The path of a socket has 104 characters at most, and macOS's own temporary folder takes half of them.
const SHORT_TEMPORARY_FOLDER = process.platform === 'darwin' ? '/tmp' : tmpdir();
const FOLDER_PREFIX = 'kw-vscode-';
const STOP_TIMEOUT_MS = 5000;
const KILL_TIMEOUT_MS = 2000;

/**
 * Owns processes and temporary folders. `close()` ends them in order; if this process exits or gets a signal
 * before that, they are killed and removed at once. Processes that a killed owner left behind are killed by the next one.
 */
export class Sandbox {
  private readonly owner = `${process.pid}-${randomUUID()}`;
  private readonly root = mkdtempSync(path.join(SHORT_TEMPORARY_FOLDER, `${FOLDER_PREFIX}${process.pid}-`));
  private readonly children = new Set<ChildProcess>();
  private closed = false;

  constructor() {
    removeAbandoned();
    process.on('exit', this.closeNow);
    for (const signal of SIGNALS) process.on(signal, this.onSignal);
  }

  /** A folder of this name in the run's temporary folder; made when it is not there. */
  folder(...names: readonly string[]): string {
    const folder = path.join(this.root, ...names);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** The environment for a process of this run: temporary files in its folder, nothing of a VS Code around it. */
  environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const isForeign = /^(VSCODE_|ELECTRON_|XDG_|NODE_OPTIONS$|NODE_V8_COVERAGE$)/;
    const inherited = Object.entries(process.env).filter(([name]) => !isForeign.test(name));
    const own = { TMPDIR: this.folder('tmp'), [OWNER_VARIABLE]: this.owner };
    return { ...Object.fromEntries(inherited), ...extra, ...own };
  }

  /** Starts a program in a process group of its own; stdout and stderr are piped. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(command, args, {
      env: this.environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    this.children.add(child);
    return child;
  }

  /** Asks all processes to end, kills those that have not after five seconds, removes the folders. */
  async close(): Promise<void> {
    if (this.closed) return;
    for (const child of this.children) signalGroup(child, 'SIGTERM');
    const untilMs = Date.now() + STOP_TIMEOUT_MS;
    while (Date.now() < untilMs && this.isRunning()) await delay(20);
    this.closeNow();
  }

  private isRunning(): boolean {
    return [...this.children].some(hasNotEnded) || this.processes().size > 0;
  }

  private processes(): Set<number> {
    return processesOf((owner) => owner === this.owner);
  }

  /** Returns when the processes have gone: until then they may still write into the folders. */
  private killOwned(): void {
    const untilMs = Date.now() + KILL_TIMEOUT_MS;
    let left = [...this.processes()];
    while (left.length > 0 && Date.now() < untilMs) {
      for (const pid of left) kill(pid);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      left = [...new Set([...left.filter(isRunning), ...this.processes()])];
    }
  }

  private readonly closeNow = (): void => {
    if (this.closed) return;
    this.closed = true;
    process.off('exit', this.closeNow);
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
    this.killOwned();
    for (const child of this.children) {
      if (hasNotEnded(child)) signalGroup(child, 'SIGKILL');
    }
    removeFolder(this.root);
  };

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.closeNow();
    // Another listener decides, if there is one; else this process ends as the signal would have ended it.
    if (process.listenerCount(signal) === 0) process.exit(128 + constants.signals[signal]);
  };
}

function hasNotEnded(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Ends the processes and removes the folders of owners that were killed. */
function removeAbandoned(): void {
  for (const pid of processesOf((owner) => !isAlive(Number.parseInt(owner, 10)))) kill(pid);
  for (const entry of readdirSync(SHORT_TEMPORARY_FOLDER)) {
    if (!entry.startsWith(FOLDER_PREFIX)) continue;
    const pid = Number.parseInt(entry.slice(FOLDER_PREFIX.length), 10);
    if (!isAlive(pid)) removeFolder(path.join(SHORT_TEMPORARY_FOLDER, entry));
  }
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    // No test depends on it: reported, and left to the next run.
    console.warn(`${folder} could not be removed: ${String(error)}`);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') child.kill(signal);
  else kill(-child.pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
