// Reads network proxy and certificates from VS Code's `http.*` settings and the environment.
import type { WayOut } from '../proxy/upstream/wayOut';

/** VS Code's settings of the section `http`, unparsed; each is left out where VS Code has none. */
export type HttpSetting = 'proxy' | 'noProxy' | 'proxyStrictSSL' | 'proxySupport' | 'systemCertificates';

/** VS Code's proxy, else the environment's: each variable in both spellings, lower case first. */
export function wayOutOf(
  environment: Readonly<Record<string, string | undefined>>,
  http: Readonly<Partial<Record<HttpSetting, unknown>>> = {},
): WayOut {
  const first = (...texts: readonly unknown[]): string =>
    texts.map((text) => (typeof text === 'string' ? text.trim() : '')).find((text) => text !== '') ?? '';
  const variable = (...names: readonly string[]): string => first(...names.map((name) => environment[name]));
  const { proxy, noProxy } = http;
  return {
    proxyUrl:
      http.proxySupport === 'off'
        ? ''
        : first(proxy, variable('https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY')),
    noProxy: first(Array.isArray(noProxy) ? noProxy.join(',') : '', variable('no_proxy', 'NO_PROXY')),
    isStrict: http.proxyStrictSSL !== false,
    systemCertificates: http.systemCertificates !== false,
    extraCaFile: variable('NODE_EXTRA_CA_CERTS'),
  };
}
