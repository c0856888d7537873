// What the commands about clients work with.
import type { Clock } from '../../base/clock';
import type { Log } from '../../base/log';
import type { Endpoint } from '../../service/clients/client';
import type { Connector } from '../../service/clients/connector';
import type { Keyring } from '../../service/keyring';
import type { KeywheelService } from '../../service/keywheelService';
import type { UserSettings } from '../settings';
import type { TextPage } from '../page/textPage';

export interface ClientPorts {
  readonly service: Pick<KeywheelService, 'snapshot'>;
  readonly keyring: Pick<Keyring, 'keys' | 'proxyKey'>;
  readonly settings: Pick<UserSettings, 'current' | 'terminalClients'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly connector: Connector;
  readonly page: Pick<TextPage, 'show'>;
  /** Called after a client was connected: leaves the way for the uninstall script. Never rejects. */
  readonly noteStorage: () => Promise<void>;
}

/** Where clients of this machine find the proxy, whether or not it runs now. */
export function originOf({ service, settings }: Pick<ClientPorts, 'service' | 'settings'>): string {
  const { proxy } = service.snapshot();
  const { host, port } =
    proxy.kind === 'running' ? proxy : { host: '127.0.0.1', port: settings.current.port };
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Null while the vault has not given the proxy key. */
export function endpointOf(
  ports: Pick<ClientPorts, 'service' | 'settings' | 'keyring'>,
  model: string | null,
): Endpoint | null {
  const { proxyKey } = ports.keyring;
  return proxyKey === null ? null : { origin: originOf(ports), proxyKey, model };
}
