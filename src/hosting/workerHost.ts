// Starts, watches and ends the worker that runs the proxy for this window.
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log, LogLevel } from '../base/log';
import { SilenceWatch } from '../base/silence';
import type { KeySet } from '../service/keyring/storedKey';
import type { Settings } from '../service/settings';
import type { ExchangeView, ProxyState } from '../service/snapshot';
import type { ByeReason } from './hostEvents';
import type { WindowIdentity } from './identity';

/** The time between two signs of life of the worker. */
export const workerBeatMs = 500;

// Messages are not parsed, as window and worker come from one build.

/** The worker sends no log line below this level; `off`: none at all. */
export type ShownLevel = LogLevel | 'off';

export interface WorkerStart {
  readonly identity: WindowIdentity;
  readonly settings: Settings;
  /** The saved counts; null if there are none. */
  readonly state: unknown;
  /** As `History.save` returns it. */
  readonly history: unknown;
  readonly keys: KeySet;
  readonly logLevel: ShownLevel;
}

export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'configure'; readonly settings: Settings }
  | { readonly kind: 'logLevel'; readonly level: ShownLevel }
  /** Frees the port at once; answers may go on for `drainMs`, then they are cut. */
  | { readonly kind: 'leave'; readonly reason: ByeReason; readonly drainMs: number };

export type FromWorker =
  | { readonly kind: 'started'; readonly proxy: ProxyState }
  /** The proxy's state after a change of the settings. */
  | { readonly kind: 'configured'; readonly proxy: ProxyState }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly line: string }
  | { readonly kind: 'beat' }
  /** The port is free; answers may go on for `drainMs`. */
  | {
      readonly kind: 'leaving';
      readonly reason: ByeReason;
      readonly state: unknown;
      readonly drainMs: number;
    }
  /** An exchange that has ended after `leaving`. */
  | { readonly kind: 'late'; readonly exchange: ExchangeView }
  /** The last answer has ended. */
  | { readonly kind: 'left' };

/** Why a worker has stopped serving: it left in order, its code failed, it was silent, or it lost its port. */
export type WorkerEnd = ByeReason | 'crashed' | 'hung' | 'portLost';

const silentMs = 3_000;
/** Limit for the first message, as a busy machine takes a while to load the worker's code. */
const firstWordMs = 15_000;
/** Added to the drain time before the thread is ended. */
const lateMs = 1_000;

/** The start of a worker without its settings. */
export type Handover = Omit<WorkerStart, 'settings'>;

export interface WorkerHostPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly spawn: () => Worker;
  /** Gets the counts of a worker that leaves in order: the window's stream may end before it delivers them. */
  readonly onLastState: (state: unknown) => void;
  /** Gets each exchange that ends after that, as the stream has ended. */
  readonly onLate: (exchange: ExchangeView) => void;
}

export class WorkerHost implements Disposable {
  /** Resolves as soon as the worker has stopped serving; the port is free then, or once its thread has ended. */
  readonly ended: Promise<WorkerEnd>;
  /** Resolves when the worker's last answer has ended or was cut. */
  readonly drained: Promise<void>;
  private readonly worker: Worker;
  private end: (end: WorkerEnd) => void = () => undefined;
  private drain: () => void = () => undefined;
  private onStarted: (proxy: ProxyState) => void = () => undefined;
  private begun: Promise<void> = Promise.resolve();
  private hasSpoken = false;
  private readonly watch: SilenceWatch;

  constructor(private readonly ports: WorkerHostPorts) {
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.drained = new Promise((resolve) => (this.drain = resolve));
    this.worker = ports.spawn();
    this.worker.on('message', (message: FromWorker) => this.onMessage(message));
    this.worker.on('error', (error) => ports.log.error('The proxy crashed.', error));
    this.worker.on('exit', () => this.onExit('crashed'));
    this.watch = new SilenceWatch(ports.clock);
    this.watchFor(firstWordMs);
  }

  /**
   * Resolves with `running` or `failed`, or with the worker's end if that comes first. The worker's code loads while
   * `handover` is pending; rejects if `handover` does.
   */
  async start(settings: Settings, handover: Promise<Handover>): Promise<ProxyState | WorkerEnd> {
    const started = new Promise<ProxyState>((resolve) => (this.onStarted = resolve));
    this.begun = handover.then((made) => this.send({ kind: 'start', start: { settings, ...made } }));
    return await Promise.race([this.begun.then(async () => await started), this.ended]);
  }

  configure(settings: Settings): void {
    this.post({ kind: 'configure', settings });
  }

  setLogLevel(level: ShownLevel): void {
    this.post({ kind: 'logLevel', level });
  }

  /** Tells the worker to leave. The port is free when `ended` resolves; answers may go on for `drainMs`, then they are cut. */
  leave(reason: ByeReason, drainMs: number): void {
    this.post({ kind: 'leave', reason, drainMs });
  }

  dispose(): void {
    this.watch.dispose();
    // A failure to end the thread changes nothing.
    this.worker.terminate().catch(() => undefined);
  }

  private async endWithin(drainMs: number): Promise<void> {
    const late = this.ports.clock.after(drainMs + lateMs, () => this.drain());
    await this.drained;
    late.dispose();
    this.dispose();
  }

  /** Sends a message after the start message, as the worker ignores any message before that. */
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
    if (!this.hasSpoken) {
      this.hasSpoken = true;
      this.watchFor(silentMs);
    }
    this.watch.noteProgress();
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
        this.ports.onLastState(message.state);
        void this.endWithin(message.drainMs);
        this.end(message.reason);
        return;
      case 'late':
        this.ports.onLate(message.exchange);
        return;
      case 'left':
        this.drain();
    }
  }

  private onExit(end: WorkerEnd): void {
    this.watch.dispose();
    this.end(end);
    this.drain();
  }

  private watchFor(limitMs: number): void {
    this.watch.watch(limitMs, () => {
      this.ports.log.error(`The proxy was silent for ${limitMs} ms and is ended.`);
      this.dispose();
      this.onExit('hung');
    });
  }
}
