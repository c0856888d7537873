// The worker's composition root: runs the proxy in its own thread, which no other extension can block.
import { parentPort } from 'node:worker_threads';
import { every, SystemClock } from './base/clock';
import type { Disposable } from './base/disposable';
import { isAtLeast, TextLog } from './base/log';
import type { ByeReason } from './hosting/hostEvents';
import { HostRoutes } from './hosting/hostRoutes';
import { SharedKeys } from './hosting/keyShare';
import {
  workerBeatMs,
  type FromWorker,
  type ShownLevel,
  type ToWorker,
  type WorkerStart,
} from './hosting/workerHost';
import type { Settings } from './service/settings';
import { KeywheelService } from './service/keywheelService';
import { watchMachine } from './service/machineWatch';

const flushMs = 100;

const clock = new SystemClock();
let shown: ShownLevel = 'info';
let serving: Serving | null = null;

const log = new TextLog(
  (level, line) => post({ kind: 'log', level, line }),
  (level) => shown !== 'off' && isAtLeast(level, shown),
);

class Serving {
  private readonly service: KeywheelService;
  private readonly routes: HostRoutes;
  private readonly watch: Disposable;
  private readonly shared: SharedKeys;
  private hasLeft = false;
  private settings: Settings;

  constructor({ identity, state, history, settings }: WorkerStart) {
    this.settings = settings;
    this.service = new KeywheelService({
      clock,
      log,
      version: identity.version,
      routes: (request, response) => this.routes.handle(request, response),
    });
    this.service.restore(state);
    this.service.history.restore(history);
    const shared = (this.shared = new SharedKeys(this.service, log));
    const leave = (reason: ByeReason): void => this.leave(reason);
    this.routes = new HostRoutes({ clock, log, service: this.service, keys: shared, identity, leave });
    this.watch = watchMachine(this.service, clock, log);
  }

  async start({ settings, keys }: WorkerStart): Promise<void> {
    await this.service.configure(settings);
    const started = this.service.start();
    // Keys follow the settings, so that no other upstream gets them, in the same turn as the start, so before any request.
    this.shared.offer(keys);
    post({ kind: 'started', proxy: await started });
  }

  async configure({ settings }: ToWorker & { kind: 'configure' }): Promise<void> {
    // Windows that keep the old port need another host there; windows with the new port find this one again.
    if (settings.port !== this.settings.port) this.routes.bye('retired');
    this.settings = settings;
    await this.service.configure(settings);
    post({ kind: 'configured', proxy: this.service.snapshot().proxy });
  }

  /** Frees the port first: the next host can bind it while the last answers end. */
  leave(reason: ByeReason, drainMs = this.settings.drainSeconds * 1000): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.watch.dispose();
    // `turnsMs` is 0: waiting requests are refused, as the next host would not count attempts that are sent from here.
    const drained = this.service.stop(drainMs, 0);
    // Later, so that windows get the exchanges that this stop refuses.
    setImmediate(() => {
      post({ kind: 'leaving', reason, state: this.service.savedState(), drainMs });
      this.routes.bye(reason);
      this.service.onDidFinishExchange((exchange) => post({ kind: 'late', exchange }));
    });
    // The window ends the thread at `left`: the last bytes need this time to be sent.
    void drained.then(() => clock.after(flushMs, () => post({ kind: 'left' })));
  }
}

function post(message: FromWorker): void {
  parentPort?.postMessage(message);
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
post({ kind: 'beat' });
every(clock, workerBeatMs, () => post({ kind: 'beat' }));
