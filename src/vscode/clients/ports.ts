// What the commands for clients depend on.
import { env, l10n, UIKind, type QuickPickItem } from 'vscode';
import type { Clock } from '../../base/clock';
import type { Log } from '../../base/log';
import type { Client, Endpoint } from '../../clients/client';
import type { Connector } from '../../clients/connector';
import type { Keyring } from '../../service/keyring/keyring';
import type { KeywheelService } from '../../service/keywheelService';
import { afterConnecting } from '../../words/clientWords';
import { urlHost } from '../../service/settings';
import { offer } from '../messages';
import type { UserSettings } from '../settings';
import type { TextPage } from '../page/textPage';

/** An item of Connect Client's list. */
export interface ClientItem extends QuickPickItem {
  /** Resolves to whether it succeeded. */
  readonly run: () => Promise<boolean>;
}

export interface ClientPorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'activity' | 'onDidFinishExchange'>;
  readonly keyring: Pick<Keyring, 'keys' | 'proxyKey'>;
  readonly settings: Pick<UserSettings, 'current' | 'values'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly connector: Connector;
  readonly page: Pick<TextPage, 'show'>;
  /** Items that other features add on activation. */
  readonly entries: ClientItem[];
  /** Called after a client was connected, so that the uninstall script finds the records. Never rejects. */
  readonly noteStorage: () => Promise<void>;
}

/** The proxy's origin for clients on this machine, whether or not it runs now. */
export function originOf({ service, settings }: Pick<ClientPorts, 'service' | 'settings'>): string {
  const { proxy } = service.snapshot();
  const { host, port } =
    proxy.kind === 'running' ? proxy : { host: '127.0.0.1', port: settings.current.port };
  return `http://${urlHost(host)}:${port}`;
}

/** Null until the vault has loaded the proxy key. */
export function endpointOf(
  ports: Pick<ClientPorts, 'service' | 'settings' | 'keyring'>,
  model: string | null,
): Endpoint | null {
  const { proxyKey } = ports.keyring;
  return proxyKey === null ? null : { origin: originOf(ports), proxyKey, model };
}

/** Null while the proxy does not run or its key is not loaded; `notRunningText` explains which. */
export function runningEndpoint(
  ports: Pick<ClientPorts, 'service' | 'settings' | 'keyring'>,
): Endpoint | null {
  return ports.service.snapshot().proxy.kind === 'running' ? endpointOf(ports, null) : null;
}

/** In a remote window of the desktop, VS Code's own files and UI extensions are on the user's machine; in a browser there are none. */
export function runsElsewhere(): boolean {
  return env.remoteName !== undefined && env.uiKind === UIKind.Desktop;
}

/** Shows the text with a button, as VS Code cuts others: to reload the window for a client that reads its files only then. */
export async function tellWritten(
  text: string,
  some: readonly Client[],
  { connector }: Pick<ClientPorts, 'connector'>,
): Promise<void> {
  const needsReload = some.find((client) => connector.needsReload(client));
  if (needsReload === undefined) {
    await offer({ severity: 'info', text }, l10n.t('Open Dashboard'), 'keywheel.openDashboard');
    return;
  }
  const said = `${text} ${afterConnecting(needsReload.id, l10n.t) ?? ''}`;
  await offer({ severity: 'info', text: said }, l10n.t('Reload Window'), 'workbench.action.reloadWindow');
}
