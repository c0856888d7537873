// Who may come in: the right Host, no web page, the proxy key.
import type { Secret } from '../base/secret';
import { headerValue } from './headers';
import { headerValues } from './rawHeaders';
import { Refusal } from './refusal';

export interface Door {
  /** The address that the server is bound to. */
  readonly boundHost: string;
  readonly proxyKey: Secret;
}

/** A web page that found a name resolving to 127.0.0.1 sends that name as its Host (DNS rebinding): it is not let in. */
export function checkHost(rawHeaders: readonly string[], { boundHost }: Door): void {
  const host = headerValue(rawHeaders, 'host');
  const name = host === null ? '' : hostName(host);
  if (isLoopback(name) || name === bare(boundHost) || isWildcard(boundHost)) return;
  throw new Refusal(
    `Keywheel does not answer to the host name "${name}". Use http://127.0.0.1 or http://localhost in the base URL.`,
    { status: 403, code: 'host_not_allowed' },
  );
}

/** No origin, or that of a VS Code webview: any other page could spend the user's keys. */
export function checkOrigin(rawHeaders: readonly string[]): void {
  const origin = headerValue(rawHeaders, 'origin');
  if (origin === null || isWebview(origin)) return;
  throw new Refusal('Keywheel does not serve web pages. Call it from a program.', {
    status: 403,
    code: 'origin_not_allowed',
  });
}

/** Whether the origin is a VS Code webview's. */
export function isWebview(origin: string): boolean {
  return /^vscode-webview:\/\/[a-z0-9-]+$/i.test(origin);
}

/** The proxy key in `Authorization: Bearer`, `x-api-key`, `api-key` or `APIKEY`; compared in constant time. */
export function checkProxyKey(rawHeaders: readonly string[], { proxyKey }: Door): void {
  const presented = presentedKeys(rawHeaders);
  if (presented.some((key) => proxyKey.matches(key))) return;
  const [message, code] =
    presented.length === 0
      ? (['The proxy key is missing.', 'proxy_key_missing'] as const)
      : (['This is not the proxy key.', 'proxy_key_wrong'] as const);
  throw new Refusal(
    `${message} Set the API key of this client to Keywheel's own key: in VS Code "Keywheel: Copy Proxy Key", without VS Code the value of PROXY_API_KEY.`,
    { status: 401, code },
  );
}

function presentedKeys(rawHeaders: readonly string[]): readonly string[] {
  const bearer = headerValues(rawHeaders, 'authorization').flatMap((value) => {
    const key = /^bearer\s+(\S+)\s*$/i.exec(value)?.[1];
    return key === undefined ? [] : [key];
  });
  const plain = ['x-api-key', 'api-key', 'apikey'].flatMap((name) => headerValues(rawHeaders, name));
  return [...bearer, ...plain].filter((key) => key !== '');
}

function hostName(host: string): string {
  return bare(host.replace(/:\d*$/, ''));
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Bound to every address, any name may be the right one; the proxy key has 24 characters or more then. */
function isWildcard(boundHost: string): boolean {
  return boundHost === '0.0.0.0' || boundHost === '::';
}
