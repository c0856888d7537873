// Tells the running proxy that the machine was suspended or changed its networks.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { every, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { KeywheelService } from './keywheelService';

const lookEveryMs = 2_000;
/** Longer than this thread is ever blocked. */
const gapMs = 10_000;

/** Tells the service of each suspend and each change of networks within two seconds, until it is disposed. */
export function watchMachine(
  service: Pick<KeywheelService, 'woke' | 'changedNetwork'>,
  clock: Clock,
  log: Log,
): Disposable {
  const owned = new DisposableStore();
  owned.add(
    watchSleep(clock, (sleptMs) => {
      const isSleep = sleptMs > 0;
      log.info(
        `The machine ${isSleep ? 'slept, or its clock was set forward,' : 'had its clock set back'} by ${Math.abs(Math.round(sleptMs / 1000))} s: allowances are read again.`,
      );
      service.woke();
    }),
  );
  owned.add(
    watchNetworks(clock, networks, () => {
      log.info('The networks of this machine have changed: upstream is connected again.');
      service.changedNetwork();
    }),
  );
  return owned;
}

/** Some sandboxes forbid the call (Termux): then no change is seen. */
function networks(): NodeJS.Dict<NetworkInterfaceInfo[]> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}

/** Polls for changed networks (Wi-Fi to cable, a VPN that connects): Node has no event for them. */
export function watchNetworks(
  clock: Clock,
  read: () => NodeJS.Dict<NetworkInterfaceInfo[]>,
  onChange: () => void,
): Disposable {
  let seen = waysOut(read());
  return every(clock, lookEveryMs, () => {
    const now = waysOut(read());
    if (now === seen) return;
    seen = now;
    onChange();
  });
}

/** The addresses from which upstream can be reached: neither loopback nor link-local ones, which change with containers. */
function waysOut(networks: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
  return Object.values(networks)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address)
    .sort()
    .join(' ');
}

/** Reports gaps in wall time: the machine was suspended, or its clock was set. */
export function watchSleep(clock: Clock, onWake: (sleptMs: number) => void): Disposable {
  let lookedAtMs = clock.wallMs();
  return every(clock, lookEveryMs, () => {
    const nowMs = clock.wallMs();
    const sleptMs = nowMs - lookedAtMs - lookEveryMs;
    lookedAtMs = nowMs;
    if (Math.abs(sleptMs) > gapMs) onWake(sleptMs);
  });
}
