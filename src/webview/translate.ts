// How text for people is made of an English text and its figures, as vscode.l10n does it.
import type { WordTable } from '../service/messages';

/** The text in the user's language, with `{0}`, `{1}` … replaced. English itself is the key. */
export type Translate = (english: string, ...values: (string | number)[]) => string;

/** Translates with a table; what is not in it stays English. */
export function translator(words: WordTable): Translate {
  return (english, ...values) =>
    (words[english] ?? english).replace(/\{(\d+)\}/g, (placeholder, index: string) => {
      const value = values[Number(index)];
      return value === undefined ? placeholder : String(value);
    });
}
