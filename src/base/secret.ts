// Secrets, the names that stand for them, and the last net that keeps them out of text.
import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** The first 12 hex digits of a key's SHA-256: the only name of a key that may be logged, stored outside the vault or shown. */
export type KeyId = string;

/** Holds one secret; prints as `[secret]` wherever text is made of it. Only `reveal` gives the text. */
export class Secret {
  readonly #text: string;
  #digest: Buffer | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** Compares in a time that depends on neither text: both are hashed first, so that lengths do not show either. */
  matches(presented: string): boolean {
    this.#digest ??= sha256(this.#text);
    return timingSafeEqual(this.#digest, sha256(presented));
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** The name of a key; the same key has the same name on every machine. */
export function keyIdOf(key: string): KeyId {
  return sha256(key).toString('hex').slice(0, 12);
}

/** A short, stable name for something that need not be readable (an account's id at OpenRouter). */
export function shortHash(text: string): string {
  return sha256(text).toString('hex').slice(0, 12);
}

/** What may be shown of a key: its known prefix and its last four characters; nothing of a short one. */
export function maskKey(key: string): string {
  if (key.length < 20) return '…';
  const prefix = /^sk-or-(?:v\d+-)?/.exec(key)?.[0] ?? '';
  return `${prefix}…${key.slice(-4)}`;
}

const secretShapes = /sk-or-[A-Za-z0-9_-]{4,}|kw-[A-Za-z0-9_-]{16,}|(?<=bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi;

/** The text with all that looks like a key, a proxy key or a bearer token replaced. The last net, not the first. */
export function redact(text: string): string {
  return text.replace(secretShapes, '[secret]');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
