// JSON with comments and trailing commas.
import {
  applyEdits,
  modify,
  parse,
  stripComments,
  type FormattingOptions,
  type ParseError,
} from 'jsonc-parser';
import { closed, FormatError, lineEndOf, nameOf, type ConfigFormat } from './configFormat';
import { isObject, valueAt, type Json } from './configValue';

export const jsonFormat: ConfigFormat = {
  parse(text) {
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
    const [first] = errors;
    if (first) throw new FormatError('damaged', text.slice(0, first.offset).split('\n').length);
    if (value === undefined) return {};
    if (!isObject(value)) throw new FormatError('damaged', 1);
    return value;
  },

  edit(text, { path, value }) {
    const names = path.map(nameOf);
    const isBare = stripComments(text).trim() === '';
    const whole = isBare ? `${closed(text.trim() === '' ? '' : text)}{}${lineEndOf(text)}` : text;
    const config = jsonFormat.parse(whole);
    if (value === undefined && valueAt(config, names) === undefined) return text;
    const length = lengthToNull(config, names);
    const put = nested(names.slice(length), value);
    const options = { formattingOptions: formattingOf(whole) };
    return applyEdits(whole, modify(whole, names.slice(0, length), put, options));
  },
};

/** The number of names up to a parent that is null, which becomes an object; without one, all names. */
function lengthToNull(config: unknown, names: readonly string[]): number {
  const at = names.findIndex((_, index) => index > 0 && valueAt(config, names.slice(0, index)) === null);
  return at < 0 ? names.length : at;
}

/** Nested objects with the value at the path of names. */
function nested(names: readonly string[], value: Json | undefined): Json | undefined {
  const [name, ...rest] = names;
  return name === undefined ? value : { [name]: nested(rest, value) ?? null };
}

function formattingOf(text: string): FormattingOptions {
  const indentation = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const insertSpaces = !indentation.startsWith('\t');
  return { insertSpaces, tabSize: insertSpaces ? indentation.length : 1, eol: lineEndOf(text) };
}
