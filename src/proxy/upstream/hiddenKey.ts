// Upstream may repeat the key that it was asked with: in all that can be read of an answer the key is masked.

/** What is shorter may stand in any text. */
const shortestTelling = 32;

/** What is looked for: the key without its prefix, whose hyphens upstream may escape. A short key is looked for as a whole. */
function tellingOf(key: string): string {
  const rest = key.slice(/^sk-or-(?:v\d+-)?/.exec(key)?.[0].length ?? 0);
  return rest.length < shortestTelling ? key : rest;
}

/** As long as what it stands for, so that a `Content-Length` holds; ASCII, as headers are. Four characters of a long one are left. */
function maskOf(telling: string): string {
  const shown = telling.length < 20 ? '' : telling.slice(-4);
  return '*'.repeat(telling.length - shown.length) + shown;
}

/** `key` null: the attempt had none. */
export function hideInText(text: string, key: string | null): string {
  if (key === null || text.length < Math.min(key.length, shortestTelling)) return text;
  const telling = tellingOf(key);
  return text.includes(telling) ? text.replaceAll(telling, maskOf(telling)) : text;
}

/** The same bytes where the key is not in them, else a copy. */
export function hideInBytes(bytes: Buffer, key: string | null): Buffer {
  return key === null ? bytes : hidden(bytes, tellingOf(key));
}

function hidden(bytes: Buffer, telling: string): Buffer {
  let at = bytes.indexOf(telling, 0, 'latin1');
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  const mask = maskOf(telling);
  for (; at >= 0; at = copy.indexOf(telling, at + telling.length, 'latin1')) copy.write(mask, at, 'latin1');
  return copy;
}

const nothing = Buffer.alloc(0);

/** Masks the key in a body that passes; where a piece ends as the key may begin, that waits for the next one. */
export class PassingMask {
  private waiting: Buffer = nothing;

  private readonly telling: string;

  constructor(key: string) {
    this.telling = tellingOf(key);
  }

  /** What may pass now; it can be empty. */
  push(piece: Buffer): Buffer {
    const bytes = hidden(
      this.waiting.length === 0 ? piece : Buffer.concat([this.waiting, piece]),
      this.telling,
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
    const { telling } = this;
    // Nearly every piece ends in what no key has, such as a line's end.
    if (!telling.includes(String.fromCharCode(bytes.at(-1) ?? 0))) return bytes.length;
    const first = telling.charCodeAt(0);
    let at = bytes.indexOf(first, Math.max(0, bytes.length - telling.length + 1));
    while (at >= 0 && !telling.startsWith(bytes.toString('latin1', at))) at = bytes.indexOf(first, at + 1);
    return at < 0 ? bytes.length : at;
  }
}
