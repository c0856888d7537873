// Composes the parts of a window that shares the proxy with others, for the extension and for tests.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SystemClock, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { Keyring } from '../service/keyring/keyring';
import type { Settings } from '../service/settings';
import { Hold } from './hold';
import { readEvents, type HostEvent, type ReadEnd } from './hostEvents';
import { Claim, Hosting } from './hosting';
import type { HostLine } from './hostLine';
import type { WindowIdentity } from './identity';
import { KeyShare } from './keyShare';
import { RemoteService } from './remoteService';
import { Station } from './station';
import { WorkerHost, type ShownLevel } from './workerHost';

export interface HostedWindowPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: WindowIdentity;
  /** The folder that the windows of this machine share. */
  readonly folder: string;
  /** The file of the built worker. */
  readonly workerPath: string;
  readonly settings: Settings;
  readonly keyring: Keyring;
  readonly logLevel: () => ShownLevel;
  /** Called when the proxy has failed three times in this window. */
  readonly onTrouble: () => void;
}

/** Without this limit V8 keeps 30 MB more under load on Node 20, 90 MB more on Node 24, and no request is cheaper. */
const resourceLimits = { maxYoungGenerationSizeMb: 24 };

export class HostedWindow implements Disposable {
  /** The service for views and commands. */
  readonly service: RemoteService;
  private readonly owned = new DisposableStore();
  private readonly keys: KeyShare;
  private readonly hosting: Hosting;
  private readonly station: Station;
  private restored: Promise<unknown> = Promise.resolve();
  private late: Promise<unknown> = Promise.resolve();

  constructor(private readonly ports: HostedWindowPorts) {
    const { clock, log, identity, folder, settings, keyring } = ports;
    const { owned } = this;
    // Files have the machine's own times, and upstream's dates correct `clock`: by that clock new files could count as old.
    const fileClock = new SystemClock();
    const hold = owned.add(new Hold({ clock: fileClock, log, folder: join(folder, 'windows') }));
    const read = this.read.bind(this);
    const hosting = (this.hosting = owned.add(
      new Hosting({
        clock,
        identity,
        read,
        claim: new Claim(fileClock, join(folder, 'windows', 'claim')),
        spawn: () =>
          new WorkerHost({
            clock,
            log,
            // The worker starts without the flags of this process, which may be those of a debugger.
            spawn: () => new Worker(ports.workerPath, { execArgv: [], name: 'keywheel', resourceLimits }),
            onLastState: (state) => this.service.receiveState(state),
            onLate: (exchange) => {
              this.late = Promise.all([this.late, this.service.receiveLate(exchange)]);
            },
          }),
        handover: async () => {
          await this.restored;
          return {
            identity,
            state: this.service.handedOver,
            history: this.service.history.save(),
            keys: keyring.keySet,
            logLevel: ports.logLevel(),
          };
        },
        onTrouble: ports.onTrouble,
      }),
    ));
    const shared = { clock, log, random: Math.random, identity, hold, hosting, read };
    const station = (this.station = owned.add(new Station(shared, settings)));
    const keyCount = (): number => keyring.keySet.keys.length;
    this.service = owned.add(new RemoteService({ station, identity, clock, log, keyCount }));
    const ask = this.service.ask.bind(this.service);
    this.keys = owned.add(new KeyShare({ keyring, log, ask }));
  }

  /**
   * Begins at once to follow or host the proxy, as a slow keychain must not delay the port. Counts are neither read from
   * the host nor handed over until all keepers have tried to restore their state; resolves then.
   */
  async open(mayHost: boolean, keepers: readonly { restore(): Promise<unknown> }[]): Promise<void> {
    const restored = Promise.allSettled(keepers.map(async (keeper) => await keeper.restore()));
    this.restored = restored;
    this.station.open(mayHost);
    // The proxy works without a saved state: allowances are read again.
    for (const result of await restored)
      if (result.status === 'rejected') this.ports.log.error('What was saved cannot be read.', result.reason);
  }

  setLogLevel(level: ShownLevel): void {
    this.hosting.setLogLevel(level);
  }

  /** Deletes counts and activity after the host has the present keys. Resolves to whether the host has deleted them too. */
  async forget(): Promise<boolean> {
    await this.keys.settled();
    return await this.service.forget();
  }

  /** Ends hosting and following. The port is free at once, answers may go on for `drainMs`; then it resolves. */
  async close(drainMs: number): Promise<void> {
    await this.station.close(drainMs);
    await this.late;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private async read(line: HostLine, signal: AbortSignal, onWhole?: () => void): Promise<ReadEnd> {
    await this.restored;
    const { clock } = this.ports;
    const onEvent = (event: HostEvent): void => {
      if (event.kind === 'keys') this.keys.receive(line.seal.open('keys', event.sealed));
      else this.service.receive(event);
      // The stream begins with the whole state, and the history is its last part.
      if (event.kind === 'history') onWhole?.();
    };
    const end = await readEvents({ clock, onEvent }, line, signal);
    this.keys.lost();
    this.service.lost();
    return end;
  }
}
