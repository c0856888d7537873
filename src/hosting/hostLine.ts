// A window's line to the program that has the port: identifies that program, and sends one sealed request to a host.
import { Agent, ClientRequest, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import * as v from 'valibot';
import { ask, type Answer } from '../base/http';
import type { Disposable } from '../base/disposable';
import { parseJson } from '../base/json';
import { Secret } from '../base/secret';
import { addressText, healthSchema, type Health, type WindowIdentity } from './identity';
import { healthProof, machineMark, newNonce, requestSignature, Seal, type SignedRequest } from './proof';

const host = '127.0.0.1';
/** Time limit for the whole answer to `/health`. */
const healthTimeoutMs = 2_000;
const mostHealthCharacters = 8_192;
const healthText = v.pipe(v.string(), v.parseJson(), healthSchema);
/** The largest answer; thousands of keys fit into it. */
const mostAnswerBytes = 4 * 1024 * 1024;

/** The commands that a window may send to the host, each to its own path below `/host/`. */
export type HostCommand =
  | 'keys'
  | 'refresh'
  | 'watch'
  | 'unlock'
  | 'cancel'
  | 'clearActivity'
  | 'forget'
  | 'record'
  | 'late'
  | 'stop'
  | 'retire';

/** `silent`: no answer in time · `broken`: it closed the connection · `other`: no Keywheel · `unproven`: this machine's id without a proof. */
export type Stranger = 'silent' | 'broken' | 'other' | 'unproven';

export type Who =
  | { readonly kind: 'nobody' }
  /** A proven host on this machine; the caller disposes the line. `window`: the name of its window. */
  | {
      readonly kind: 'ours';
      readonly protocol: number;
      readonly version: string;
      readonly window: string;
      readonly line: HostLine;
    }
  /** A Keywheel on another machine, by a forwarded port; it is not followed. */
  | { readonly kind: 'otherMachine' }
  | { readonly kind: 'otherProduct'; readonly product: string }
  | { readonly kind: 'stranger'; readonly how: Stranger };

export interface LineEnd {
  readonly port: number;
  readonly secret: Uint8Array;
  /** The window's nonce and the host's. */
  readonly nonce: string;
  readonly hostNonce: string;
}

type HostRequest = Pick<SignedRequest, 'method' | 'path' | 'body'>;

/** The connection to a host. It carries one signed request, as a host nonce is valid once. */
export class HostLine implements Disposable {
  /** The seal that both ends of the coming request share. */
  readonly seal: Seal;

  constructor(
    private readonly agent: Agent,
    private readonly end: LineEnd,
  ) {
    this.seal = new Seal(end.secret, end.nonce, end.hostNonce);
  }

  /** Sends the request over this connection or not at all; resolves with the head of the answer. */
  async send({ method, path, body }: HostRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { agent } = this;
    const { port, secret, nonce, hostNonce } = this.end;
    const headers = {
      'content-length': body.length,
      'x-keywheel-nonce': nonce,
      'x-keywheel-host-nonce': hostNonce,
      'x-keywheel-signature': requestSignature(secret, { hostNonce, nonce, method, path, body }),
    };
    const asked = new ClientRequest({ host, port, method, path, agent, signal, headers });
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
      asked.end(body);
    });
  }

  dispose(): void {
    this.agent.destroy();
  }
}

/** Finds out which program has the port of 127.0.0.1; sends it a nonce and nothing else. Never rejects. */
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
  if (health === null) {
    agent.destroy();
    return withoutHealth(answer);
  }
  const { hostNonce } = health;
  const line = new HostLine(agent, { port, secret: self.secret, nonce, hostNonce });
  const who = judge(health, { nonce, port, line }, self);
  if (who.kind !== 'ours') line.dispose();
  return who;
}

/** Whether the port can be bound on this machine; a program that has it does not notice the check. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
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

function judge(
  health: Health,
  { nonce, port, line }: { readonly nonce: string; readonly port: number; readonly line: HostLine },
  self: WindowIdentity,
): Who {
  const { protocol, version, product, machineId, address } = health;
  const isProven = new Secret(healthProof(self.secret, { nonce, address, machineId })).matches(health.proof);
  const isOurId = machineId === self.machineId;
  if (isProven && isOurId && address === addressText(host, port)) {
    return { kind: 'ours', protocol, version, window: windowIn(health, line.seal), line };
  }
  if (isProven && !isOurId) return { kind: 'otherMachine' };
  // A program with this machine's id but without a proof for this address is an imitation or a relay.
  if (isOurId) return { kind: 'stranger', how: 'unproven' };
  // Unproven values are used only for a message.
  const isHere = health.machineMark === machineMark(self.machine, nonce) || health.machine === self.machine;
  return product === self.product && !isHere ? { kind: 'otherMachine' } : { kind: 'otherProduct', product };
}

/** The name of the host's window; hosts of earlier builds send it unsealed. */
function windowIn({ sealedWindow, window }: Health, seal: Seal): string {
  const opened = seal.open('window', sealedWindow);
  return typeof opened === 'string' ? opened : window;
}

/** The purposes under which requests and answers with secrets are sealed. */
const purposes: Partial<Record<HostCommand, { readonly asked?: string; readonly answered: string }>> = {
  keys: { asked: 'offerKeys', answered: 'knownKeys' },
  record: { answered: 'recorded' },
};

const answerSchema = v.record(v.string(), v.unknown());

export interface HostQuestion {
  readonly name: HostCommand;
  readonly body: unknown;
  readonly timeoutMs: number;
}

export interface HostReply {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one command to the host. Null if no proven host has the port, or it did not answer in time. Never rejects. */
export async function askHost(
  port: number,
  self: WindowIdentity,
  { name, body, timeoutMs }: HostQuestion,
): Promise<HostReply | null> {
  const who = await identify(port, self);
  if (who.kind !== 'ours') return null;
  const { line } = who;
  try {
    const { asked, answered } = purposes[name] ?? {};
    const sent = asked === undefined ? body : { sealed: line.seal.close(asked, body) };
    const request = { method: 'POST', path: `/host/${name}`, body: Buffer.from(JSON.stringify(sent)) };
    const response = await line.send(request, AbortSignal.timeout(timeoutMs));
    const answer = v.parse(answerSchema, parseJson(await textOf(response)));
    const { sealed } = answer;
    const isSealed = answered !== undefined && typeof sealed === 'string';
    return {
      status: response.statusCode ?? 0,
      body: isSealed ? line.seal.open(answered, sealed) : answer,
    };
  } catch {
    // The connection was lost, or the answer has another form: the caller tries again or reports it.
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
