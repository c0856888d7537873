// One connection to whoever has the port: asked who it is, and only when proven told anything.
import { Agent, ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import * as v from 'valibot';
import type { Disposable } from '../base/disposable';
import { healthSchema, type Health } from './identity';
import { newNonce, requestSignature, Seal } from './proof';

/** How long anybody may take for an answer. */
export const answerTimeoutMs = 2_000;
const mostHealthBytes = 8_192;
/** Of a question and of its answer: thousands of keys fit in. */
const mostBytesEach = 4 * 1024 * 1024;

/** `nobody`: nothing listens · `silent`: no answer in time · `broken`: it hung up · `other`: it answered, but not as a Keywheel that can be asked. */
export type Knock =
  | { readonly kind: 'nobody' | 'silent' | 'broken' | 'other' }
  | { readonly kind: 'answered'; readonly health: Health; readonly line: HostLine };

/** The connection was lost between proof and request: nothing was sent. */
class LineLostError extends Error {
  readonly code = 'lineLost';
  override readonly name = 'LineLostError';
}

/** Asks for the health of whoever listens; sends a nonce and nothing else. Whoever gets a line disposes it. */
export async function knock(host: string, port: number, timeoutMs = answerTimeoutMs): Promise<Knock> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const nonce = newNonce();
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // Not `request`: VS Code replaces it by one that takes another agent, and the connection would be lost.
    const asked = new ClientRequest({ host, port, path: `/health?nonce=${nonce}`, agent, signal });
    const { response, socket } = await answerOf(asked);
    const body = await bodyOf(response, mostHealthBytes);
    const read = v.safeParse(healthText, body.toString('utf8'));
    if (response.statusCode !== 200 || !read.success) {
      agent.destroy();
      return { kind: 'other' };
    }
    return {
      kind: 'answered',
      health: read.output,
      line: new HostLine(agent, socket, { host, port, nonce }),
    };
  } catch (error: unknown) {
    agent.destroy();
    return { kind: kindOf(error) };
  }
}

const healthText = v.pipe(v.string(), v.parseJson(), healthSchema);

interface LineEnd {
  readonly host: string;
  readonly port: number;
  /** What the host was asked with. */
  readonly nonce: string;
}

export interface HostRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: Buffer;
}

/** The proven connection; one signed request goes over it, as each host nonce is taken once. */
export class HostLine implements Disposable {
  constructor(
    private readonly agent: Agent,
    private readonly socket: Socket,
    private readonly end: LineEnd,
  ) {}

  get nonce(): string {
    return this.end.nonce;
  }

  /** What both ends of the coming request can open. */
  seal(secret: Buffer, { hostNonce }: Health): Seal {
    return new Seal(secret, this.nonce, hostNonce);
  }

  /** Sends the request over this connection or not at all; resolves with the head of the answer. */
  async send(
    secret: Buffer,
    { hostNonce }: Health,
    { method, path, body }: HostRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { host, port, nonce } = this.end;
    const signature = requestSignature(secret, { hostNonce, nonce, method, path, body });
    const asked = new ClientRequest({
      host,
      port,
      method,
      path,
      agent: this.agent,
      signal,
      headers: {
        'content-length': body.length,
        'x-keywheel-nonce': nonce,
        'x-keywheel-host-nonce': hostNonce,
        'x-keywheel-signature': signature,
      },
    });
    asked.once('socket', (socket) => {
      if (socket !== this.socket) asked.destroy(new LineLostError('The connection to the host was lost.'));
    });
    const { response } = await answerOf(asked, body);
    return response;
  }

  dispose(): void {
    this.agent.destroy();
  }
}

/** The whole body, or a rejection when it is larger than that. */
export async function bodyOf(message: IncomingMessage, mostBytes = mostBytesEach): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > mostBytes) throw new RangeError(`More than ${mostBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

interface Answered {
  readonly response: IncomingMessage;
  readonly socket: Socket;
}

async function answerOf(asked: ClientRequest, body?: Buffer): Promise<Answered> {
  return await new Promise((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', (response) => {
      // Errors after the head belong to whoever reads the body.
      asked.on('error', () => undefined);
      resolve({ response, socket: response.socket });
    });
    asked.end(body);
  });
}

function kindOf(error: unknown): 'nobody' | 'silent' | 'broken' {
  if (!(error instanceof Error)) return 'broken';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'silent';
  const code = 'code' in error ? error.code : '';
  if (code === 'ABORT_ERR') return 'silent';
  return code === 'ECONNREFUSED' || code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' ? 'nobody' : 'broken';
}
