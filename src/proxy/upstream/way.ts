// Opens connections to upstream, as the way out says; the only importer of undici.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { buildConnector, Client, ProxyAgent, type Dispatcher } from 'undici';
import * as v from 'valibot';
import { certificateProblem, codeOf, proxyPrefix, silentProxyCode } from '../../base/systemError';
import type { AddressBook } from './addressBook';
import { proxyOnTheWay, type NetworkProxy, type WayOut } from './wayOut';

type Connector = buildConnector.connector;
/** All that is asked of one of undici’s clients, whatever stands between. */
export type SingleDispatcher = Pick<Client, 'dispatch' | 'destroy'>;

export interface ConnectionEvents {
  /** Before undici listens to the socket itself; again where a connection that was lost is opened anew. */
  opened(socket: Socket): void;
  closed(): void;
}

/** Undici's 4 s would cost a TLS handshake a turn of a conversation. */
const idleSocketMs = 60_000;
const longestHeadBytes = 64 * 1024;
/** Of DNS, TCP and TLS together, and of each of them again where a network proxy is on the way. */
const connectTimeoutMs = 10_000;

export class Way {
  private readonly origin: string;
  private readonly proxy: NetworkProxy | null;
  private trust: tls.SecureContext | undefined;
  private isWide = false;
  private made: Connector | null = null;

  constructor(
    upstreamUrl: string,
    private readonly wayOut: WayOut,
    private readonly book: AddressBook,
  ) {
    this.origin = new URL(upstreamUrl).origin;
    this.proxy = proxyOnTheWay(upstreamUrl, wayOut);
  }

  /** One connection, opened with its first request. */
  open(events: ConnectionEvents): SingleDispatcher {
    const { proxy } = this;
    if (proxy === null) return this.client(this.connect, events);
    return proxy.host === null ? this.client(unusable, events) : this.tunnel(proxy, events);
  }

  private client(connect: Connector, events: ConnectionEvents): Client {
    const client = new Client(this.origin, {
      connect: (options, connected) => {
        connect(options, (...[error, socket]) => {
          if (error === null) {
            events.opened(socket);
            connected(null, socket);
          } else connected(error, null);
        });
      },
      pipelining: 1,
      keepAliveTimeout: idleSocketMs,
      keepAliveMaxTimeout: idleSocketMs,
      maxHeaderSize: longestHeadBytes,
    });
    return client.on('disconnect', () => events.closed());
  }

  /** An authority that is not known yet is looked for once among the machine's own: reading those takes a while. */
  private readonly connect: Connector = (options, connected) => {
    const connector = (this.made ??= buildConnector({
      ...this.tls(),
      lookup: this.book.lookup,
      keepAlive: true,
    }));
    connector(options, (...[error, socket]) => {
      if (error === null) connected(null, socket);
      else if (isUnknownIssuer(error) && this.widen(connector)) this.connect(options, connected);
      else connected(error, null);
    });
  };

  /** Whether another connector trusts more than this one. */
  private widen(connector: Connector): boolean {
    if (this.made === connector && this.trustMore()) this.made = null;
    return this.made !== connector;
  }

  private trustMore(): boolean {
    if (this.isWide) return false;
    this.isWide = true;
    this.trust = widerTrust(this.wayOut);
    return this.trust !== undefined;
  }

  /** Whether certificates are verified is not for NODE_TLS_REJECT_UNAUTHORIZED to say, which may have been set for another program. */
  private tls(
    rejectUnauthorized = true,
  ): tls.ConnectionOptions & { readonly timeout: number; readonly allowH2: false } {
    return { timeout: connectTimeoutMs, allowH2: false, secureContext: this.trust, rejectUnauthorized };
  }

  /** Behind a network proxy TLS is often inspected, and an agent's authorities are fixed when it is made: the machine's own are read at once. */
  private tunnel({ url, token }: NetworkProxy, events: ConnectionEvents): SingleDispatcher {
    this.trustMore();
    const options = this.tls(this.wayOut.isStrict);
    const toProxy = told(buildConnector(options), (error) => ofProxy(codeOf(error)));
    const agent = new ProxyAgent({
      uri: url,
      ...(token === null ? {} : { token }),
      requestTls: options,
      clientFactory: (origin) => new Client(origin, { connect: toProxy, headersTimeout: connectTimeoutMs }),
      factory: (_origin, made) => this.client(told(connectorIn(made), codeOfTunnel), events),
    });
    const { origin } = this;
    return {
      dispatch: (request, handler) =>
        agent.dispatch({ ...request, origin, headers: inPairs(request.headers) }, handler),
      destroy: async () => await agent.destroy(),
    };
  }
}

const unusable: Connector = (_options, connected) =>
  connected(withCode(new Error('No URL of a proxy.'), ofProxy('ERR_INVALID_URL')), null);

/** ProxyAgent hands its own connector to its factory of clients alone. */
function connectorIn(made: object): Connector {
  if ('connect' in made && isConnector(made.connect)) return made.connect;
  throw new TypeError('A proxy agent without a connector.');
}

function isConnector(value: unknown): value is Connector {
  return typeof value === 'function';
}

/** Of an array ProxyAgent keeps the last of equal names alone. */
function inPairs(headers: Dispatcher.DispatchOptions['headers']): Dispatcher.DispatchOptions['headers'] {
  if (!Array.isArray(headers)) return headers;
  const pairs = new Set<[string, string]>();
  for (let index = 0; index < headers.length; index += 2)
    pairs.add([headers[index] ?? '', headers[index + 1] ?? '']);
  return pairs;
}

/** The connector, with failures that have other codes. */
function told(connect: Connector, code: (error: Error) => string): Connector {
  return (options, connected) =>
    connect(options, (...[error, socket]) => {
      if (error === null) connected(null, socket);
      else connected(withCode(error, code(error)), null);
    });
}

function withCode(error: Error, code: string): Error {
  return Object.assign(new Error(error.message, { cause: error }), { code });
}

function ofProxy(code: string): string {
  return code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT'
    ? silentProxyCode
    : `${proxyPrefix}${code}`;
}

/** What comes through the tunnel keeps its code; what undici says of the request for the tunnel is the proxy's. */
function codeOfTunnel(error: Error): string {
  const code = codeOf(error);
  const status = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  if (status !== undefined) return ofProxy(status);
  const isOfRequest = /^(?:UND_ERR_|HPE_)/.test(code) && code !== 'UND_ERR_CONNECT_TIMEOUT';
  return isOfRequest ? ofProxy(code) : code;
}

function isUnknownIssuer(error: Error): boolean {
  const problem = certificateProblem(codeOf(error));
  return problem === 'unknownIssuer' || problem === 'selfSigned';
}

/** Where Linux keeps its authorities: Debian, Red Hat, SUSE. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/** Trusts Node's authorities and all that the way out allows beside them; undefined where there are no others. It takes a while. */
function widerTrust({ systemCertificates, extraCaFile }: WayOut): tls.SecureContext | undefined {
  const more = [
    ...(systemCertificates ? systemAuthorities() : []),
    ...(extraCaFile === '' ? [] : fileOf(extraCaFile)),
  ];
  return more.length === 0 ? undefined : tls.createSecureContext({ ca: [...tls.rootCertificates, ...more] });
}

/** None where this version of Node cannot tell: before 22.15 on macOS and Windows. */
function systemAuthorities(): readonly string[] {
  const read: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof read === 'function') return v.parse(v.array(v.string()), Reflect.apply(read, tls, ['system']));
  return process.platform === 'linux' ? bundles.flatMap(fileOf) : [];
}

function fileOf(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    // Not there, or not to be read: then it adds nothing.
    return [];
  }
}
