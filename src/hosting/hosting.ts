// Hosts the proxy from this window: a new worker serves each time, and the window reads its stream as a follower does.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { wait, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { codeOf } from '../base/systemError';
import { defaultSettings, type Settings } from '../service/settings';
import type { ProxyFailure, ProxyState } from '../service/snapshot';
import type { ByeReason, ReadEnd } from './hostEvents';
import { identify, type HostLine } from './hostLine';
import type { WindowIdentity } from './identity';
import type { Handover, WorkerEnd, ShownLevel, WorkerHost } from './workerHost';

const readAgainMs = 50;
/** The user is told after this many failures of the worker. */
const failuresToTell = 3;
/** A claim that is older than this is ignored. */
const claimLivesMs = 3_000;

export interface HostingPorts {
  readonly clock: Clock;
  readonly identity: WindowIdentity;
  readonly claim: Claim;
  readonly spawn: () => WorkerHost;
  readonly handover: () => Promise<Handover>;
  readonly read: (line: HostLine, signal: AbortSignal) => Promise<ReadEnd>;
  /** Called when the worker has failed three times in this window. */
  readonly onTrouble: () => void;
}

/** `notBound`: the system refuses the port · `notBegun`: the worker failed before it served · `waiting`: another window starts to host. */
export type HostingEnd =
  | { readonly kind: WorkerEnd | 'notBegun' | 'waiting' }
  | { readonly kind: 'notBound'; readonly code: ProxyFailure; readonly detail: string };

export class Hosting implements Disposable {
  private worker: WorkerHost | null = null;
  /** Resolves when all workers of this window have left and their last answers have ended or were cut. */
  drained: Promise<void> = Promise.resolve();
  private failures = 0;
  private settings = defaultSettings;

  constructor(private readonly ports: HostingPorts) {}

  get isOn(): boolean {
    return this.worker !== null;
  }

  /**
   * Calls `onBound` when this window serves, and resolves when it has stopped or could not begin; at once with `waiting` if
   * another window is about to host.
   */
  async host(settings: Settings, onBound: () => void): Promise<HostingEnd> {
    const { handover, spawn, claim } = this.ports;
    this.settings = settings;
    if (!claim.take()) return { kind: 'waiting' };
    const worker = spawn();
    this.worker = worker;
    this.drained = Promise.all([this.drained, worker.drained]).then(() => undefined);
    let end: HostingEnd = { kind: 'crashed' };
    try {
      const proxy = await worker.start(settings, handover()).finally(() => claim.release());
      if (typeof proxy === 'string')
        end = { kind: proxy === 'crashed' || proxy === 'hung' ? 'notBegun' : proxy };
      else if (proxy.kind === 'running') {
        onBound();
        end = { kind: await this.readWhileServing(worker) };
      } else end = endOf(proxy);
    } finally {
      this.worker = null;
      this.part(worker, end);
    }
    return end;
  }

  configure(settings: Settings): void {
    this.settings = settings;
    this.worker?.configure(settings);
  }

  setLogLevel(level: ShownLevel): void {
    this.worker?.setLogLevel(level);
  }

  /** Resolves when the port is free; answers may go on for `drainMs` after that. */
  async leave(reason: ByeReason, drainMs: number): Promise<void> {
    const { worker } = this;
    if (worker === null) return;
    worker.leave(reason, drainMs);
    await worker.ended;
  }

  dispose(): void {
    this.worker?.dispose();
  }

  private async readWhileServing(worker: WorkerHost): Promise<WorkerEnd> {
    const { clock, identity, read } = this.ports;
    const over = new AbortController();
    const ended = worker.ended.finally(() => over.abort(new Error('It serves no more.')));
    while (!over.signal.aborted) {
      const who = await identify(this.settings.port, identity);
      if (who.kind === 'ours') await read(who.line, over.signal);
      await wait(clock, readAgainMs, over.signal).catch(() => undefined);
    }
    return await ended;
  }

  /** Parts from a worker that serves no more; one that leaves in order ends itself when its last answer has ended. */
  private part(worker: WorkerHost, end: HostingEnd): void {
    switch (end.kind) {
      case 'portLost':
        // The settings name another port, which is taken: running answers go on for the drain time, as if it had been free.
        worker.leave('closing', this.settings.drainSeconds * 1000);
        return;
      case 'stopped':
      case 'retired':
      case 'closing':
        return;
      case 'crashed':
      case 'hung':
      case 'notBegun':
        if (++this.failures === failuresToTell) this.ports.onTrouble();
        break;
      case 'notBound':
      case 'waiting':
        break;
    }
    worker.dispose();
  }
}

/** The end of hosting where the port was not bound. `portLost`: another program was faster; `identify` will show which. */
function endOf(proxy: ProxyState): HostingEnd {
  if (proxy.kind !== 'failed') return { kind: 'portLost' };
  const { code, detail } = proxy;
  return code === 'portForbidden' || code === 'other'
    ? { kind: 'notBound', code, detail }
    : { kind: 'portLost' };
}

/** A file that lets one window at a time start a worker; the port itself still decides who hosts. */
export class Claim {
  constructor(
    private readonly clock: Clock,
    private readonly path: string,
  ) {}

  /** False while another window begins to host. If no file can be made, every window may try. */
  take(): boolean {
    for (let attempt = 1; attempt <= 2; attempt++) {
      try {
        writeFileSync(this.path, String(process.pid), { flag: 'wx', mode: 0o600 });
        return true;
      } catch (error: unknown) {
        if (!this.isTaken(error)) return true;
        if (this.isGood()) return false;
        rmSync(this.path, { force: true });
      }
    }
    return false;
  }

  release(): void {
    try {
      rmSync(this.path, { force: true });
    } catch {
      // The claim was not made, or it ends by its age.
    }
  }

  private isTaken(error: unknown): boolean {
    const code = codeOf(error);
    if (code !== 'ENOENT') return code === 'EEXIST';
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      return true;
    } catch {
      return false;
    }
  }

  private isGood(): boolean {
    try {
      const ageMs = this.clock.wallMs() - statSync(this.path).mtimeMs;
      const pid = Number(readFileSync(this.path, 'utf8'));
      if (Math.abs(ageMs) > claimLivesMs || !Number.isInteger(pid)) return false;
      // 0: the claim's process id is not written yet.
      if (pid > 0) process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }
}
