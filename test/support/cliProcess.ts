// The command line as a process of its own, bundled as for users.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string>>;

export interface Ended {
  /** Null: killed by a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** The built program, so that a module which its bundle lacks is missing in tests too. */
const program = resolve('dist/cli.js');

/** The bundle, with a folder for files of tests. */
export class CliBundle {
  private constructor(readonly folder: string) {}

  static async open(): Promise<CliBundle> {
    if (!existsSync(program)) throw new Error('There is no dist/cli.js: run "npm run build" first.');
    return new CliBundle(await mkdtemp(join(tmpdir(), 'keywheel-cli-')));
  }

  /** Starts the program with these variables and no others, and these words as arguments. */
  start(environment: Environment, words: readonly string[] = []): CliProcess {
    return new CliProcess(this.spawn(environment, words));
  }

  /** Starts the program as `start` does, for a caller that reads its output. */
  spawn(environment: Environment, words: readonly string[] = []): ChildProcess {
    // `--`, because Node takes `--env-file` for its own at any place.
    return spawn(process.execPath, ['--', program, ...words], {
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class CliProcess {
  private out = '';
  private errors = '';
  /** Resolves when the process has ended and all its output has come. */
  readonly ended: Promise<Ended>;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out: this.out, errors: this.errors }));
    });
  }

  /** The error stream's text so far. */
  get log(): string {
    return this.errors;
  }

  get greeting(): string {
    return this.out;
  }

  /** Resolves with the port as soon as it listens; rejects if it ends before. */
  async listening(): Promise<number> {
    for (;;) {
      const port = /Base URL: +http:\/\/\S+:(\d+)\//.exec(this.out)?.[1];
      if (port !== undefined) return Number(port);
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`It did not listen: ${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Closes the process's output, which nobody reads from now on. */
  closeOutput(): void {
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }

  /** Stops reading the error stream until the returned function is called. */
  stopReading(): () => void {
    this.child.stderr?.pause();
    return () => void this.child.stderr?.resume();
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return await this.ended;
  }
}
