// Tells the running proxy that the machine was suspended or changed its networks.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { every, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { KeywheelService } from './keywheelService';

const lookEveryMs = 2_000;
/** Longer than this thread is ever blocked. */
const gapMs = 10_000;

/**
 * Tells the service of each gap in wall time, as the machine was suspended or its clock was set, and of each change of
 * networks (Wi-Fi to cable, a VPN that connects), for which Node has no event; within two seconds, until it is disposed.
 */
export function watchMachine(
  service: Pick<KeywheelService, 'woke' | 'changedNetwork'>,
  clock: Clock,
  log: Log,
  read = networks,
): Disposable {
  let lookedAtMs = clock.wallMs();
  let seen = waysOut(read());
  return every(clock, lookEveryMs, () => {
    const nowMs = clock.wallMs();
    const sleptMs = nowMs - lookedAtMs - lookEveryMs;
    lookedAtMs = nowMs;
    if (Math.abs(sleptMs) > gapMs) {
      const how = sleptMs > 0 ? 'slept, or its clock was set forward,' : 'had its clock set back';
      const seconds = Math.abs(Math.round(sleptMs / 1000));
      log.info(`The machine ${how} by ${seconds} s: allowances are read again.`);
      service.woke();
    }
    const now = waysOut(read());
    if (now === seen) return;
    seen = now;
    log.info('The networks of this machine have changed: OpenRouter is connected again.');
    service.changedNetwork();
  });
}

/** The machine's networks; none where a sandbox forbids the call (Termux), so that no change is seen there. */
function networks(): NodeJS.Dict<NetworkInterfaceInfo[]> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}

/** The addresses from which upstream can be reached: neither loopback nor link-local ones, which change with containers. */
function waysOut(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address)
    .sort()
    .join(' ');
}
