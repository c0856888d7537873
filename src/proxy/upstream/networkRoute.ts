// The network route of this machine: directly to upstream or through a network proxy, and the certificates that are trusted there.

/** Plain values, so that they can be sent to the worker. */
export interface NetworkRoute {
  /** The network proxy, as `http://user:password@host:port`; empty: none. It may hold a password. */
  readonly proxyUrl: string;
  /** Hosts that are reached directly, as in `NO_PROXY`: `*`, or names, with a port or without, that include their subdomains. */
  readonly noProxy: string;
  /** Whether certificates are verified that come from or through the network proxy. */
  readonly isStrict: boolean;
  /** Whether the system's own authorities are trusted, beside those of Node. */
  readonly systemCertificates: boolean;
  /** A PEM file of more authorities, as in `NODE_EXTRA_CA_CERTS`; empty: none. */
  readonly extraCaFile: string;
}

export const directRoute: NetworkRoute = {
  proxyUrl: '',
  noProxy: '',
  isStrict: true,
  systemCertificates: true,
  extraCaFile: '',
};

export interface NetworkProxy {
  /** Without user name and password, unless it is no valid URL. */
  readonly url: string;
  /** With its port, to be shown; null where the URL is not usable, as its parts are unknown then. */
  readonly host: string | null;
  /** The value of `Proxy-Authorization`, or null without a user name. A secret. */
  readonly token: string | null;
}

/** The network proxy on the way to `upstreamUrl`; null: reached directly. An invalid URL is kept: connecting will fail. */
export function networkProxyFor(
  upstreamUrl: string,
  { proxyUrl, noProxy }: NetworkRoute,
): NetworkProxy | null {
  const { protocol, hostname, port } = new URL(upstreamUrl);
  // Upstreams without TLS are on this machine: a proxy elsewhere cannot reach them, and would read the key.
  if (proxyUrl === '' || protocol !== 'https:' || isExempt(hostname, Number(port) || 443, noProxy))
    return null;
  const url = proxyAt(proxyUrl);
  if (url === null) return { url: proxyUrl, host: null, token: null };
  const token = url.username === '' ? null : basic(url.username, url.password);
  url.username = '';
  url.password = '';
  return { url: url.href, host: url.host, token };
}

/** The proxy's URL; null for one that does not take CONNECT, such as SOCKS. A name without a scheme is taken for http. */
export function proxyAt(proxyUrl: string): URL | null {
  const text = /^[a-z][\w+.-]*:\/\//i.test(proxyUrl) ? proxyUrl : `http://${proxyUrl}`;
  return /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : null;
}

/** By the rules of undici's EnvHttpProxyAgent. */
function isExempt(host: string, port: number, noProxy: string): boolean {
  return noProxy.split(/[,\s]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name = '', ofPort] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*?\./, '').toLowerCase()) ?? [];
    if (name === '' || (ofPort !== undefined && Number(ofPort) !== port)) return false;
    return host === name || host.endsWith(`.${name}`);
  });
}

function basic(user: string, password: string): string {
  const plain = [user, password].map(decoded).join(':');
  return `Basic ${Buffer.from(plain).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that is no escape: the text stays as it is.
    return text;
  }
}
