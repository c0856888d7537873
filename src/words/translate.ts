// Translates texts and inserts their values, like vscode.l10n.
import type { WordTable } from '../service/messages';

/** The text in the user's language, with `{0}`, `{1}` … replaced. The English text is the key. */
export type Translate = (english: string, ...values: (string | number)[]) => string;

/** Translates with a table; a missing text stays English. */
export function translator(words: WordTable): Translate {
  return (english, ...values) =>
    (words[english] ?? english).replace(/\{(\d+)\}/g, (placeholder, index: string) => {
      const value = values[Number(index)];
      return value === undefined ? placeholder : String(value);
    });
}

/** Makes a function that gives the words for a member of a union, from a table with all members. */
export function wordsFor<Of extends string, Words = string, Values extends unknown[] = []>(
  table: Readonly<Record<Of, (t: Translate, ...values: Values) => Words>>,
): (of: Of, t: Translate, ...values: Values) => Words {
  return (of, ...rest) => table[of](...rest);
}
