// The key that clients send.
import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../base/secret';

/** 24 random bytes. */
export function newProxyKey(): string {
  return `kw-${randomBytes(24).toString('base64url')}`;
}

/** Holds requests until the vault has given the proxy key; before that no key is right. */
export class ProxyKeyGate {
  secret = new Secret(randomUUID());
  /** Resolves when the key is known; null once it is. */
  opening: Promise<void> | null;
  private opened: () => void = () => undefined;

  constructor() {
    this.opening = new Promise((resolve) => (this.opened = resolve));
  }

  set(proxyKey: string): void {
    this.secret = new Secret(proxyKey);
    this.opening = null;
    this.opened();
  }
}
