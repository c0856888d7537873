// Looks into a JSON text by its bytes: what is asked for is found without building the rest, however large or deep it is.
import { setImmediate as otherWork } from 'node:timers/promises';
import { parseJson } from '../../base/json';

/** Where something stands: from its first byte to behind its last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A field of an object: its name begins at `from`, its value stands in `value`. */
export interface Field extends Span {
  readonly value: Span;
}

/** Tells from time to time how many bytes it has looked at since, so that other requests can run between. */
export type Scan<T> = Generator<number, T>;

const sliceBytes = 256 * 1024;
/** Of a shorter object or list nothing is told: they are few, by the bounds of those who ask. */
const leastTold = 512;
/** Longer names decide nothing. */
const longestName = 64;
/** A string of JSON whose text is what stands between its quotes. */
const plainString = /^"[ !#-[\]-\uffff]*"$/;
/** Up to here a string is read byte by byte: a search by the system costs more to begin. */
const shortString = 32;

/** So many quotes within a string are one slice. */
const mostQuotes = 16_384;

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

/** The named fields of the object that begins at `from`, as far as the text goes; of equal names the last. Empty where there is no object. */
export function* fieldsOf<Name extends string>(
  bytes: Buffer,
  from: number,
  names: readonly Name[],
): Scan<Partial<Record<Name, Field>>> {
  const fields: Partial<Record<Name, Field>> = {};
  let at = behindBlanks(bytes, from === 0 ? behindMark(bytes) : from);
  if (bytes[at] !== openObject) return fields;
  let told = from;
  for (at = behindBlanks(bytes, at + 1); bytes[at] === quote;) {
    if (at - told > sliceBytes) {
      yield at - told;
      told = at;
    }
    const nameFrom = at;
    const nameTo = quickEnd(bytes, at) ?? (yield* behindValue(bytes, at));
    at = behindBlanks(bytes, nameTo);
    if (bytes[at] !== colon) break;
    const valueFrom = behindBlanks(bytes, at + 1);
    at = quickEnd(bytes, valueFrom) ?? (yield* behindValue(bytes, valueFrom));
    const name = nameAt(bytes, nameFrom, nameTo);
    const wanted = names.find((each) => each === name);
    if (wanted !== undefined) fields[wanted] = { from: nameFrom, to: at, value: { from: valueFrom, to: at } };
    at = behindBlanks(bytes, at);
    if (bytes[at] !== comma) break;
    at = behindBlanks(bytes, at + 1);
  }
  if (at - told >= leastTold) yield at - told;
  return fields;
}

/** The first items of the list that begins at `from`; empty where there is no list. */
export function* itemsOf(bytes: Buffer, from: number, most: number): Scan<Span[]> {
  const items: Span[] = [];
  if (bytes[from] !== openList) return items;
  let at = behindBlanks(bytes, from + 1);
  let told = from;
  while (items.length < most && at < bytes.length && bytes[at] !== closeList) {
    const to = quickEnd(bytes, at) ?? (yield* behindValue(bytes, at));
    if (to === at) break;
    if (to - told > sliceBytes) {
      yield to - told;
      told = to;
    }
    items.push({ from: at, to });
    at = behindBlanks(bytes, to);
    if (bytes[at] !== comma) break;
    at = behindBlanks(bytes, at + 1);
  }
  if (at - told >= leastTold) yield at - told;
  return items;
}

/** Whether the value at the text's beginning has its end; what is in it, or follows it, is not looked at. */
export function* hasEnd(bytes: Buffer): Scan<boolean> {
  // With a blank behind it, a whole value ends before the text does.
  const text = Buffer.concat([bytes, Buffer.from(' ')]);
  return (yield* behindValue(text, behindBlanks(text, behindMark(text)))) < text.length;
}

/** Where a text begins that may have a byte order mark before it (RFC 8259 8.1). */
export function behindMark(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** The text that the value is, or null where it is none or longer than `longest` bytes. */
export function textAt(bytes: Buffer, span: Span | undefined, longest: number): string | null {
  if (span === undefined || bytes[span.from] !== quote || span.to - span.from > longest) return null;
  const json = bytes.toString('utf8', span.from, span.to);
  if (plainString.test(json)) return json.slice(1, -1);
  // Not whole, or no JSON: it is no text.
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

/** Behind a short string, number or word, or a longer string without an escaped quote; null for all else. No generator is made for these. */
function quickEnd(bytes: Buffer, from: number): number | null {
  const byte = bytes[from];
  if (byte !== quote) {
    const to = byte === undefined || nesting(byte) !== 0 ? -1 : behindWord(bytes, from);
    return to < 0 ? null : to;
  }
  const near = behindNearString(bytes, from);
  if (near > 0) return near;
  const end = bytes.indexOf(quote, -near);
  return end < 0 || bytes[end - 1] === backslash ? null : end + 1;
}

/** Behind a value, however deep; the text's end where its own does not come. */
function* behindValue(bytes: Buffer, from: number): Scan<number> {
  const { length } = bytes;
  let depth = 0;
  let pauseAt = from + sliceBytes;
  for (let at = from; at < length;) {
    const byte = bytes[at];
    if (byte === quote) {
      const near = behindNearString(bytes, at);
      at = near > 0 ? near : yield* behindFarString(bytes, -near);
    } else {
      const step = nesting(byte);
      // The end of what is around: no value stands here.
      if (depth + step < 0) return at;
      at = depth + step > 0 || step < 0 ? at + 1 : behindWord(bytes, at);
      for (; at < 0; at = behindWord(bytes, -at)) yield sliceBytes;
      depth += step;
    }
    if (depth <= 0) return at;
    if (at < pauseAt) continue;
    yield sliceBytes;
    pauseAt = at + sliceBytes;
  }
  return length;
}

function nesting(byte: number | undefined): -1 | 0 | 1 {
  if (byte === openObject || byte === openList) return 1;
  return byte === closeObject || byte === closeList ? -1 : 0;
}

/** Behind a number or word; of one longer than a slice, as a negative number, where it goes on. */
function behindWord(bytes: Buffer, from: number): number {
  for (let at = from; at < from + sliceBytes; at++) {
    const byte = bytes[at];
    if (byte !== undefined && byte > comma && byte < closeList) continue;
    const isOver = byte === undefined || byte <= 0x20 || byte === comma || byte === closeList;
    if (isOver || byte === closeObject) return at;
  }
  return -(from + sliceBytes);
}

/** The place behind a short string; of a longer one, as a negative number, where the search for its end begins. */
function behindNearString(bytes: Buffer, from: number): number {
  const nearTo = Math.min(bytes.length, from + shortString);
  let at = from + 1;
  for (; at < nearTo; at++) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) at++;
  }
  return -at;
}

function* behindFarString(bytes: Buffer, from: number): Scan<number> {
  let quotes = 0;
  for (let end = bytes.indexOf(quote, from); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let first = end;
    while (first > from && bytes[first - 1] === backslash)
      if ((end - --first) % sliceBytes === 0) yield sliceBytes;
    if ((end - first) % 2 === 0) return end + 1;
    if (++quotes % mostQuotes === 0) yield sliceBytes;
  }
  return bytes.length;
}
