// JSON, with comments and trailing commas where people have put some.
import { applyEdits, modify, parse, type FormattingOptions, type ParseError } from 'jsonc-parser';
import { FormatError, lineEndOf, type ConfigFormat } from './configFormat';
import { isObject, valueAt, type Step } from './configValue';

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
    if (value === undefined && valueAt(jsonFormat.parse(whole), names) === undefined) return text;
    return applyEdits(whole, modify(whole, names, value, { formattingOptions: formattingOf(whole) }));
  },
};

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
