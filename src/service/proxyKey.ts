// What clients send.
import { randomBytes } from 'node:crypto';

/** 24 random bytes. */
export function newProxyKey(): string {
  return `kw-${randomBytes(24).toString('base64url')}`;
}
