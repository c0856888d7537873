// Finds fields in a JSON text by its bytes, without parsing the rest, however large or deep that is.
import { setImmediate as otherWork } from 'node:timers/promises';
import { parseJson } from '../../base/json';

/** A range of bytes: from the first byte to behind the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A field of an object, from the first byte of its name to behind its value; `value` is the value's range. */
export interface Field extends Span {
  readonly value: Span;
}

/** Yields the number of bytes that it has looked at since the last time, so that other requests can run in between. */
export type Scan<T> = Generator<number, T>;

const sliceBytes = 256 * 1024;
/** Longer names are not compared: `web_search_options` has 110 bytes where each letter is escaped. */
const longestName = 128;
/** A JSON string without escapes: its text is the part between the quotes. */
const plainString = /^"[ !#-[\]-\uffff]*"$/;
/** This many bytes of a string are read one by one before `indexOf` searches for its next quote, which costs more to begin. */
const nearBytes = 64;
/** Such a search counts as this many bytes, however far it goes. */
const searchBytes = 16;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** Runs the scan to its end: at once where it is short; after each slice other work goes first. */
export function runScan<T>(scan: Scan<T>): T | Promise<T> {
  const step = slice(scan);
  return step.done === true ? step.value : goOn(scan);
}

async function goOn<T>(scan: Scan<T>): Promise<T> {
  for (;;) {
    await otherWork();
    const step = slice(scan);
    if (step.done === true) return step.value;
  }
}

function slice<T>(scan: Scan<T>): IteratorResult<number, T> {
  for (let bytes = 0; ;) {
    const step = scan.next();
    if (step.done === true) return step;
    bytes += step.value;
    if (bytes >= sliceBytes) return step;
  }
}

/** The named fields of the object at `from`, as far as the text goes; of equal names the last. Empty where there is no object. */
export function* fieldsOf<Name extends string>(
  bytes: Buffer,
  from: number,
  names: readonly Name[],
): Scan<Partial<Record<Name, Field>>> {
  const fields: Partial<Record<Name, Field>> = {};
  let at = behindBlanks(bytes, from === 0 ? behindMark(bytes) : from);
  if (bytes[at] !== openObject) return fields;
  let reportedAt = from;
  for (at = behindBlanks(bytes, at + 1); bytes[at] === quote;) {
    if (at - reportedAt > sliceBytes) {
      yield at - reportedAt;
      reportedAt = at;
    }
    const nameFrom = at;
    const name = new ValueEnd(bytes, at);
    while (!name.goOn()) yield sliceBytes;
    at = behindBlanks(bytes, name.at);
    if (bytes[at] !== colon) break;
    const value = new ValueEnd(bytes, behindBlanks(bytes, at + 1));
    while (!value.goOn()) yield sliceBytes;
    const named = nameAt(bytes, nameFrom, name.at);
    const wanted = names.find((each) => each === named);
    if (wanted !== undefined) fields[wanted] = { from: nameFrom, to: value.at, value: value.span() };
    at = behindBlanks(bytes, value.at);
    if (bytes[at] !== comma) break;
    at = behindBlanks(bytes, at + 1);
  }
  yield at - reportedAt;
  return fields;
}

/** The first items of the list that begins at `from`, at most `most`; empty where there is no list. */
export function* itemsOf(bytes: Buffer, from: number, most: number): Scan<Span[]> {
  const items: Span[] = [];
  if (bytes[from] !== openList) return items;
  let at = behindBlanks(bytes, from + 1);
  let reportedAt = from;
  while (items.length < most && at < bytes.length && bytes[at] !== closeList) {
    const item = new ValueEnd(bytes, at);
    while (!item.goOn()) yield sliceBytes;
    if (item.at === at) break;
    if (item.at - reportedAt > sliceBytes) {
      yield item.at - reportedAt;
      reportedAt = item.at;
    }
    items.push(item.span());
    at = behindBlanks(bytes, item.at);
    if (bytes[at] !== comma) break;
    at = behindBlanks(bytes, at + 1);
  }
  yield at - reportedAt;
  return items;
}

/** Whether the value at the beginning of the text is complete; its content, and text after it, are not checked. */
export function* hasEnd(bytes: Buffer): Scan<boolean> {
  // With a blank added, a complete value ends before the text does.
  const text = Buffer.concat([bytes, Buffer.from(' ')]);
  const value = new ValueEnd(text, behindBlanks(text, behindMark(text)));
  while (!value.goOn()) yield sliceBytes;
  return value.at < text.length;
}

/** The first byte of the text behind a byte order mark, if there is one (RFC 8259 8.1). */
export function behindMark(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** The text of a string value, or null where it is no string or longer than `longest` bytes. */
export function textAt(bytes: Buffer, span: Span | undefined, longest: number): string | null {
  if (span === undefined || bytes[span.from] !== quote || span.to - span.from > longest) return null;
  const json = bytes.toString('utf8', span.from, span.to);
  if (plainString.test(json)) return json.slice(1, -1);
  // A string that is cut off, or invalid, is no text.
  const value = parseJson(json);
  return typeof value === 'string' ? value : null;
}

/** Whether the value is the given word: `true`, `false` or `null`. */
export function isWord(bytes: Buffer, span: Span | undefined, word: string): boolean {
  return span !== undefined && bytes.toString('latin1', span.from, Math.min(span.to, span.from + 8)) === word;
}

function nameAt(bytes: Buffer, from: number, to: number): string | null {
  if (to - from > longestName) return null;
  const plain = bytes.toString('latin1', from + 1, to - 1);
  return plain.includes('\\') ? textAt(bytes, { from, to }, longestName) : plain;
}

function behindBlanks(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/** Looks for the end of a value, a slice at a time. */
class ValueEnd {
  at: number;
  private depth = 0;
  private isInString = false;
  private isOver = false;
  /** The position of the quote that the last search in a string found. */
  private quoteAt = -1;

  /** `from`: the value's first byte. */
  constructor(
    private readonly bytes: Buffer,
    private readonly from: number,
  ) {
    this.at = from;
  }

  span(): Span {
    return { from: this.from, to: this.at };
  }

  /** True once done: `at` is behind the value, where the list or object around it ends if there is none, or at the text's end. */
  goOn(): boolean {
    for (let left = sliceBytes; left > 0 && !this.isOver;)
      left -= this.isInString ? this.passString() : this.passOutside();
    return this.isOver;
  }

  /** Reads up to the next string, or to the end; returns how many bytes it has looked at, as `passString` does. */
  private passOutside(): number {
    const { bytes, at: from } = this;
    const pauseAt = Math.min(bytes.length, from + sliceBytes);
    let at = from;
    if (this.depth === 0 && bytes[at] !== quote && nesting(bytes[at]) <= 0) {
      while (at < pauseAt && !endsWord(bytes[at])) at++;
      this.isOver = at < pauseAt;
    }
    while (at < pauseAt && !this.isInString && !this.isOver) {
      const byte = bytes[at++];
      const step = nesting(byte);
      this.depth += step;
      this.isInString = byte === quote;
      this.isOver = step < 0 && this.depth === 0;
    }
    return this.reach(at) - from;
  }

  /** Reads a little of the string, or up to its next quote. */
  private passString(): number {
    const { bytes, at: from } = this;
    const nearTo = Math.min(bytes.length, from + nearBytes);
    let at = from;
    while (at < nearTo) {
      const byte = bytes[at];
      at += byte === backslash ? 2 : 1;
      if (byte !== quote) continue;
      this.endString();
      return this.reach(at) - from;
    }
    if (this.quoteAt < at) this.quoteAt = quoteBehind(bytes, at);
    const slashes = backslashesBefore(bytes, this.quoteAt, at);
    // Several backslashes may escape each other: the next bytes are read one by one.
    if (slashes < 2) {
      if (slashes === 0) this.endString();
      at = this.quoteAt + 1;
    }
    this.reach(at);
    return Math.min(at - from, nearBytes) + searchBytes;
  }

  private endString(): void {
    this.isInString = false;
    this.isOver = this.depth === 0;
  }

  private reach(at: number): number {
    this.at = Math.min(at, this.bytes.length);
    this.isOver ||= at >= this.bytes.length;
    return at;
  }
}

function quoteBehind(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(quote, from);
  return at < 0 ? bytes.length : at;
}

/** The number of backslashes before `at`, 2 at most; none before `from` is counted. */
function backslashesBefore(bytes: Buffer, at: number, from: number): number {
  if (at <= from || bytes[at - 1] !== backslash) return 0;
  return at - 1 > from && bytes[at - 2] === backslash ? 2 : 1;
}

function nesting(byte: number | undefined): -1 | 0 | 1 {
  if (byte === openObject || byte === openList) return 1;
  return byte === closeObject || byte === closeList ? -1 : 0;
}

function endsWord(byte = 0): boolean {
  return byte <= 0x20 || byte === comma || byte === closeList || byte === closeObject;
}
