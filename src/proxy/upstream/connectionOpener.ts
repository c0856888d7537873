// Opens connections to upstream by the network route; the only importer of undici.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { buildConnector, Client, ProxyAgent, type Dispatcher } from 'undici';
import * as v from 'valibot';
import { certificateProblem, codeOf, proxyPrefix, silentProxyCode } from '../../base/systemError';
import type { AddressBook } from './addressBook';
import { networkProxyFor, type NetworkProxy, type NetworkRoute } from './networkRoute';

type Connector = buildConnector.connector;
/** The part of undici's clients that is used here, with or without a network proxy. */
export type SingleDispatcher = Pick<Client, 'dispatch' | 'destroy'>;

export interface ConnectionEvents {
  /** Called before undici listens to the socket; again where a lost connection is opened anew. */
  opened(socket: Socket): void;
  closed(): void;
}

/** Undici's default of 4 s would cost a TLS handshake for each turn of a conversation. */
const idleSocketMs = 60_000;
const longestHeadBytes = 64 * 1024;
/** For DNS, TCP and TLS together; with a network proxy for each step to it and through it. */
const connectTimeoutMs = 10_000;

export class ConnectionOpener {
  private readonly origin: string;
  private readonly proxy: NetworkProxy | null;
  private trust: tls.SecureContext | undefined;
  private isWide = false;
  private made: Connector | null = null;

  constructor(
    upstreamUrl: string,
    private readonly networkRoute: NetworkRoute,
    private readonly book: AddressBook,
  ) {
    this.origin = new URL(upstreamUrl).origin;
    this.proxy = networkProxyFor(upstreamUrl, networkRoute);
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

  /** After an unknown authority the machine's own authorities are read, once: that takes a while. */
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

  /** Whether a connector now trusts more authorities than this one. */
  private widen(connector: Connector): boolean {
    if (this.made === connector && this.trustMore()) this.made = null;
    return this.made !== connector;
  }

  private trustMore(): boolean {
    if (this.isWide) return false;
    this.isWide = true;
    this.trust = widerTrust(this.networkRoute);
    return this.trust !== undefined;
  }

  /** The environment's NODE_TLS_REJECT_UNAUTHORIZED is ignored: it may have been set for another program. */
  private tls(
    rejectUnauthorized = true,
  ): tls.ConnectionOptions & { readonly timeout: number; readonly allowH2: false } {
    return { timeout: connectTimeoutMs, allowH2: false, secureContext: this.trust, rejectUnauthorized };
  }

  /** Behind a network proxy TLS is often inspected, and an agent's trust is fixed: the machine's own authorities are read at once. */
  private tunnel({ url, token }: NetworkProxy, events: ConnectionEvents): SingleDispatcher {
    this.trustMore();
    const options = this.tls(this.networkRoute.isStrict);
    const toProxy = withErrorCodes(buildConnector(options), (error) => codeOfProxy(codeOf(error)));
    const agent = new ProxyAgent({
      uri: url,
      ...(token === null ? {} : { token }),
      requestTls: options,
      clientFactory: (origin) => new Client(origin, { connect: toProxy, headersTimeout: connectTimeoutMs }),
      factory: (_origin, made) => this.client(withErrorCodes(connectorIn(made), codeOfTunnel), events),
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
  connected(withCode(new Error('No URL of a proxy.'), codeOfProxy('ERR_INVALID_URL')), null);

/** ProxyAgent gives its own connector only to its factory of clients. */
function connectorIn(made: object): Connector {
  if ('connect' in made && isConnector(made.connect)) return made.connect;
  throw new TypeError('A proxy agent without a connector.');
}

function isConnector(value: unknown): value is Connector {
  return typeof value === 'function';
}

/** ProxyAgent keeps only the last of equal names in an array, so the headers are passed as pairs. */
function inPairs(headers: Dispatcher.DispatchOptions['headers']): Dispatcher.DispatchOptions['headers'] {
  if (!Array.isArray(headers)) return headers;
  const pairs = new Set<[string, string]>();
  for (let index = 0; index < headers.length; index += 2)
    pairs.add([headers[index] ?? '', headers[index + 1] ?? '']);
  return pairs;
}

/** The connector, with other codes for its errors. */
function withErrorCodes(connect: Connector, code: (error: Error) => string): Connector {
  return (options, connected) =>
    connect(options, (...[error, socket]) => {
      if (error === null) connected(null, socket);
      else connected(withCode(error, code(error)), null);
    });
}

function withCode(error: Error, code: string): Error {
  return Object.assign(new Error(error.message, { cause: error }), { code });
}

function codeOfProxy(code: string): string {
  return code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT'
    ? silentProxyCode
    : `${proxyPrefix}${code}`;
}

/** An error that came through the tunnel keeps its code; undici's errors about opening the tunnel are the network proxy's. */
function codeOfTunnel(error: Error): string {
  const code = codeOf(error);
  const status = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  if (status !== undefined) return codeOfProxy(status);
  const isOfRequest = /^(?:UND_ERR_|HPE_)/.test(code) && code !== 'UND_ERR_CONNECT_TIMEOUT';
  return isOfRequest ? codeOfProxy(code) : code;
}

function isUnknownIssuer(error: Error): boolean {
  const problem = certificateProblem(codeOf(error));
  return problem === 'unknownIssuer' || problem === 'selfSigned';
}

/** The files in which Linux keeps its authorities: Debian, Red Hat, SUSE. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/** Trusts Node's authorities and all that the network route adds; undefined where it adds none. It takes a while. */
function widerTrust({ systemCertificates, extraCaFile }: NetworkRoute): tls.SecureContext | undefined {
  const more = [
    ...(systemCertificates ? systemAuthorities() : []),
    ...(extraCaFile === '' ? [] : fileOf(extraCaFile)),
  ];
  return more.length === 0 ? undefined : tls.createSecureContext({ ca: [...tls.rootCertificates, ...more] });
}

/** Empty where this version of Node cannot read them: before 22.15 on macOS and Windows. */
function systemAuthorities(): readonly string[] {
  const read: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof read === 'function') return v.parse(v.array(v.string()), Reflect.apply(read, tls, ['system']));
  return process.platform === 'linux' ? bundles.flatMap(fileOf) : [];
}

function fileOf(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    // The file is missing or unreadable: it adds nothing.
    return [];
  }
}
