// All that a window needs to be one of many: built by hand, for the extension and for tests.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { keySetSchema, type KeySet } from '../service/keySet';
import type { Settings } from '../service/settings';
import { readEvents, type ProvenHost, type ReadEnd } from './eventReader';
import { Claim } from './claim';
import { Hold } from './hold';
import type { HostEvent } from './hostEvents';
import { Hosting } from './hosting';
import { HostView } from './hostView';
import type { WindowIdentity } from './identity';
import { KeyShare, type SharedKeyring } from './keyShare';
import type { Seal } from './proof';
import { RemoteService } from './remoteService';
import { Station } from './station';
import { WorkerHost } from './workerHost';
import type { ShownLevel } from './workerMessages';

export interface HostedWindowPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: WindowIdentity;
  /** Shared by the windows of this machine. */
  readonly folder: string;
  /** The built worker. */
  readonly workerPath: string;
  readonly settings: Settings;
  readonly keyring: SharedKeyring;
  readonly logLevel: () => ShownLevel;
  /** The proxy has failed three times in this window. */
  readonly onTrouble: () => void;
}

export class HostedWindow implements Disposable {
  /** What views and commands use. */
  readonly service: RemoteService;
  private readonly owned = new DisposableStore();
  private readonly view: HostView;
  private readonly keys: KeyShare;
  private readonly hosting: Hosting;
  private readonly station: Station;
  private restored: Promise<unknown> = Promise.resolve();

  constructor(private readonly ports: HostedWindowPorts) {
    const { clock, log, identity, folder, settings, keyring } = ports;
    const { owned } = this;
    this.view = owned.add(new HostView(clock, log));
    const hold = owned.add(
      new Hold({ clock, log, folder: join(folder, 'windows'), instance: identity.instance }),
    );
    const read = this.read.bind(this);
    const hosting = owned.add(
      new Hosting({
        clock,
        log,
        identity,
        read,
        claim: new Claim(clock, join(folder, 'windows', 'claim')),
        spawn: () => new WorkerHost({ clock, log, spawn: () => spawnWorker(ports.workerPath) }),
        handover: async () => {
          await this.restored;
          return {
            identity,
            states: this.service.states,
            history: this.view.history.save(),
            keys: keyring.keySet,
            logLevel: ports.logLevel(),
          };
        },
        onTrouble: ports.onTrouble,
      }),
    );
    this.hosting = hosting;
    const station = new Station({ clock, log, random: Math.random, identity, hold, hosting, read }, settings);
    this.station = owned.add(station);
    const { view } = this;
    const keyCount = (): number => keyring.keySet.keys.length;
    this.service = owned.add(new RemoteService({ station, view, identity, log, keyCount }));
    const ask = this.service.ask.bind(this.service);
    this.keys = owned.add(new KeyShare({ keyring, log, ask }));
  }

  /** Begins to look for the proxy, or to be it, which neither hears nor tells of counts before `restored` has ended, well or not. Returns at once. */
  open(mayHost: boolean, restored: Promise<unknown>): void {
    this.restored = restored.catch(() => undefined);
    this.station.open(mayHost);
  }

  setLogLevel(level: ShownLevel): void {
    this.hosting.setLogLevel(level);
  }

  /** Forgets counts and activity, after the host has heard which keys are gone. Resolves to whether all have. */
  async forget(): Promise<boolean> {
    await this.keys.settled();
    return await this.service.forget();
  }

  /** Resolves when this window's part has ended: the port is free at once, answers may go on for `drainMs`. */
  async close(drainMs: number): Promise<void> {
    await this.station.close(drainMs);
  }

  dispose(): void {
    this.owned.dispose();
  }

  private async read(host: ProvenHost, signal: AbortSignal): Promise<ReadEnd> {
    await this.restored;
    const { clock, identity } = this.ports;
    const onEvent = (event: HostEvent, seal: Seal): void => this.apply(event, seal);
    const end = await readEvents({ clock, secret: identity.secret, onEvent }, host, signal);
    this.keys.lost();
    this.view.lost();
    return end;
  }

  private apply(event: HostEvent, seal: Seal): void {
    switch (event.kind) {
      case 'keys': {
        const set = openedKeys(event.sealed, seal);
        if (set === null) this.ports.log.warn('The keys of the host cannot be read.');
        else this.keys.heard(set);
        return;
      }
      case 'bye':
        return;
      case 'hello':
      case 'snapshot':
      case 'change':
      case 'history':
      case 'exchange':
      case 'state':
      case 'forgotten':
      case 'beat':
        this.view.apply(event);
    }
  }
}

function openedKeys(sealed: string, seal: Seal): KeySet | null {
  const set = v.safeParse(keySetSchema, seal.open('keys', sealed));
  return set.success ? set.output : null;
}

/** With none of this process's own flags, which may be those of a debugger. */
function spawnWorker(path: string): Worker {
  return new Worker(path, { execArgv: [], name: 'keywheel' });
}
