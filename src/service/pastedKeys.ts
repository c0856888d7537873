// Finds OpenRouter keys in what people paste: lines, `key:limit` lists, a .env file, JSON.
import { maskKey } from '../base/secret';
import { mostADay } from './messages';

/** The form of an OpenRouter key. */
const keyShape = 'sk-or-[A-Za-z0-9_-]{4,200}';
const entryShape = new RegExp(`^(${keyShape})(?::(\\d{1,9}))?$`);

export interface KeyEntry {
  readonly key: string;
  /** The user's own daily limit, or null. */
  readonly dailyLimit: number | null;
}

export interface PastedKeys {
  /** Each key once, in the order of the text. */
  readonly entries: readonly KeyEntry[];
  /** Texts that begin like a key but do not have the form of one, masked. */
  readonly unreadable: readonly string[];
}

/** One key with an optional `:limit`, at most `mostADay`; null for any other text. */
export function readKeyEntry(text: string): KeyEntry | null {
  const [, key, limit] = entryShape.exec(text) ?? [];
  if (key === undefined) return null;
  return { key, dailyLimit: limit === undefined ? null : Math.min(Number(limit), mostADay) };
}

/**
 * All keys of the text. A value that begins with `sk-or-` is read under any variable name, another value only under the
 * names of OpenRouter's keys. `#` begins a comment up to the end of the line; in a text of one line, which may have lost
 * its line breaks in an input box, up to the next `NAME=`.
 */
export function readPastedKeys(text: string): PastedKeys {
  const entries = new Map<string, KeyEntry>();
  const unreadable: string[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  const comment = lines.length === 1 ? commentToNextVariable : commentToEnd;
  for (const candidate of lines.flatMap((line) => candidatesIn(line, comment))) {
    const entry = readKeyEntry(candidate);
    if (entry === null) unreadable.push(maskKey(candidate));
    else if (!entries.has(entry.key)) entries.set(entry.key, entry);
  }
  return { entries: [...entries.values()], unreadable };
}

/** `clipboard` if `value` is the same text without line breaks, as an input box pastes it; else `value`. */
export function withLineBreaks(value: string, clipboard: string): string {
  const inOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
  return inOneLine(clipboard) === inOneLine(value) ? clipboard : value;
}

/** The text of a file that may begin with a byte order mark of UTF-8 or UTF-16, as Notepad and PowerShell's `>` write it. */
export function fileText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

/** `OPENROUTER_API_KEY`, `OPENROUTER_KEYS`, and variants such as `VITE_OPENROUTER_API_KEY` and `OPENROUTER_API_KEY_2`. */
const keyVariable = /OPENROUTER\w*KEY/i;

const name = String.raw`(?<!\w)[A-Za-z_]\w*\s*=`;
const value = `"[^"]*"|'[^']*'|\`[^\`]*\`|(?!${name})[^\\s;]*`;

/** A variable with its value, in quotes or up to a space; an empty value does not include the next variable. */
const assignment = String.raw`(${name})\s*(${value})`;

/** `#1` is a number, no comment. */
const hash = String.raw`(?<!\S)#(?!\d)`;
const commentToEnd = new RegExp(`${assignment}|${hash}.*`, 'g');
/** A variable directly behind `#` is part of the comment. */
const commentToNextVariable = new RegExp(
  String.raw`${assignment}|${hash}[\s#]*(?:(?:export|set)\s+|\$env:)?(?:${name}\s*(?:${value}))?(?:(?!${name}|${hash}).)*`,
  'g',
);

/** Zero-width characters, soft hyphens and marks of direction: texts from web pages and chats contain them. */
const unseen = /\p{Cf}/gu;
/** A limit with a thousands separator: whole thousands up to 99,000 only. */
const thousands = /:[1-9]\d?[,.\u2019'_ \u00a0\u202f]000(?![\w]|[,.\u2019'_]\d)/g;
const emphasized = /(\*{1,3})(sk-[^\s*]+)\1/g;
/** The full-width letters, digits and signs of East Asian keyboards. */
const wide = /[\uff01-\uff5e]/g;
/** Includes quotes, brackets, commas and full stops of all languages, as escapes: V8 keeps a bundle that is not ASCII with two bytes a character. */
const separators = /[\s,;|/"'`\p{Pi}\p{Pf}\p{Ps}\p{Pe}\u060c\u061b\u3001\u3002<>]+/u;

/** The text without invisible characters, and with ASCII for full-width signs and all dashes. */
function asTyped(text: string): string {
  const narrow = text.replace(wide, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
  return narrow.replace(unseen, '').replace(/\p{Pd}/gu, '-');
}

/** The words of a text as somebody would type it. `key: 50` is one word, and so is `key:1,000`. */
export function wordsOf(text: string): string[] {
  return asTyped(text)
    .replace(/:\s+(?=\d)/g, ':')
    .replace(thousands, (number) => number.replace(/[^:\d]/g, ''))
    .replace(emphasized, ' $2 ')
    .split(separators);
}

/** The words of the line that may be keys. `comment` matches assignments too, so that `#` in a value begins no comment. */
function candidatesIn(text: string, comment: RegExp): string[] {
  const values = asTyped(text).replace(
    comment,
    (_, variable: string | undefined = '', given: string | undefined = '') =>
      keyVariable.test(variable) || given.includes('sk-or-') ? ` ${given} ` : ' ',
  );
  // Keys may follow each other without a separator.
  const words = wordsOf(values).flatMap((word) => word.split(/(?=sk-or-)/));
  return words.map((word) => word.replace(/(?<![:.])[:.]+$/, '')).filter((word) => /^sk-/.test(word));
}
