// Masks the key in everything that is read of an answer: upstream may repeat the key that it was asked with.

/** A shorter text may occur by chance. */
const shortestSecretPart = 32;

/** The text to search for: the key without its prefix, whose hyphens upstream may escape; of a short key the whole. */
function secretPartOf(key: string): string {
  const rest = key.slice(/^sk-or-(?:v\d+-)?/.exec(key)?.[0].length ?? 0);
  return rest.length < shortestSecretPart ? key : rest;
}

/** The mask: as long as the text, as a `Content-Length` must hold; ASCII, for headers; 4 characters of a long text show. */
function maskOf(secretPart: string): string {
  const shown = secretPart.length < 20 ? '' : secretPart.slice(-4);
  return '*'.repeat(secretPart.length - shown.length) + shown;
}

/** `key` null: the attempt had no key. */
export function hideInText(text: string, key: string | null): string {
  if (key === null || text.length < Math.min(key.length, shortestSecretPart)) return text;
  const secretPart = secretPartOf(key);
  return text.includes(secretPart) ? text.replaceAll(secretPart, maskOf(secretPart)) : text;
}

/** The same buffer where the key is not in it, else a copy. */
export function hideInBytes(bytes: Buffer, key: string | null): Buffer {
  return key === null ? bytes : hidden(bytes, secretPartOf(key));
}

function hidden(bytes: Buffer, secretPart: string): Buffer {
  let at = bytes.indexOf(secretPart, 0, 'latin1');
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  const mask = maskOf(secretPart);
  for (; at >= 0; at = copy.indexOf(secretPart, at + secretPart.length, 'latin1'))
    copy.write(mask, at, 'latin1');
  return copy;
}

const nothing = Buffer.alloc(0);

/** Masks the key in a body that passes; the end of a piece that may be the beginning of the key is kept for the next piece. */
export class PassingMask {
  private waiting: Buffer = nothing;

  private readonly secretPart: string;

  constructor(key: string) {
    this.secretPart = secretPartOf(key);
  }

  /** The bytes that may pass now; may be empty. */
  push(piece: Buffer): Buffer {
    const bytes = hidden(
      this.waiting.length === 0 ? piece : Buffer.concat([this.waiting, piece]),
      this.secretPart,
    );
    const at = this.beginningIn(bytes);
    this.waiting = bytes.subarray(at);
    return bytes.subarray(0, at);
  }

  /** The bytes that were kept, once no more come. */
  flush(): Buffer {
    const rest = this.waiting;
    this.waiting = nothing;
    return rest;
  }

  /** The position at which the key may begin at the end of the bytes; their length where it does not. */
  private beginningIn(bytes: Buffer): number {
    const { secretPart } = this;
    // Nearly every piece ends in a character that the key does not have, such as a line end.
    if (!secretPart.includes(String.fromCharCode(bytes.at(-1) ?? 0))) return bytes.length;
    const first = secretPart.charCodeAt(0);
    let at = bytes.indexOf(first, Math.max(0, bytes.length - secretPart.length + 1));
    while (at >= 0 && !secretPart.startsWith(bytes.toString('latin1', at))) at = bytes.indexOf(first, at + 1);
    return at < 0 ? bytes.length : at;
  }
}
