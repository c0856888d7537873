// A window's line to whoever has the port: finds out who that is, and carries one sealed request to a host of ours.
import { Agent, ClientRequest, type IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { ask, type Answer } from '../base/ask';
import type { Disposable } from '../base/disposable';
import { addressText, healthSchema, type Health, type WindowIdentity } from './identity';
import { machineMark, newNonce, purposes, Seal, sealedType } from './proof';

const host = '127.0.0.1';
/** For the whole answer to `/health`. */
const healthTimeoutMs = 2_000;
const mostHealthCharacters = 8_192;
const healthText = v.pipe(v.string(), v.parseJson(), healthSchema);
/** Of an answer; thousands of keys fit. */
const mostAnswerBytes = 4 * 1024 * 1024;

/** What a window may ask of the host, each on its own path below `/host/`. */
export type HostCommand =
  | 'keys'
  | 'refresh'
  | 'watch'
  | 'unlock'
  | 'cancel'
  | 'clearActivity'
  | 'forget'
  | 'record'
  | 'stop'
  | 'retire';

/** `silent`: no answer in time · `broken`: it closed the connection · `other`: it is no Keywheel · `unproven`: it claims to be ours. */
export type Stranger = 'silent' | 'broken' | 'other' | 'unproven';

export type Who =
  | { readonly kind: 'nobody' }
  /** Proven, on this machine; the caller disposes the line. `window`: its name. */
  | {
      readonly kind: 'ours';
      readonly protocol: number;
      readonly version: string;
      readonly window: string;
      readonly line: HostLine;
    }
  /** By a forwarded port; its proxy is not followed. */
  | { readonly kind: 'otherMachine' }
  | { readonly kind: 'otherProduct'; readonly product: string }
  | { readonly kind: 'stranger'; readonly how: Stranger };

/** The connection to a host. It carries one request, as the host takes one for each nonce. */
export class HostLine implements Disposable {
  constructor(
    private readonly agent: Agent,
    readonly port: number,
    /** What both ends of this connection send each other. */
    readonly seal: Seal,
  ) {}

  /** Sends the request over this connection or not at all; resolves with the head of the answer. */
  async send(name: HostCommand | 'events', body: unknown, signal: AbortSignal): Promise<IncomingMessage> {
    const { agent, port, seal } = this;
    const headers = { 'content-type': sealedType };
    const asked = new ClientRequest({
      host,
      port,
      method: 'POST',
      path: `/host/${name}`,
      headers,
      agent,
      signal,
    });
    asked.once('socket', () => {
      // The connection was lost between proof and request: nothing was sent.
      if (!asked.reusedSocket) asked.destroy(new Error('The connection to the host was lost.'));
    });
    return await new Promise((resolve, reject) => {
      asked.once('error', reject);
      asked.once('response', (response) => {
        // Errors after the head reach the reader of the body.
        asked.on('error', () => undefined);
        resolve(response);
      });
      asked.end(seal.close(purposes.request(name), body));
    });
  }

  dispose(): void {
    this.agent.destroy();
  }
}

/** Sends a nonce and nothing else; never rejects. 127.0.0.1 decides who has the port. */
export async function identify(port: number, self: WindowIdentity): Promise<Who> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const nonce = newNonce();
  const answer = await ask({
    url: `http://${host}:${port}/health?nonce=${nonce}`,
    way: agent,
    timeoutMs: healthTimeoutMs,
    mostCharacters: mostHealthCharacters,
  });
  const health = healthIn(answer);
  const line = new HostLine(agent, port, new Seal(self.secret, nonce, health?.hostNonce ?? ''));
  const who = health === null ? withoutHealth(answer) : judge(health, nonce, line, self);
  if (who.kind !== 'ours') line.dispose();
  return who;
}

function healthIn(answer: Answer): Health | null {
  if (answer.kind === 'failed' || answer.status !== 200) return null;
  const read = v.safeParse(healthText, answer.text);
  return read.success ? read.output : null;
}

function withoutHealth(answer: Answer): Who {
  if (answer.kind === 'answer') return { kind: 'stranger', how: 'other' };
  switch (answer.code) {
    case 'ECONNREFUSED':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return { kind: 'nobody' };
    default:
      return { kind: 'stranger', how: answer.code === 'timeout' ? 'silent' : 'broken' };
  }
}

function judge(health: Health, nonce: string, line: HostLine, self: WindowIdentity): Who {
  const { protocol, version, product, address } = health;
  const window = line.seal.open(purposes.window(health), health.sealedWindow);
  const isProven = typeof window === 'string';
  const isOurId = health.machineId === self.machineId;
  if (isProven && isOurId && address === addressText(host, line.port))
    return { kind: 'ours', protocol, version, window, line };
  if (isProven && !isOurId) return { kind: 'otherMachine' };
  // Our machine id without a proof for this address: an imitation, or a relay.
  if (isOurId) return { kind: 'stranger', how: 'unproven' };
  // Unproven values are only shown in a message.
  const isHere = health.machineMark === machineMark(self.machine, nonce);
  return product === self.product && !isHere ? { kind: 'otherMachine' } : { kind: 'otherProduct', product };
}

export interface HostQuestion {
  readonly name: HostCommand;
  readonly body: unknown;
  readonly timeoutMs: number;
}

export interface HostReply {
  readonly status: number;
  readonly body: unknown;
}

/** Null if no host of ours has the port, or it did not answer in time. Never rejects. */
export async function askHost(
  port: number,
  self: WindowIdentity,
  { name, body, timeoutMs }: HostQuestion,
): Promise<HostReply | null> {
  const who = await identify(port, self);
  if (who.kind !== 'ours') return null;
  const { line } = who;
  try {
    const response = await line.send(name, body, AbortSignal.timeout(timeoutMs));
    const answer = line.seal.open(purposes.answer(name), await textOf(response));
    return answer === undefined ? null : { status: response.statusCode ?? 0, body: answer };
  } catch {
    // The connection was lost: the caller tries again or reports it.
    return null;
  } finally {
    line.dispose();
  }
}

/** The whole body as text; rejects when it is larger than 4 MiB. */
async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > mostAnswerBytes) throw new RangeError(`More than ${mostAnswerBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
