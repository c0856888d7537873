/** Windows as processes: built once, started, asked, killed. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { freePort } from '../../support/freePort';
import type { FromWindow, Seen, WindowCommand, WindowOptions } from './windowMessages';

/** A folder with the built window, which hosts in the worker of dist/; disposed by the test that makes it. */
export class Stage {
  private readonly windows: TestWindow[] = [];

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async make(): Promise<Stage> {
    assert.ok(
      existsSync(path.resolve('dist', 'worker.js')),
      'dist/worker.js is missing: npm run build makes it',
    );
    const folder = mkdtempSync(path.join(tmpdir(), 'keywheel-hosting-'));
    await build({
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.18',
      outdir: folder,
      logLevel: 'warning',
      entryPoints: { window: 'test/processes/window.ts' },
    });
    return new Stage(folder, await freePort());
  }

  /** The shipped worker. */
  get workerPath(): string {
    return path.resolve('dist', 'worker.js');
  }

  /** The folder that windows of one product on one machine share. */
  shared(name = 'shared'): string {
    return path.join(this.folder, name);
  }

  /** Resolves when the window's process runs; it may not have found its place yet. `windowPath`: of another build. */
  async open(
    options: Partial<WindowOptions> & { readonly name: string },
    windowPath = path.join(this.folder, 'window.js'),
  ): Promise<TestWindow> {
    const { folder = this.shared(), port = this.port, workerPath = this.workerPath, ...rest } = options;
    const all: WindowOptions = { folder, port, workerPath, ...rest };
    const window = new TestWindow(fork(windowPath, [JSON.stringify(all)], { execArgv: [] }), all);
    this.windows.push(window);
    await window.ready;
    return window;
  }

  /** Ends all windows that are left. */
  async clear(): Promise<void> {
    await Promise.all(this.windows.splice(0).map((window) => window.kill()));
    for (const name of ['shared']) rmSync(this.shared(name), { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class TestWindow {
  readonly seen: Seen[] = [];
  readonly log: string[] = [];
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  proxyKey = '';
  troubles = 0;
  private readonly asked = new Map<number, (value: unknown) => void>();
  private nextId = 1;

  constructor(
    readonly process: ChildProcess,
    readonly options: WindowOptions,
  ) {
    this.exited = new Promise((resolve) => process.once('exit', () => resolve()));
    this.ready = new Promise((resolve) => {
      process.on('message', (message: FromWindow) => {
        switch (message.kind) {
          case 'ready':
            this.proxyKey = message.proxyKey;
            resolve();
            return;
          case 'log':
            this.log.push(`${message.level} ${message.line}`);
            return;
          case 'trouble':
            this.troubles++;
            return;
          case 'seen':
            this.seen.push(message);
            return;
          case 'done':
            this.asked.get(message.id)?.(message.value);
        }
      });
    });
  }

  get name(): string {
    return this.options.name;
  }

  get proxy(): Seen['proxy'] | undefined {
    return this.seen.at(-1)?.proxy;
  }

  get isHost(): boolean {
    return this.proxy?.kind === 'running' && this.proxy.hostedBy === undefined;
  }

  get isFollower(): boolean {
    return this.proxy?.kind === 'running' && this.proxy.hostedBy !== undefined;
  }

  async ask(command: WindowCommand): Promise<unknown> {
    const id = this.nextId++;
    const answered = new Promise<unknown>((resolve) => this.asked.set(id, resolve));
    this.process.send({ ...command, id });
    return await answered;
  }

  /** Kills the process as the system does, without any of its own code. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  async until(what: string, holds: (window: this) => boolean, timeoutMs?: number): Promise<void> {
    const told = (): string => `${this.name} ${what}: ${JSON.stringify(this.proxy)}\n${this.log.join('\n')}`;
    await until(told, () => holds(this), timeoutMs);
  }
}

export async function until(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 120_000,
): Promise<void> {
  const untilMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > untilMs) throw new Error(`Never ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
