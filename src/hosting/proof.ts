// The seal between a window and a host: whoever opens it, or has closed it, has the host secret.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const ivBytes = 12;
const tagBytes = 16;

/** 16 random bytes as text; each is used once. */
export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/** A hash that tells machines apart without naming them: only a window that knows the name can make the same. */
export function machineMark(machine: string, nonce: string): string {
  return createHash('sha256').update(`keywheel/1 machine\n${nonce}\n${machine}`).digest('base64url');
}

/** The type of a sealed body: a web page in a browser cannot send it to another origin. */
export const sealedType = 'application/x-keywheel';

/** What a value is sealed as: it opens as nothing else. */
export const purposes = {
  /** The name of the host's window, beside the connection's end that the host sees: a relayed answer names another. */
  window: ({ address, machineId }: { readonly address: string; readonly machineId: string }): string =>
    `window\n${address}\n${machineId}`,
  request: (name: string): string => `request\n${name}`,
  answer: (name: string): string => `answer\n${name}`,
  /** In the stream of events. */
  keys: 'keys',
} as const;

/** Encrypts the values that both ends of one connection send each other; none but a holder of the secret can make one that opens. */
export class Seal {
  private readonly key: Buffer;

  /** `nonce`: the window's, `hostNonce`: the host's; each is used once. */
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
      // Forged, or sealed for another purpose: the caller treats both alike.
      return undefined;
    }
  }
}

/** The same proxy key in every window of this machine, for a vault without one; it reveals nothing of the secret. */
export function firstProxyKey(secret: Buffer): string {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'keywheel/1 first proxy key', 24));
  return `kw-${bytes.toString('base64url')}`;
}
