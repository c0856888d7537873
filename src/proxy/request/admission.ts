// Decides whether a request may come in: a usual method, the right Host, no web page, the proxy key.
import { isIP } from 'node:net';
import { redact, type Secret } from '../../base/secret';
import { Refusal } from '../errors/refusal';
import { changesKeys, operationOf, readTarget, type Operation, type Target } from './target';
import { ClientHeaders, headerValue } from './headers';

export interface AdmissionRules {
  readonly boundHost: string;
  /** Names by which clients may call the proxy, beside loopback ones; empty: on a host beyond loopback any name. */
  readonly allowedHosts: readonly string[];
  readonly proxyKey: Secret;
  /** Whether requests for which `changesKeys` is true are passed on. */
  readonly allowKeyChanges: boolean;
}

/** A request without its body. */
export interface RequestHead {
  readonly method: string;
  readonly target: Target;
  readonly operation: Operation;
  readonly rawHeaders: readonly string[];
  readonly headers: ClientHeaders;
}

export function readHead(method: string, url: string, rawHeaders: readonly string[]): RequestHead {
  const target = readTarget(url);
  const operation = operationOf(method, target.path);
  return { method, target, operation, rawHeaders, headers: new ClientHeaders(rawHeaders) };
}

/** TRACE returns the request with its headers (RFC 9110 9.3.8), and so the key that is sent upstream. */
export function checkMethod({ method }: RequestHead): void {
  if (!/^(?:TRACE|TRACK|CONNECT)$/i.test(method)) return;
  throw new Refusal('method_not_allowed', `Keywheel does not accept the method ${method}.`);
}

/** A web page whose host name resolves to 127.0.0.1 sends that name as its Host (DNS rebinding): such requests are refused. */
export function checkHost({ headers: { hosts }, target }: RequestHead, rules: AdmissionRules): void {
  if (hosts.length > 1) {
    // RFC 9112 3.2.
    throw new Refusal('host_not_allowed', 'The request has more than one Host.', { status: 400 });
  }
  const host = target.authority ?? hosts[0];
  // No browser leaves it out; HTTP/1.0 clients may, such as health checks, and Node requires it of all others.
  if (host === undefined) return;
  const name = hostName(host);
  if (isLoopback(name) || name === bare(rules.boundHost) || isAllowed(name, rules)) return;
  throw new Refusal(
    'host_not_allowed',
    `Keywheel does not accept requests for the host name "${redact(name)}". Use 127.0.0.1 or localhost in the client's base URL; where Keywheel runs without VS Code, you can also add the name to ALLOWED_HOSTS.`,
  );
}

/** Refuses web pages, which could spend the user's keys. An Origin decides; without one, a browser's `Sec-Fetch-Site` does. */
export function checkOrigin(head: RequestHead): void {
  const { origins } = head.headers;
  const isPage =
    origins.length > 0
      ? !origins.every((origin) => isWebview(origin) || isOwn(origin, head))
      : isOfAnotherSite(head);
  if (!isPage) return;
  throw new Refusal('origin_not_allowed', 'Keywheel does not serve web pages. Call it from a program.');
}

export function isWebview(origin: string): boolean {
  return /^vscode-webview:\/\/[a-z0-9-]+$/i.test(origin);
}

/** Whether a page of Keywheel's own asks; its Host was checked before. Browsers send the site only over TLS and on loopback. */
function isOwn(origin: string, { headers: { hosts, sites } }: RequestHead): boolean {
  return sites.every((site) => site === 'same-origin') && origin.replace(/^https?:\/\//, '') === hosts[0];
}

/** Whether a page of another site asks. A link there may open a page of Keywheel, which no such site can read or embed. */
function isOfAnotherSite({ method, target, rawHeaders, headers }: RequestHead): boolean {
  if (headers.sites.every((site) => site === 'none' || site === 'same-origin')) return false;
  const isOpened =
    method === 'GET' &&
    headerValue(rawHeaders, 'sec-fetch-mode') === 'navigate' &&
    headerValue(rawHeaders, 'sec-fetch-dest') === 'document';
  return !isOpened || !['/', '/docs', '/key-status'].includes(target.path);
}

/** The proxy key in `Authorization: Bearer`, `x-api-key`, `api-key` or `APIKEY`; compared in constant time. */
export function checkProxyKey({ headers: { keys, shown } }: RequestHead, { proxyKey }: AdmissionRules): void {
  if (keys.some((key) => proxyKey.matches(key))) return;
  const isMisplaced = shown.some((text) => proxyKey.isIn(text));
  const [message, code] =
    shown.length === 0
      ? (['The proxy key is missing.', 'proxy_key_missing'] as const)
      : ([isMisplaced ? misplaced : 'This is not the proxy key.', 'proxy_key_wrong'] as const);
  throw new Refusal(
    code,
    `${message} Set the API key of this client to Keywheel's own key: in VS Code "Keywheel: Copy Proxy Key", without VS Code the value of PROXY_API_KEY.`,
  );
}

const misplaced = 'The proxy key has to stand behind "Bearer " in Authorization, or by itself in x-api-key.';

/** Refuses changes of keys unless the setting allows them: the proxy key must not be able to create a real key. */
export function checkKeyChanges({ method, target }: RequestHead, { allowKeyChanges }: AdmissionRules): void {
  if (allowKeyChanges || !changesKeys(method, target.path)) return;
  throw new Refusal(
    'key_changes_not_allowed',
    `${method} ${target.path} could change keys or other secrets of your account, or who sees its requests. Allow it with the setting keywheel.allowKeyChanges, without VS Code with ALLOW_KEY_CHANGES=true.`,
  );
}

/** Counts wrong proxy keys: 100 within a minute mean that somebody guesses, or that a client is set up wrongly and hammers. */
export class WrongKeys {
  private sinceMs = Number.NEGATIVE_INFINITY;
  private count = 0;

  /** The number of wrong keys within the minute, this one included. */
  add(elapsedMs: number): number {
    if (elapsedMs - this.sinceMs > 60_000) {
      this.sinceMs = elapsedMs;
      this.count = 0;
    }
    return ++this.count;
  }
}

function hostName(host: string): string {
  return bare(host.replace(/^.*@/, '').replace(/:\d*$/, ''));
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Beyond loopback the machine may have any address, and any name if none is set: the proxy key has 24 characters or more then. */
function isAllowed(name: string, { boundHost, allowedHosts }: AdmissionRules): boolean {
  if (allowedHosts.includes(name)) return true;
  return !isLoopback(bare(boundHost)) && (allowedHosts.length === 0 || isIP(name) !== 0);
}
