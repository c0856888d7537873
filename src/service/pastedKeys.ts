// Finds OpenRouter keys in what people paste: lines, `key:limit` lists, a .env file, JSON.
import { maskKey } from '../base/secret';
import { mostADay } from './messages';

/** What a key of OpenRouter looks like; anything else is a slip of the paste. */
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
  /** Masks of what begins like a key and is none. */
  readonly unreadable: readonly string[];
}

/** One key, with `:limit` if that is there (no more than can be set anywhere else); null for anything else. */
export function readKeyEntry(text: string): KeyEntry | null {
  const [, key, limit] = entryShape.exec(text) ?? [];
  if (key === undefined) return null;
  return { key, dailyLimit: limit === undefined ? null : Math.min(Number(limit), mostADay) };
}

/**
 * All keys of the text. Of `NAME=value` only the names that hold OpenRouter keys are read; lines that begin with `#`
 * are comments. A text that went through an input box of one line, where line breaks are lost, is read too.
 */
export function readPastedKeys(text: string): PastedKeys {
  const entries = new Map<string, KeyEntry>();
  const unreadable: string[] = [];
  for (const candidate of text.split(/\r\n|\r|\n/).flatMap(candidatesIn)) {
    const entry = readKeyEntry(candidate);
    if (entry === null) unreadable.push(maskKey(candidate));
    else if (!entries.has(entry.key)) entries.set(entry.key, entry);
  }
  return { entries: [...entries.values()], unreadable };
}

/** The same for a file, which may begin with the mark of UTF-16: PowerShell's `>` writes that. */
export function readKeyFile(bytes: Uint8Array): PastedKeys {
  return readPastedKeys(new TextDecoder(encodingOf(bytes)).decode(bytes));
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

/** `OPENROUTER_API_KEY`, `OPENROUTER_KEYS`, and what tools make of them, such as `VITE_OPENROUTER_API_KEY` and `OPENROUTER_API_KEY_2`. */
const keyVariable = /OPENROUTER\w*KEY/i;

/** A variable with its value, in quotes or up to a blank; what follows an empty one is a variable of its own. */
const assignment = /(?<!\w)([A-Za-z_]\w*)\s*=\s*("[^"]*"|'[^']*'|`[^`]*`|(?![A-Za-z_]\w*\s*=)[^\s;]*)/g;

/** Blanks without a width, which come along from web pages and chats. */
const unseen = /[\u200b-\u200d\u2060\ufeff]/g;
/** Whole thousands alone, up to 99,000: what else stands behind a limit is no part of it. */
const thousands = /:[1-9]\d?[,.’'_ \u00a0\u202f]000(?![\w]|[,.’'_]\d)/g;
const emphasized = /(\*{1,3})(sk-[^\s*]+)\1/g;
const separators = /[\s,;|/"'`“”„‟‘’‚‛«»‹›[\]{}()<>]+/;

/** What in the line is meant to be a key. */
function candidatesIn(text: string): string[] {
  const line = text.replace(unseen, '');
  if (/^\s*#/.test(line)) return [];
  const values = line.replace(assignment, (_, name: string, value: string) =>
    keyVariable.test(name) ? ` ${value} ` : ' ',
  );
  // `key: 50` is one entry, and so is `key:1,000`.
  const joined = values
    .replace(/:\s+(?=\d)/g, ':')
    .replace(thousands, (number) => number.replace(/[^:\d]/g, ''))
    .replace(emphasized, ' $2 ');
  // Several keys may have lost what parted them.
  const words = joined.split(separators).flatMap((word) => word.split(/(?=sk-or-)/));
  return words.map((word) => word.replace(/[:.]+$/, '')).filter((word) => /^sk-/.test(word));
}
