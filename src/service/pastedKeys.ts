// Finds OpenRouter keys in what people paste: lines, `key:limit` lists, a .env file, JSON.
import { maskKey } from '../base/secret';

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

/** One key, with `:limit` if that is there; null for anything else. */
export function readKeyEntry(text: string): KeyEntry | null {
  const [, key, limit] = entryShape.exec(text) ?? [];
  return key === undefined ? null : { key, dailyLimit: limit === undefined ? null : Number(limit) };
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

const keyVariables = new Set(['OPENROUTER_KEYS', 'OPENROUTER_API_KEY']);

/** What in the line is meant to be a key. */
function candidatesIn(line: string): string[] {
  if (/^\s*#/.test(line)) return [];
  // `key: 50` is one entry.
  const joined = line.replace(/:\s+(?=\d)/g, ':');
  const words = joined.split(/[\s,;"'`[\]{}()<>]+/).flatMap(valuesOf);
  return words.map((word) => word.replace(/[:.]+$/, '')).filter((word) => /^sk-/.test(word));
}

/** The keys of one word: a variable's value if it is one of ours, and each of several that lost what parted them. */
function valuesOf(word: string): string[] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(word) ?? [];
  if (name === undefined || value === undefined) return word.split(/(?=sk-or-)/);
  return keyVariables.has(name) ? value.split(/(?=sk-or-)/) : [];
}
