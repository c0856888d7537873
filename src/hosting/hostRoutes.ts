// The host's side of requests between windows: it proves itself to any client, and obeys the commands of proven windows.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { ownHeaders } from '../base/rawHeaders';
import { keySetSchema } from '../service/keyring/storedKey';
import type { KeywheelService } from '../service/keywheelService';
import { EventStreams } from './eventStreams';
import type { ByeReason } from './hostEvents';
import type { HostCommand, HostReply } from './hostLine';
import { addressText, isNewer, protocol, type Health, type WindowIdentity } from './identity';
import { machineMark, newNonce, purposes, Seal, sealedType } from './proof';
import type { SharedKeys } from './keyShare';

const longestNonce = 100;
/** Sealed, 5,000 keys have 1.2 MB. */
const mostBodyBytes = 2 * 1024 * 1024;
/** Of all bodies of unproven senders together: the proof covers the whole body. */
const mostUnprovenBytes = 8 * 1024 * 1024;
const unprovenBodyTimeoutMs = 5_000;
const sealLivesMs = 30_000;

/** What follows is a command of a window. */
const windowsPath = '/host/';

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
  /** The seal of the last answer to `/health` of each connection: it is good for one request over it, for 30 s. */
  private readonly seals = new WeakMap<Socket, { readonly seal: Seal; readonly untilMs: number }>();
  private readonly streams: EventStreams;
  /** Bytes held of each body that is being read. */
  private readonly unproven = new Map<IncomingMessage, number>();

  constructor(private readonly ports: HostRoutesPorts) {
    this.streams = new EventStreams(ports);
  }

  /** True for a request between windows, which is answered here. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    // `new URL` throws at targets that any client may send, such as `//`.
    const [path = '', query = ''] = (request.url ?? '/').split('?');
    const nonce = new URLSearchParams(query).get('nonce');
    if (path === '/health' && nonce !== null && request.method === 'GET') {
      this.answerHealth(nonce, request, response);
      return true;
    }
    if (!path.startsWith(windowsPath)) return false;
    const seal = this.takeSeal(request);
    if (seal === null) {
      // The body is not read, so the connection ends with the answer.
      response.shouldKeepAlive = false;
      answer(response, refused(401, 'not_proven'));
      return true;
    }
    this.answerWindow(path.slice(windowsPath.length), seal, request, response).catch((error: unknown) => {
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

  private answerHealth(nonce: string, { socket }: IncomingMessage, response: ServerResponse): void {
    if (nonce.length > longestNonce) {
      answer(response, refused(400, 'malformed'));
      return;
    }
    const { clock, identity } = this.ports;
    const { secret, machineId, version, product, machine, window } = identity;
    const address = addressText(socket.localAddress, socket.localPort);
    const hostNonce = newNonce();
    const seal = new Seal(secret, nonce, hostNonce);
    this.seals.set(socket, { seal, untilMs: clock.elapsedMs() + sealLivesMs });
    const health: Health = {
      program: 'keywheel',
      protocol,
      version,
      product,
      machineId,
      machineMark: machineMark(machine, nonce),
      address,
      hostNonce,
      sealedWindow: seal.close(purposes.window({ address, machineId }), window),
    };
    answer(response, { status: 200, body: health });
  }

  /** Null if the connection has none that is good, or the request can be no window's. */
  private takeSeal({ socket, headers }: IncomingMessage): Seal | null {
    const kept = this.seals.get(socket);
    this.seals.delete(socket);
    if (kept === undefined || headers['content-type'] !== sealedType) return null;
    return this.ports.clock.elapsedMs() < kept.untilMs ? kept.seal : null;
  }

  /** The body proves the sender: it opens only if the sender has the host secret. */
  private async answerWindow(
    name: string,
    seal: Seal,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const sealed = await this.bodyOf(request);
    if (sealed === null) return;
    const body = seal.open(purposes.request(name), sealed);
    if (body === undefined) {
      answer(response, refused(401, 'not_proven'));
      return;
    }
    if (name === 'events') {
      this.streams.open(response, seal);
      return;
    }
    const reply = isCommand(name) ? await commands[name](this.ports, body) : refused(404, 'unknown');
    send(response, reply.status, sealedType, seal.close(purposes.answer(name), reply.body));
  }

  /** The whole body, or null if it is too large, too slow or cut off, or was destroyed by `cutLargest`. */
  private async bodyOf(request: IncomingMessage): Promise<string | null> {
    const { clock, log } = this.ports;
    const late = clock.after(unprovenBodyTimeoutMs, () => request.destroy());
    const chunks: Buffer[] = [];
    let size = 0;
    this.unproven.set(request, size);
    try {
      for await (const chunk of request) {
        const bytes = Buffer.from(chunk as Uint8Array);
        size += bytes.length;
        if (size > mostBodyBytes) throw new RangeError(`More than ${mostBodyBytes} bytes.`);
        chunks.push(bytes);
        this.unproven.set(request, size);
        this.cutLargest();
      }
      return Buffer.concat(chunks).toString('latin1');
    } catch (error: unknown) {
      log.debug(`The body of a request to the host was not read: ${String(error)}.`);
      request.destroy();
      return null;
    } finally {
      late.dispose();
      this.unproven.delete(request);
    }
  }

  /** Limits the memory for all bodies: destroys the largest, as those of windows are small. */
  private cutLargest(): void {
    const bySize = [...this.unproven].sort(([, one], [, other]) => other - one);
    const sum = bySize.reduce((total, [, size]) => total + size, 0);
    if (sum > mostUnprovenBytes) bySize[0]?.[0].destroy();
  }
}

/** To anybody. */
function answer(response: ServerResponse, { status, body }: HostReply): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, [
    'content-type',
    type,
    'cache-control',
    'no-store',
    'content-length',
    String(Buffer.byteLength(body)),
    ...ownHeaders,
  ]);
  response.end(body);
}

type Command = (ports: HostRoutesPorts, body: unknown) => HostReply | Promise<HostReply>;

const done: HostReply = { status: 200, body: {} };

function refused(status: number, code: string): HostReply {
  return { status, body: { error: { code } } };
}

const optionalText = v.optional(v.string());

/** A command whose body fits the schema. */
function withBody<T>(
  schema: v.GenericSchema<unknown, T>,
  run: (body: T, ports: HostRoutesPorts) => HostReply | Promise<HostReply>,
): Command {
  return (ports, body) => {
    const read = v.safeParse(schema, body);
    return read.success ? run(read.output, ports) : refused(400, 'malformed');
  };
}

const commands: Readonly<Record<HostCommand, Command>> = {
  /** Offers a changed set of keys; 409 if the host has a newer one. Both answers contain the host's set. */
  keys: withBody(keySetSchema, (set, { keys }) => ({
    status: keys.offer(set) ? 200 : 409,
    body: keys.current,
  })),
  refresh: withBody(v.object({ keyId: optionalText }), async ({ keyId }, { service }) => {
    await service.refresh(keyId);
    return done;
  }),
  /** The user looks at a window. */
  watch: ({ service }) => {
    service.watched();
    return done;
  },
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
  clearActivity: ({ service }) => {
    service.clearActivity();
    return done;
  },
  forget: ({ service }) => {
    service.forget();
    return done;
  },
  /** Answered when the next exchange has ended. */
  record: async ({ service }) => ({ status: 200, body: { text: await service.recorder.next() } }),
  stop: ({ leave }) => {
    leave('stopped');
    return done;
  },
  /** Only a newer version may take the port: an older one never takes it back. */
  retire: withBody(v.object({ version: v.string() }), ({ version }, { leave, identity }) => {
    if (!isNewer(version, identity.version)) return refused(409, 'notNewer');
    leave('retired');
    return done;
  }),
};

function isCommand(name: string): name is HostCommand {
  return Object.hasOwn(commands, name);
}
