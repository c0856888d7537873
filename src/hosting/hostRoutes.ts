// The host's side of the windows' requests: proves itself to whoever asks, and obeys those who prove themselves.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { EventStreams, type StreamedService } from './eventStreams';
import { runCommand, type CommandedService } from './hostCommands';
import type { ByeReason } from './hostEvents';
import { bodyOf } from './hostLine';
import { HostNonces } from './hostNonces';
import { addressText, protocol, type Health, type WindowIdentity } from './identity';
import { healthProof, requestSignature, sameProof, Seal } from './proof';
import type { SharedKeys } from './sharedKeys';

const longestNonce = 100;

export interface HostRoutesPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly service: StreamedService & CommandedService;
  readonly keys: SharedKeys;
  readonly identity: WindowIdentity;
  /** Gives the port free within the call and ends hosting. */
  readonly leave: (reason: ByeReason) => void;
}

export class HostRoutes implements Disposable {
  private readonly nonces: HostNonces;
  private readonly streams: EventStreams;

  constructor(private readonly ports: HostRoutesPorts) {
    this.nonces = new HostNonces(ports.clock);
    this.streams = new EventStreams(ports);
  }

  /** True if the request is the windows' own: then it is answered here. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    // No `URL` is made of it: that throws at what any client may send, such as `//`.
    const [path = '', query = ''] = (request.url ?? '/').split('?');
    const nonce = new URLSearchParams(query).get('nonce');
    if (path === '/health' && nonce !== null && request.method === 'GET') {
      this.answerHealth(nonce, request, response);
      return true;
    }
    const isEvents = path === '/events' && 'x-keywheel-signature' in request.headers;
    if (!isEvents && !path.startsWith('/host/')) return false;
    this.answerProven(request, response).catch((error: unknown) => {
      this.ports.log.error('A window could not be answered.', error);
      response.destroy();
    });
    return true;
  };

  /** Tells all windows why hosting ends. */
  bye(reason: ByeReason): void {
    this.streams.bye(reason);
  }

  dispose(): void {
    this.streams.dispose();
  }

  private answerHealth(nonce: string, request: IncomingMessage, response: ServerResponse): void {
    if (nonce.length > longestNonce) {
      answer(response, 400, { error: { code: 'malformed' } });
      return;
    }
    const { secret, machineId, instance, version, product, machine, window } = this.ports.identity;
    const address = addressText(request.socket.localAddress, request.socket.localPort);
    const health: Health = {
      program: 'keywheel',
      protocol,
      version,
      product,
      instance,
      machineId,
      machine,
      window,
      address,
      hostNonce: this.nonces.give(),
      proof: healthProof(secret, { nonce, address, machineId }),
    };
    answer(response, 200, health);
  }

  private async answerProven(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { method = '', url: path = '' } = request;
    const seal = this.prove(request, { method, path, body });
    if (seal === null) {
      answer(response, 401, { error: { code: 'not_proven' } });
      return;
    }
    if (path === '/events') {
      this.streams.open(response, seal);
      return;
    }
    const { service, keys, identity, leave } = this.ports;
    const tellForgotten = (): void => this.streams.forgotten();
    const ports = { service, keys, tellForgotten, leave, version: identity.version };
    const result =
      method === 'POST' ? await runCommand(path.replace(/^\/host\//, ''), ports, body, seal) : null;
    if (result === null) answer(response, 404, { error: { code: 'unknown' } });
    else answer(response, result.status, result.body);
  }

  /** What both ends can open, or null for a request that no window of ours has signed just now. */
  private prove(
    { headers }: IncomingMessage,
    signed: { readonly method: string; readonly path: string; readonly body: Buffer },
  ): Seal | null {
    const nonce = headers['x-keywheel-nonce'];
    const hostNonce = headers['x-keywheel-host-nonce'];
    const signature = headers['x-keywheel-signature'];
    if (typeof nonce !== 'string' || typeof hostNonce !== 'string' || typeof signature !== 'string') {
      return null;
    }
    if (!this.nonces.take(hostNonce)) return null;
    const { secret } = this.ports.identity;
    const expected = requestSignature(secret, { ...signed, nonce, hostNonce });
    return sameProof(signature, expected) ? new Seal(secret, nonce, hostNonce) : null;
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, [
    'content-type',
    'application/json; charset=utf-8',
    'cache-control',
    'no-store',
    'content-length',
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}
