// JSON, with comments and trailing commas where people have put some.
import { applyEdits, modify, parse, type FormattingOptions, type ParseError } from 'jsonc-parser';
import { FormatError, lineEndOf, type ConfigFormat } from './configFormat';
import { isObject, valueAt, type Json, type Step } from './configValue';

export const jsonFormat: ConfigFormat = {
  parse(text) {
    if (text.trim() === '') return {};
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    const [first] = errors;
    if (first) throw new FormatError('damaged', lineAt(text, first.offset));
    if (!isObject(value)) throw new FormatError('damaged', 1);
    return value;
  },

  edit(text, { path, value }) {
    const names = path.map(nameOf);
    const whole = text.trim() === '' ? `{}${lineEndOf(text)}` : text;
    const config = jsonFormat.parse(whole);
    if (value === undefined && valueAt(config, names) === undefined) return text;
    const length = lengthToNull(config, names);
    const put = nested(names.slice(length), value);
    const options = { formattingOptions: formattingOf(whole) };
    return applyEdits(whole, modify(whole, names.slice(0, length), put, options));
  },
};

/** How many of the names come before a null on the way, or all of them: that one becomes an object. */
function lengthToNull(config: unknown, names: readonly string[]): number {
  const at = names.findIndex((_, index) => index > 0 && valueAt(config, names.slice(0, index)) === null);
  return at < 0 ? names.length : at;
}

/** An object in which the names lead to the value. */
function nested(names: readonly string[], value: Json | undefined): Json | undefined {
  const [name, ...rest] = names;
  return name === undefined ? value : { [name]: nested(rest, value) ?? null };
}

function nameOf(step: Step): string {
  // No client that we write has a list of named things in JSON.
  if (typeof step !== 'string') throw new FormatError('unsupported');
  return step;
}

function formattingOf(text: string): FormattingOptions {
  const indentation = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const insertSpaces = !indentation.startsWith('\t');
  return { insertSpaces, tabSize: insertSpaces ? indentation.length : 1, eol: lineEndOf(text) };
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
