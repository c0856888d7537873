// Upstream may repeat the key that it was asked with: in all that can be read of an answer the key is masked.

/** As long as the key, so that a `Content-Length` holds; ASCII, as headers are. Its prefix and last four characters are left. */
function maskOf(key: string): string {
  const prefix = /^sk-or-(?:v\d+-)?/.exec(key)?.[0] ?? '';
  const shown = key.length < 20 ? '' : key.slice(-4);
  return prefix + '*'.repeat(key.length - prefix.length - shown.length) + shown;
}

/** `key` null: the attempt had none. */
export function hideInText(text: string, key: string | null): string {
  return key !== null && text.length >= key.length && text.includes(key)
    ? text.replaceAll(key, maskOf(key))
    : text;
}

/** The same bytes where the key is not in them, else a copy. */
export function hideInBytes(bytes: Buffer, key: string | null): Buffer {
  if (key === null) return bytes;
  let at = bytes.indexOf(key, 0, 'latin1');
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  const mask = maskOf(key);
  for (; at >= 0; at = copy.indexOf(key, at + key.length, 'latin1')) copy.write(mask, at, 'latin1');
  return copy;
}

const nothing = Buffer.alloc(0);

/** Masks the key in a body that passes; where a piece ends as the key may begin, that waits for the next one. */
export class PassingMask {
  private waiting: Buffer = nothing;

  constructor(private readonly key: string) {}

  /** What may pass now; it can be empty. */
  push(piece: Buffer): Buffer {
    const bytes = hideInBytes(
      this.waiting.length === 0 ? piece : Buffer.concat([this.waiting, piece]),
      this.key,
    );
    const at = this.beginningIn(bytes);
    this.waiting = bytes.subarray(at);
    return bytes.subarray(0, at);
  }

  /** What waits when no more comes. */
  rest(): Buffer {
    const rest = this.waiting;
    this.waiting = nothing;
    return rest;
  }

  /** Where the key may begin at the end of the bytes; their length where it does not. */
  private beginningIn(bytes: Buffer): number {
    // Nearly every piece ends in what no key has, such as a line's end.
    if (!this.key.includes(String.fromCharCode(bytes.at(-1) ?? 0))) return bytes.length;
    const first = this.key.charCodeAt(0);
    let at = bytes.indexOf(first, Math.max(0, bytes.length - this.key.length + 1));
    while (at >= 0 && !this.key.startsWith(bytes.toString('latin1', at))) at = bytes.indexOf(first, at + 1);
    return at < 0 ? bytes.length : at;
  }
}
