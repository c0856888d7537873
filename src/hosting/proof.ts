// Who proves what with the host secret: the host itself, a window's request, and what is sealed between both.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const ivBytes = 12;
const tagBytes = 16;

/** 16 random bytes as text; each is used once. */
export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

export interface HealthClaim {
  /** The asker's. */
  readonly nonce: string;
  /** Address and port that the asker has connected to: a proof that was relayed names another. */
  readonly address: string;
  readonly machineId: string;
}

/** What only a holder of the secret can answer to a nonce. */
export function healthProof(secret: Buffer, { nonce, address, machineId }: HealthClaim): string {
  return mac(secret, ['keywheel/1 health', nonce, address, machineId]);
}

export interface SignedRequest {
  /** The host's, given with its proof; taken once. */
  readonly hostNonce: string;
  readonly nonce: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** What only a holder of the secret can write under this very request. */
export function requestSignature(secret: Buffer, request: SignedRequest): string {
  const { hostNonce, nonce, method, path, body } = request;
  const digest = createHash('sha256').update(body).digest('base64url');
  return mac(secret, ['keywheel/1 request', hostNonce, nonce, method, path, digest]);
}

/** Compares in a time that does not depend on the texts. */
export function sameProof(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Seals values that the two ends of one request send each other; `purpose` keeps them from being taken for one another. */
export class Seal {
  private readonly key: Buffer;

  constructor(secret: Buffer, nonce: string, hostNonce: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, `${nonce}\n${hostNonce}`, 'keywheel/1 seal', 32));
  }

  close(purpose: string, value: unknown): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(purpose));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** What was closed for the same purpose under the same nonces; undefined for anything else. */
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
      // Not ours, or not meant for this: the same to whoever asks.
      return undefined;
    }
  }
}

/** The proxy key that every window of this machine makes where the vault holds none; it tells nothing of the secret. */
export function firstProxyKey(secret: Buffer): string {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'keywheel/1 first proxy key', 24));
  return `kw-${bytes.toString('base64url')}`;
}

function mac(secret: Buffer, parts: readonly string[]): string {
  return createHmac('sha256', secret).update(parts.join('\n')).digest('base64url');
}
