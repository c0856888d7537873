/** Reads a client's bytes as strictly as possible: HTTP/1.1 messages one after the other, and nothing else. */

export interface Messages {
  readonly heads: readonly string[];
  readonly text: string;
  /** Why the bytes are no unambiguous sequence of messages, or null. The last one may be cut off. */
  readonly fault: string | null;
}

const statusLine = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;

/** `mayBeHeads`: framing is not read, because the length of an answer to HEAD is not known from its bytes. */
export function readMessages(bytes: Buffer, mayBeHeads: boolean): Messages {
  const text = bytes.toString('latin1');
  const heads: string[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return { heads, text, fault: text.startsWith('HTTP/1.1 ', at) ? null : strange(text, at) };
    const head = text.slice(at, end);
    const framing = readHead(head);
    if (typeof framing === 'string') return { heads, text, fault: framing };
    heads.push(head);
    if (mayBeHeads) return { heads, text, fault: null };
    const next = endOfBody(text, end + 4, framing);
    if (typeof next === 'string') return { heads, text, fault: next };
    at = next;
  }
  return { heads, text, fault: null };
}

function strange(text: string, at: number): string {
  return `no message begins with ${JSON.stringify(text.slice(at, at + 80))}`;
}

interface Framing {
  readonly hasNoBody: boolean;
  readonly lengths: readonly string[];
  readonly isChunked: boolean;
  readonly closes: boolean;
}

function readHead(head: string): Framing | string {
  const [first = '', ...lines] = head.split('\r\n');
  const status = statusLine.exec(first)?.[1];
  if (status === undefined) return strange(first, 0);
  const lengths: string[] = [];
  let isChunked = false;
  let closes = false;
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return `a strange header line: ${JSON.stringify(line)}`;
    const lower = name.toLowerCase();
    if (lower === 'content-length') lengths.push(value);
    if (lower === 'transfer-encoding') isChunked = true;
    if (lower === 'connection') closes = /close/i.test(value);
  }
  if (lengths.length > 1 || (lengths.length > 0 && isChunked)) return `two framings: ${JSON.stringify(head)}`;
  return { hasNoBody: /^(?:1|204|304)/.test(status), lengths, isChunked, closes };
}

/** Where the next message begins; the end of the text where this one is cut off or ends with its connection. */
function endOfBody(
  text: string,
  at: number,
  { hasNoBody, lengths, isChunked, closes }: Framing,
): number | string {
  if (hasNoBody) return at;
  const [length] = lengths;
  if (length !== undefined)
    return /^\d+$/.test(length) ? Math.min(text.length, at + Number(length)) : `a strange length: ${length}`;
  if (!isChunked) return closes ? text.length : 'a body without an end';
  for (let from = at; from < text.length;) {
    const end = text.indexOf('\r\n', from);
    if (end < 0) return text.length;
    const size = text.slice(from, end);
    if (!/^[0-9a-f]+$/i.test(size)) return `a strange chunk size: ${JSON.stringify(size.slice(0, 80))}`;
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) return Math.min(text.length, end + 4);
    from = end + 2 + bytes + 2;
    if (from <= text.length && text.slice(from - 2, from) !== '\r\n') return 'a chunk without its end';
  }
  return text.length;
}
