// What happens to the machine under a running proxy: it sleeps, and it changes its networks.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { NetworkWatch } from './networkWatch';
import { WakeWatch } from './wakeWatch';

export interface WatchedService {
  /** Everything that is known may be old. */
  woke(): void;
  /** Connections may lead nowhere. */
  changedNetwork(): void;
}

/** Until it is disposed the service hears of each suspend and each change of networks, two seconds later at most. */
export function watchMachine(service: WatchedService, clock: Clock, log: Log): Disposable {
  const owned = new DisposableStore();
  owned.add(
    new WakeWatch(clock, (sleptMs) => {
      log.info(`The machine slept for ${Math.round(sleptMs / 1000)} s: everything is looked at anew.`);
      service.woke();
    }),
  );
  owned.add(
    new NetworkWatch(clock, networks, () => {
      log.info('The networks of this machine have changed: upstream is connected to anew.');
      service.changedNetwork();
    }),
  );
  return owned;
}

/** Some sandboxes forbid the question (Termux): then nothing is known, and nothing changes. */
function networks(): NodeJS.Dict<NetworkInterfaceInfo[]> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}
