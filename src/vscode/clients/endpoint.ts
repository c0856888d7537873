// The proxy as clients on this machine reach it.
import { env, UIKind } from 'vscode';
import type { Endpoint } from '../../clients/client';
import { urlHost } from '../../service/settings';
import type { WindowPorts } from '../ports';

export type EndpointPorts = Pick<WindowPorts, 'service' | 'settings' | 'keyring'>;

/** The proxy's origin for clients on this machine, whether or not it runs now. */
export function originOf({ service, settings }: Omit<EndpointPorts, 'keyring'>): string {
  const { proxy } = service.snapshot();
  const { host, port } =
    proxy.kind === 'running' ? proxy : { host: '127.0.0.1', port: settings.current.port };
  return `http://${urlHost(host)}:${port}`;
}

/** Null until the vault has loaded the proxy key. */
export function endpointOf(ports: EndpointPorts, model: string | null): Endpoint | null {
  const { proxyKey } = ports.keyring;
  return proxyKey === null ? null : { origin: originOf(ports), proxyKey, model };
}

/** Null while the proxy does not run or its key is not loaded; `notRunningText` explains which. */
export function runningEndpoint(ports: EndpointPorts): Endpoint | null {
  return ports.service.snapshot().proxy.kind === 'running' ? endpointOf(ports, null) : null;
}

/** In a remote window of the desktop, VS Code's own files and UI extensions are on the user's machine; a browser has none. */
export function runsElsewhere(): boolean {
  return env.remoteName !== undefined && env.uiKind === UIKind.Desktop;
}
