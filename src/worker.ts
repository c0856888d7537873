// The worker's composition root: the proxy in a thread of its own, which no other extension can hold up.
import { parentPort } from 'node:worker_threads';
import { SystemClock } from './base/clock';
import type { Disposable } from './base/disposable';
import { TextLog, type LogLevel } from './base/log';
import type { ByeReason } from './hosting/hostEvents';
import { HostRoutes } from './hosting/hostRoutes';
import type { WindowIdentity } from './hosting/identity';
import { SharedKeys } from './hosting/sharedKeys';
import {
  workerBeatMs,
  type FromWorker,
  type ShownLevel,
  type ToWorker,
  type WorkerStart,
} from './hosting/workerMessages';
import { KeywheelService } from './service/keywheelService';
import { watchMachine } from './service/machineWatch';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** How long answers may go on when the proxy is stopped by another window. */
const usualDrainMs = 2_000;
const flushMs = 100;

const clock = new SystemClock();
let shown: ShownLevel = 'info';
let serving: Serving | null = null;

const log = new TextLog(
  (level, line) => post({ kind: 'log', level, line }),
  (level) => shown !== 'off' && levels.indexOf(level) >= levels.indexOf(shown),
);

class Serving {
  private readonly service: KeywheelService;
  private readonly routes: HostRoutes;
  private readonly watch: Disposable;
  private readonly shared: SharedKeys;
  private hasLeft = false;

  constructor({ identity: { secret, ...own }, states, history }: WorkerStart) {
    const identity: WindowIdentity = { ...own, secret: Buffer.from(secret) };
    this.service = new KeywheelService({
      clock,
      log,
      version: identity.version,
      routes: (request, response) => this.routes.handle(request, response),
    });
    for (const state of states) this.service.restore(state);
    this.service.history.restore(history);
    const shared = (this.shared = new SharedKeys(this.service, log));
    const leave = (reason: ByeReason): void => this.leave(reason, usualDrainMs);
    this.routes = new HostRoutes({ clock, log, service: this.service, keys: shared, identity, leave });
    this.watch = watchMachine(this.service, clock, log);
  }

  async start({ settings, keys }: WorkerStart): Promise<void> {
    await this.service.configure(settings);
    const started = this.service.start();
    // Keys are sent to no upstream but the one that is set, and are there, in the same turn, before any request can be.
    this.shared.offer(keys);
    post({ kind: 'started', proxy: await started });
  }

  async configure({ settings }: ToWorker & { kind: 'configure' }): Promise<void> {
    await this.service.configure(settings);
    post({ kind: 'configured', proxy: this.service.snapshot().proxy });
  }

  /** The port first, so that the next host is up while the last answers end. */
  leave(reason: ByeReason, drainMs: number): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.watch.dispose();
    const drained = this.service.stop(drainMs);
    post({ kind: 'leaving', reason });
    this.routes.bye(reason);
    // Whoever still waits for a slot is told now.
    const late = clock.after(drainMs, () => this.service.dispose());
    void drained.then(() => {
      late.dispose();
      const state = this.service.savedState();
      // The thread is ended then: the last bytes are given the time to leave.
      clock.after(flushMs, () => post({ kind: 'left', state }));
    });
  }
}

function post(message: FromWorker): void {
  parentPort?.postMessage(message);
}

function beat(): void {
  post({ kind: 'beat' });
  clock.after(workerBeatMs, beat);
}

async function obey(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'start':
      shown = message.start.logLevel;
      serving = new Serving(message.start);
      await serving.start(message.start);
      return;
    case 'configure':
      await serving?.configure(message);
      return;
    case 'logLevel':
      shown = message.level;
      return;
    case 'leave':
      serving?.leave(message.reason, message.drainMs);
  }
}

parentPort?.on('message', (message: ToWorker) => void obey(message));
beat();
