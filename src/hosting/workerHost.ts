// The window's side of the worker that serves for it: starts it, watches over it, ends it.
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { Settings } from '../service/settings';
import type { ProxyState } from '../service/snapshot';
import type { ByeReason } from './hostEvents';
import {
  workerBeatMs,
  type FromWorker,
  type ShownLevel,
  type ToWorker,
  type WorkerStart,
} from './workerMessages';

/** Why it serves no more: it left in order, its code failed, it was silent, or it lost its port. */
export type HostingEnd = ByeReason | 'crashed' | 'hung' | 'portLost';

const silentMs = 3_000;
/** Loading its code on a busy machine takes a while. */
const firstWordMs = 15_000;
/** What a draining worker is given beyond its time. */
const lateMs = 1_000;

/** What a worker begins with, but for its settings. */
export type Handover = Omit<WorkerStart, 'settings'>;

export interface WorkerHostPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly spawn: () => Worker;
}

export class WorkerHost implements Disposable {
  /** Resolves as soon as it serves no more; the port is free then, or will be when its thread has ended. */
  readonly ended: Promise<HostingEnd>;
  /** Resolves when its last answer has ended, with the last state; undefined where it did not end in order. */
  readonly drained: Promise<unknown>;
  private readonly worker: Worker;
  private end: (end: HostingEnd) => void = () => undefined;
  private drain: (state: unknown) => void = () => undefined;
  private onStarted: (proxy: ProxyState) => void = () => undefined;
  private begun: Promise<void> = Promise.resolve();
  private settings: Settings | null = null;
  private hasSpoken = false;
  private silentForMs = 0;
  private lookedAtMs: number;
  private watch: Disposable;

  constructor(private readonly ports: WorkerHostPorts) {
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.drained = new Promise((resolve) => (this.drain = resolve));
    this.worker = ports.spawn();
    this.worker.on('message', (message: FromWorker) => this.onMessage(message));
    this.worker.on('error', (error) => ports.log.error('The proxy crashed.', error));
    this.worker.on('exit', () => this.onExit('crashed'));
    this.lookedAtMs = ports.clock.nowMs();
    this.watch = this.nextLook();
  }

  /**
   * Resolves with `running` or `failed`; a worker that dies before is `failed`. Its code is read while the handover is
   * made; rejects as that does.
   */
  async start(settings: Settings, handover: Promise<Handover>): Promise<ProxyState> {
    this.settings = settings;
    const started = new Promise<ProxyState>((resolve) => (this.onStarted = resolve));
    this.begun = handover.then((made) => this.send({ kind: 'start', start: { settings, ...made } }));
    const died = this.ended.then((end): ProxyState => ({
      kind: 'failed',
      code: 'other',
      port: settings.port,
      detail: end,
    }));
    return await Promise.race([this.begun.then(async () => await started), died]);
  }

  /** Where it listens, or tries to. */
  get port(): number {
    return this.settings?.port ?? 0;
  }

  configure(settings: Settings): void {
    this.settings = settings;
    this.post({ kind: 'configure', settings });
  }

  setLogLevel(level: ShownLevel): void {
    this.post({ kind: 'logLevel', level });
  }

  /** The port is free as soon as `ended` resolves; answers may go on for `drainMs`. */
  leave(reason: ByeReason, drainMs: number): void {
    this.post({ kind: 'leave', reason, drainMs });
  }

  /** Resolves when it has drained, or has had the time to; then its thread is ended. */
  async drainedWithin(drainMs: number): Promise<void> {
    const late = this.ports.clock.after(drainMs + lateMs, () => this.drain(undefined));
    await this.drained;
    late.dispose();
    this.dispose();
  }

  dispose(): void {
    this.watch.dispose();
    // How the thread ends tells nobody anything.
    this.worker.terminate().catch(() => undefined);
  }

  /** Behind the start, in order: before that the worker has nothing that could obey. */
  private post(message: ToWorker): void {
    this.begun.then(
      () => this.send(message),
      () => undefined,
    );
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private onMessage(message: FromWorker): void {
    this.hasSpoken = true;
    this.silentForMs = 0;
    switch (message.kind) {
      case 'beat':
        return;
      case 'log':
        this.ports.log[message.level](message.line);
        return;
      case 'started':
        this.onStarted(message.proxy);
        return;
      case 'configured':
        if (message.proxy.kind === 'failed') this.end('portLost');
        return;
      case 'leaving':
        this.end(message.reason);
        return;
      case 'left':
        this.drain(message.state);
    }
  }

  private onExit(end: HostingEnd): void {
    this.watch.dispose();
    this.end(end);
    this.drain(undefined);
  }

  /** Time in which this side was held up itself does not count. */
  private nextLook(): Disposable {
    return this.ports.clock.after(workerBeatMs, () => {
      const nowMs = this.ports.clock.nowMs();
      this.silentForMs += Math.min(Math.max(nowMs - this.lookedAtMs, 0), 2 * workerBeatMs);
      this.lookedAtMs = nowMs;
      if (this.silentForMs > (this.hasSpoken ? silentMs : firstWordMs)) {
        this.ports.log.error(`The proxy was silent for ${this.silentForMs} ms and is ended.`);
        this.dispose();
        this.onExit('hung');
      } else this.watch = this.nextLook();
    });
  }
}
