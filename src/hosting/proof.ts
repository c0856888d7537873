// Makes proofs with the host secret: of the host and of a window's request; seals the values that both exchange.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock';
import { Secret } from '../base/secret';

const nonceLivesMs = 30_000;
const ivBytes = 12;
const tagBytes = 16;

/** 16 random bytes as text; each is used once. */
export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/** The nonces that a host has given out: the last one of each connection is valid for one request over it, for 30 s. */
export class HostNonces {
  private readonly given = new WeakMap<Socket, { readonly nonce: string; readonly atMs: number }>();

  constructor(private readonly clock: Clock) {}

  give(socket: Socket): string {
    const nonce = newNonce();
    this.given.set(socket, { nonce, atMs: this.clock.elapsedMs() });
    return nonce;
  }

  /** True once, for the nonce that this connection was given. */
  take(socket: Socket, nonce: string): boolean {
    const given = this.given.get(socket);
    if (given === undefined || !new Secret(given.nonce).matches(nonce)) return false;
    this.given.delete(socket);
    return this.clock.elapsedMs() - given.atMs < nonceLivesMs;
  }
}

/** A hash that tells machines apart without naming them: only a window that knows the name can make the same hash. */
export function machineMark(machine: string, nonce: string): string {
  return createHash('sha256').update(`keywheel/1 machine\n${nonce}\n${machine}`).digest('base64url');
}

export interface HealthClaim {
  /** The nonce of the window that asks. */
  readonly nonce: string;
  /** Address and port that the window has connected to; a relayed proof contains another. */
  readonly address: string;
  readonly machineId: string;
}

/** The proof for a window's nonce, which only a program with the secret can make. */
export function healthProof(secret: Uint8Array, { nonce, address, machineId }: HealthClaim): string {
  return mac(secret, ['keywheel/1 health', nonce, address, machineId]);
}

export interface SignedRequest {
  /** The nonce from the host's answer to `/health`; valid once. */
  readonly hostNonce: string;
  readonly nonce: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** The signature of this one request, which only a program with the secret can make. */
export function requestSignature(secret: Uint8Array, request: SignedRequest): string {
  const { hostNonce, nonce, method, path, body } = request;
  const digest = createHash('sha256').update(body).digest('base64url');
  return mac(secret, ['keywheel/1 request', hostNonce, nonce, method, path, digest]);
}

/** Encrypts the values that both ends of one request send each other; a value opens only for its own `purpose`. */
export class Seal {
  private readonly key: Buffer;

  constructor(secret: Uint8Array, nonce: string, hostNonce: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, `${nonce}\n${hostNonce}`, 'keywheel/1 seal', 32));
  }

  close(purpose: string, value: unknown): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(purpose));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** The value that was sealed for this purpose with the same nonces; undefined for anything else. */
  open(purpose: string, sealed: string): unknown {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < ivBytes + tagBytes) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, ivBytes))
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
      return JSON.parse(text.toString('utf8')) as unknown;
    } catch {
      // A forged value and one sealed for another purpose are the same to the caller.
      return undefined;
    }
  }
}

/** The proxy key for a vault without one: the same in every window of this machine; it reveals nothing of the secret. */
export function firstProxyKey(secret: Uint8Array): string {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'keywheel/1 first proxy key', 24));
  return `kw-${bytes.toString('base64url')}`;
}

function mac(secret: Uint8Array, parts: readonly string[]): string {
  return createHmac('sha256', secret).update(parts.join('\n')).digest('base64url');
}
