// The connection to a proven host. It carries one signed request, as a host nonce is valid once.
import { ClientRequest, type Agent, type IncomingMessage } from 'node:http';
import type { Disposable } from '../base/disposable';
import { requestSignature, Seal, type SignedRequest } from './proof';

/** Of an answer; thousands of keys fit. */
const mostBytes = 4 * 1024 * 1024;

export interface LineEnd {
  readonly host: string;
  readonly port: number;
  readonly secret: Buffer;
  /** The window's nonce and the host's. */
  readonly nonce: string;
  readonly hostNonce: string;
}

type HostRequest = Pick<SignedRequest, 'method' | 'path' | 'body'>;

export class HostLine implements Disposable {
  constructor(
    private readonly agent: Agent,
    private readonly end: LineEnd,
  ) {}

  get nonce(): string {
    return this.end.nonce;
  }

  /** The seal that both ends of the coming request share. */
  seal(): Seal {
    const { secret, nonce, hostNonce } = this.end;
    return new Seal(secret, nonce, hostNonce);
  }

  /** Sends the request over this connection or not at all; resolves with the head of the answer. */
  async send({ method, path, body }: HostRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { agent } = this;
    const { host, port, secret, nonce, hostNonce } = this.end;
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

/** The whole body as text; rejects when it is larger than 4 MiB. */
export async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > mostBytes) throw new RangeError(`More than ${mostBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
