// Answers requests between windows on the host: proves itself to any client, and obeys the commands of proven windows.
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { parseJson } from '../base/json';
import type { Log } from '../base/log';
import { ownHeaders } from '../base/http';
import { Pieces } from '../base/pieces';
import { Secret } from '../base/secret';
import { savedExchangesSchema } from '../service/history/activity';
import { keySetSchema } from '../service/keyring/storedKey';
import type { KeywheelService } from '../service/keywheelService';
import type { ExchangeView } from '../service/snapshot';
import { EventStreams } from './eventStreams';
import type { ByeReason } from './hostEvents';
import type { HostCommand, HostReply } from './hostLine';
import { addressText, isNewer, protocol, type Health, type WindowIdentity } from './identity';
import { healthProof, HostNonces, machineMark, requestSignature, Seal } from './proof';
import type { SharedKeys } from './keyShare';

const longestNonce = 100;
/** The largest body: 5,000 sealed keys have 1.2 MB. */
const mostBodyBytes = 2 * 1024 * 1024;
/** The most bytes of all bodies together whose senders are not yet proven: the proof covers the whole body. */
const mostUnprovenBytes = 8 * 1024 * 1024;
const unprovenBodyTimeoutMs = 5_000;

export interface HostRoutesPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly service: KeywheelService;
  readonly keys: SharedKeys;
  readonly identity: WindowIdentity;
  /** Frees the port within the call and ends hosting. */
  readonly leave: (reason: ByeReason) => void;
}

export class HostRoutes implements Disposable {
  private readonly nonces: HostNonces;
  private readonly streams: EventStreams;
  /** Bytes held of each body that is being read, and of all of them. */
  private readonly unproven = new Map<IncomingMessage, number>();
  private unprovenBytes = 0;

  constructor(private readonly ports: HostRoutesPorts) {
    this.nonces = new HostNonces(ports.clock);
    this.streams = new EventStreams(ports);
  }

  /** Answers a request between windows and returns true; false for any other request, which is left alone. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    // `new URL` throws at targets that any client may send, such as `//`.
    const [path = '', query = ''] = (request.url ?? '/').split('?');
    const nonce = new URLSearchParams(query).get('nonce');
    if (path === '/health' && nonce !== null && request.method === 'GET') {
      this.answerHealth(nonce, request, response);
      return true;
    }
    if (!isForWindows(path, request)) return false;
    const proof = this.proofIn(request);
    if (proof === null) {
      // The body is not read, so the connection ends with the answer.
      response.shouldKeepAlive = false;
      answer(response, notProven);
      return true;
    }
    this.answerProof(proof, request, response).catch((error: unknown) => {
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
      answer(response, malformed);
      return;
    }
    const { secret, machineId, version, product, machine, window } = this.ports.identity;
    const { socket } = request;
    const address = addressText(socket.localAddress, socket.localPort);
    const hostNonce = this.nonces.give(socket);
    const health: Health = {
      program: 'keywheel',
      protocol,
      version,
      product,
      machineId,
      machine: '',
      window: '',
      instance: '',
      machineMark: machineMark(machine, nonce),
      sealedWindow: new Seal(secret, nonce, hostNonce).close('window', window),
      address,
      hostNonce,
      proof: healthProof(secret, { nonce, address, machineId }),
    };
    answer(response, { status: 200, body: health });
  }

  private async answerProof(proof: Proof, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await this.bodyOf(request);
    if (body === null) return;
    const { method = '', url: path = '' } = request;
    const { identity } = this.ports;
    const { nonce, hostNonce, signature } = proof;
    const signed = { method, path, body, nonce, hostNonce };
    if (!new Secret(requestSignature(identity.secret, signed)).matches(signature)) {
      answer(response, notProven);
      return;
    }
    const seal = new Seal(identity.secret, nonce, hostNonce);
    if (path === '/events') {
      this.streams.open(response, seal);
      return;
    }
    const name = path.replace(/^\/host\//, '');
    const result =
      method === 'POST' && isCommand(name) ? await run(name, this.ports, body, seal) : unknownCommand;
    answer(response, result);
  }

  /** The headers of the signature, or null if one is missing or the nonce was not given to this connection. */
  private proofIn({ headers, socket }: IncomingMessage): Proof | null {
    const nonce = headers['x-keywheel-nonce'];
    const hostNonce = headers['x-keywheel-host-nonce'];
    const signature = headers['x-keywheel-signature'];
    if (typeof nonce !== 'string' || typeof hostNonce !== 'string' || typeof signature !== 'string') {
      return null;
    }
    return this.nonces.take(socket, hostNonce) ? { nonce, hostNonce, signature } : null;
  }

  /** The whole body, or null if it is too large, too slow or cut off, or was the largest when all together were too large. */
  private async bodyOf(request: IncomingMessage): Promise<Buffer | null> {
    const { clock, log } = this.ports;
    const late = clock.after(unprovenBodyTimeoutMs, () => request.destroy());
    const pieces = new Pieces();
    try {
      for await (const chunk of request) {
        const piece = Buffer.from(chunk as Uint8Array);
        pieces.push(piece);
        if (pieces.bytes > mostBodyBytes) throw new RangeError(`More than ${mostBodyBytes} bytes.`);
        this.hold(request, piece.length);
      }
      return pieces.take();
    } catch (error: unknown) {
      log.debug(`The body of a request to the host was not read: ${String(error)}.`);
      request.destroy();
      return null;
    } finally {
      late.dispose();
      this.release(request);
    }
  }

  /** Counts a body's bytes. Beyond the limit for all bodies the largest is destroyed, as the bodies of windows are small. */
  private hold(request: IncomingMessage, bytes: number): void {
    this.unproven.set(request, (this.unproven.get(request) ?? 0) + bytes);
    this.unprovenBytes += bytes;
    if (this.unprovenBytes <= mostUnprovenBytes) return;
    const [largest] = [...this.unproven].reduce((one, other) => (other[1] > one[1] ? other : one));
    this.release(largest);
    largest.destroy();
  }

  private release(request: IncomingMessage): void {
    this.unprovenBytes -= this.unproven.get(request) ?? 0;
    this.unproven.delete(request);
  }
}

/** Whether the request is one between windows; `/events` only if it is signed, as a client may request that path too. */
function isForWindows(path: string, { headers }: IncomingMessage): boolean {
  return path.startsWith('/host/') || (path === '/events' && 'x-keywheel-signature' in headers);
}

/** A request's proof, which is checked once the body has been read, as the signature covers it. */
interface Proof {
  readonly nonce: string;
  readonly hostNonce: string;
  readonly signature: string;
}

function answer(response: ServerResponse, { status, body: value }: HostReply): void {
  const body = JSON.stringify(value);
  response.writeHead(status, [
    'content-type',
    'application/json; charset=utf-8',
    'cache-control',
    'no-store',
    'content-length',
    String(Buffer.byteLength(body)),
    ...ownHeaders,
  ]);
  response.end(body);
}

type Command = (ports: HostRoutesPorts, body: unknown, seal: Seal) => HostReply | Promise<HostReply>;

const done: HostReply = { status: 200, body: {} };
const malformed = refused(400, 'malformed');
const unknownCommand = refused(404, 'unknown');
const notProven = refused(401, 'not_proven');

function refused(status: number, code: string): HostReply {
  return { status, body: { error: { code } } };
}

const optionalText = v.optional(v.string());
const exchangeView = v.custom<ExchangeView>((value) => v.is(savedExchangesSchema, [value]));
const offeredKeys = v.object({ ...keySetSchema.entries, base: v.optional(v.number()) });

/** A command without a body and without a result. */
function plain(run: (ports: HostRoutesPorts) => void): Command {
  return (ports) => {
    run(ports);
    return done;
  };
}

/** A command whose body fits the schema. */
function withBody<T>(
  schema: v.GenericSchema<unknown, T>,
  run: (body: T, ports: HostRoutesPorts, seal: Seal) => HostReply | Promise<HostReply>,
): Command {
  return (ports, body, seal) => {
    const read = v.safeParse(schema, body);
    return read.success ? run(read.output, ports, seal) : malformed;
  };
}

/** The commands of windows; each opens its `sealed` body itself, and seals an answer with secrets. */
const commands: Readonly<Record<HostCommand, Command>> = {
  /** Offers a changed set of keys; 409 if the host has a newer one, or another than it was made of. Both answers contain the host's set. */
  keys: withBody(v.object({ sealed: v.string() }), ({ sealed }, { keys }, seal) => {
    const offered = v.safeParse(offeredKeys, seal.open('offerKeys', sealed));
    if (!offered.success) return malformed;
    const { base, ...set } = offered.output;
    const isTaken = keys.offer(set, base);
    return { status: isTaken ? 200 : 409, body: { sealed: seal.close('knownKeys', keys.current) } };
  }),
  refresh: withBody(v.object({ keyId: optionalText }), async ({ keyId }, { service }) => {
    await service.refresh(keyId);
    return done;
  }),
  /** Says that the user looks at a window. */
  watch: plain(({ service }) => service.watched()),
  unlock: withBody(
    v.object({ keyId: optionalText, accountId: optionalText, model: optionalText }),
    (target, { service }) => {
      service.unlock(target);
      return done;
    },
  ),
  cancel: withBody(v.object({ requestId: v.string() }), ({ requestId }, { service }) =>
    service.cancel(requestId) ? done : refused(404, 'gone'),
  ),
  clearActivity: plain(({ service }) => service.history.clearActivity()),
  forget: plain(({ service }) => service.forget()),
  /** Answered when the next exchange has ended; the answer is sealed, as it contains bodies. */
  record: async ({ service }, _, seal) => ({
    status: 200,
    body: { sealed: seal.close('recorded', { text: await service.recorder.next() }) },
  }),
  /** An exchange of the previous host, which ended after this host had begun. */
  late: withBody(v.object({ exchange: exchangeView }), ({ exchange }, { service }) => {
    service.noteLate(exchange);
    return done;
  }),
  stop: plain(({ leave }) => leave('stopped')),
  /** Only a newer version may take the port, so that an older one never takes it back. */
  retire: withBody(v.object({ version: v.string() }), ({ version }, { leave, identity }) => {
    if (!isNewer(version, identity.version)) return refused(409, 'notNewer');
    leave('retired');
    return done;
  }),
};

function isCommand(name: string): name is HostCommand {
  return Object.hasOwn(commands, name);
}

async function run(name: HostCommand, ports: HostRoutesPorts, body: Buffer, seal: Seal): Promise<HostReply> {
  const read = parseJson(body.toString('utf8'));
  return read === undefined ? malformed : await commands[name](ports, read, seal);
}
