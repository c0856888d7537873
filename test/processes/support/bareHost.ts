/** A host's routes on a server of their own, in this process. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '../../../src/base/clock';
import { TextLog } from '../../../src/base/log';
import { HostRoutes } from '../../../src/hosting/hostRoutes';
import { SharedKeys } from '../../../src/hosting/keyShare';
import type { WindowIdentity } from '../../../src/hosting/identity';
import { KeywheelService } from '../../../src/service/keywheelService';

export interface BareHost {
  readonly port: number;
  readonly identity: WindowIdentity;
  readonly keys: SharedKeys;
  /** Level and line of each record. */
  readonly log: readonly string[];
  dispose(): void;
}

export async function openBareHost(): Promise<BareHost> {
  const clock = new SystemClock();
  const lines: string[] = [];
  const log = new TextLog((level, line) => lines.push(`${level} ${line}`));
  const identity: WindowIdentity = {
    secret: randomBytes(32),
    machineId: 'a'.repeat(32),
    version: '1.0.0',
    product: 'Test Code',
    machine: 'secret-machine',
    window: 'secret-folder',
  };
  const service = new KeywheelService({ clock, log, version: '1.0.0' });
  const keys = new SharedKeys({ setKeys: () => undefined, setProxyKey: () => undefined }, log);
  const routes = new HostRoutes({ clock, log, service, keys, identity, leave: () => undefined });
  const server = createServer((request, response) => {
    if (!routes.handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    identity,
    keys,
    log: lines,
    dispose: () => {
      routes.dispose();
      service.dispose();
      server.closeAllConnections();
      server.close();
    },
  };
}
