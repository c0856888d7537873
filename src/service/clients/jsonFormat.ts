// JSON, with comments and trailing commas where people have put some.
import {
  applyEdits,
  modify,
  parse,
  stripComments,
  type FormattingOptions,
  type ParseError,
} from 'jsonc-parser';
import { FormatError, lineEndOf, type ConfigFormat } from './configFormat';
import { isObject, valueAt, type Json, type Step } from './configValue';

export const jsonFormat: ConfigFormat = {
  parse(text) {
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
    const [first] = errors;
    if (first) throw new FormatError('damaged', lineAt(text, first.offset));
    if (value === undefined) return {};
    if (!isObject(value)) throw new FormatError('damaged', 1);
    return value;
  },

  edit(text, { path, value }) {
    const names = path.map(nameOf);
    const whole = isBare(text) ? `${closed(text)}{}${lineEndOf(text)}` : text;
    const config = jsonFormat.parse(whole);
    if (value === undefined && valueAt(config, names) === undefined) return text;
    const length = lengthToNull(config, names);
    const put = nested(names.slice(length), value);
    const options = { formattingOptions: formattingOf(whole) };
    return applyEdits(whole, modify(whole, names.slice(0, length), put, options));
  },
};

/** Nothing is in it, or comments alone. */
function isBare(text: string): boolean {
  return stripComments(text).trim() === '';
}

/** The comments with a line end behind the last one. */
function closed(text: string): string {
  const comments = text.trim() === '' ? '' : text;
  return comments === '' || comments.endsWith('\n') ? comments : comments + lineEndOf(text);
}

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
