// Tells that the machine's networks have changed (Wi-Fi to cable, a VPN that comes or goes): Node has no event for it.
import type { NetworkInterfaceInfo } from 'node:os';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';

const lookEveryMs = 2_000;

export type ReadNetworks = () => NodeJS.Dict<NetworkInterfaceInfo[]>;

export class NetworkWatch implements Disposable {
  private seen: string;
  private timer: Disposable;

  constructor(
    private readonly clock: Clock,
    private readonly read: ReadNetworks,
    private readonly onChange: () => void,
  ) {
    this.seen = waysOut(read());
    this.timer = this.next();
  }

  dispose(): void {
    this.timer.dispose();
  }

  private next(): Disposable {
    return this.clock.after(lookEveryMs, () => {
      const seen = waysOut(this.read());
      const isChanged = seen !== this.seen;
      this.seen = seen;
      this.timer = this.next();
      if (isChanged) this.onChange();
    });
  }
}

/** The addresses from which upstream can be reached. Loopback and link-local ones come and go with containers, and lead nowhere. */
function waysOut(networks: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
  return Object.values(networks)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address)
    .sort()
    .join(' ');
}
