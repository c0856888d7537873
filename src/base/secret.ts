// Secrets, the names that stand for them, and the last check that keeps them out of text.
import { hash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** The first 12 hex digits of a key's SHA-256: the only name of a key that may be logged, stored outside the vault or shown. */
export type KeyId = string;

const shortestTelling = 16;
/** The most words of a text that is searched for a short secret; more words would be as many guesses at once. */
const mostWords = 4;

/** Holds one secret; prints as `[secret]` wherever it is turned into text. Only `reveal` gives the secret itself. */
export class Secret {
  readonly #text: string;
  #compared: Buffer | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** Compares in constant time: both texts are first brought to one length, so that neither their bytes nor their lengths show. */
  matches(presented: string): boolean {
    this.#compared ??= comparable(this.#text);
    return timingSafeEqual(this.#compared, comparable(presented));
  }

  /** Whether the text holds the secret. A short secret may be part of any text: it counts only as one of few whole words. */
  isIn(text: string): boolean {
    if (this.#text.length >= shortestTelling) return text.includes(this.#text);
    const words = text.split(/[\s,;="']+/, mostWords + 2).filter((word) => word !== '');
    return words.length <= mostWords && words.includes(this.#text);
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
  return sha256(key).slice(0, 12);
}

/** A short, stable name for something that need not be readable (an account's id at OpenRouter). */
export function shortHash(text: string): string {
  return sha256(text).slice(0, 12);
}

/** The part of a key that may be shown, in ASCII as in a header: known prefix and last four characters; `...` for a short key. */
export function maskKey(key: string): string {
  if (key.length < 20) return '...';
  const prefix = /^sk-or-(?:v\d+-)?/.exec(key)?.[0] ?? '';
  return `${prefix}...${key.slice(-4)}`;
}

/** Without a lookbehind, which would scan a run of blanks again at each of its characters. */
const secretShapes =
  /sk-or-[A-Za-z0-9_-]{4,}|kw-[A-Za-z0-9_-]{16,}|(bearer\s+)[A-Za-z0-9._~+/=-]{8,}|(:\/\/)[^\s/]+(?=@)/gi;

/** The text with all that looks like a key, a proxy key, a bearer token or a URL's user and password replaced: a last check only. */
export function redact(text: string): string {
  return text.replace(
    secretShapes,
    (_shape, bearer?: string, url?: string) => `${bearer ?? url ?? ''}[secret]`,
  );
}

const longestCompared = 254;

/** A buffer of fixed length: the text's length, its bytes, and zeros; for a longer text its hash. */
function comparable(text: string): Buffer {
  const isLong = Buffer.byteLength(text) > longestCompared;
  const bytes = Buffer.allocUnsafe(1 + longestCompared).fill(0);
  const length = bytes.write(isLong ? sha256(text) : text, 1);
  bytes[0] = isLong ? longestCompared + 1 : length;
  return bytes;
}

/** The hash in hex; the text cannot be found from it. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
