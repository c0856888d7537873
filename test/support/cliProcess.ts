// The command line as a process of its own, bundled as for users.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export type Environment = Readonly<Record<string, string>>;

export interface Ended {
  /** Null: killed by a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** The bundle, in a folder of its own that also serves for files of tests. */
export class CliBundle {
  private constructor(
    readonly folder: string,
    private readonly program: string,
  ) {}

  static async build(): Promise<CliBundle> {
    const folder = await mkdtemp(join(tmpdir(), 'keywheel-cli-'));
    const outfile = join(folder, 'cli.js');
    await build({
      entryPoints: ['src/cli.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.18',
      logLevel: 'error',
    });
    return new CliBundle(folder, outfile);
  }

  /** Starts it with these variables and no others. */
  start(environment: Environment): CliProcess {
    return new CliProcess(
      spawn(process.execPath, [this.program], { env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class CliProcess {
  private out = '';
  private errors = '';
  /** Resolves when the process has ended and all that it said is here. */
  readonly ended: Promise<Ended>;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out: this.out, errors: this.errors }));
    });
  }

  /** What it has said so far on the error stream. */
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

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return await this.ended;
  }
}
