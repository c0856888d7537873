// Parses and edits JSON with comments and trailing commas.
import {
  applyEdits,
  findNodeAtLocation,
  modify,
  parse,
  parseTree,
  stripComments,
  visit,
  type FormattingOptions,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { closed, FormatError, lineEndOf, nameOf, type ConfigFormat } from './configFormat';
import { changed, isObject, valueAt } from './configValue';

export const jsonFormat: ConfigFormat = {
  parse(text) {
    const value = parsed(text);
    if (value === undefined) return {};
    if (!isObject(value)) throw new FormatError('damaged', 1);
    return value;
  },

  edit(text, { path, value }) {
    const names = path.map(nameOf);
    const root = parseTree(text);
    if (value === undefined) return without(text, root && findNodeAtLocation(root, names)?.parent);
    const isBare = stripComments(text).trim() === '';
    const whole = isBare ? `${closed(text.trim() === '' ? '' : text)}{}${lineEndOf(text)}` : text;
    const config = jsonFormat.parse(whole);
    const length = lengthToNull(config, names);
    const put = changed(undefined, { path: names.slice(length), value });
    const options = { formattingOptions: formattingOf(whole) };
    return applyEdits(whole, modify(whole, names.slice(0, length), put, options));
  },
};

/** A JSON list of objects with names; the only edit is to remove a whole object. */
export const jsonListFormat: ConfigFormat = {
  parse(text) {
    const value = parsed(text) ?? [];
    if (!Array.isArray(value)) throw new FormatError('damaged', 1);
    const list: readonly unknown[] = value;
    return list;
  },

  edit(text, { path: [step, ...rest], value }) {
    if (typeof step !== 'object' || rest.length > 0 || value !== undefined)
      throw new FormatError('unsupported');
    const items = parseTree(text)?.children ?? [];
    return without(
      text,
      items.find((item) => findNodeAtLocation(item, ['name'])?.value === step.item),
    );
  },
};

function parsed(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const [first] = errors;
  if (first) throw new FormatError('damaged', text.slice(0, first.offset).split('\n').length);
  return value;
}

/** Removes the property or item with its comma. `modify` would remove the comments beside it as well. */
function without(text: string, node: Node | undefined): string {
  if (node?.parent === undefined) return text;
  const { offset: from, parent } = node;
  const to = from + node.length;
  const commas = commasIn(text).filter((at) => at > parent.offset && at < parent.offset + parent.length);
  // The comma behind the item; the last item has none, so the comma before it is removed.
  const behind = commas.find((at) => at >= to);
  const tail = behind === undefined ? text.slice(to) : text.slice(to, behind) + text.slice(behind + 1);
  const head = text.slice(0, from).trimEnd();
  // The text behind must not become part of a line comment.
  const end = /\/\/.*$/.test(head) && !/^[ \t]*[\r\n]/.test(tail) ? from : head.length;
  const before = behind === undefined ? commas.findLast((at) => at < end) : undefined;
  return text.slice(0, before ?? end) + text.slice((before ?? end) + 1, end) + tail;
}

/** The positions of all commas that are not in comments or strings. */
function commasIn(text: string): readonly number[] {
  const commas: number[] = [];
  visit(text, { onSeparator: (character, offset) => void (character === ',' && commas.push(offset)) });
  return commas;
}

/** The number of names up to a parent that is null, which becomes an object; without one, all names. */
function lengthToNull(config: unknown, names: readonly string[]): number {
  const at = names.findIndex((_, index) => index > 0 && valueAt(config, names.slice(0, index)) === null);
  return at < 0 ? names.length : at;
}

function formattingOf(text: string): FormattingOptions {
  const indentation = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const insertSpaces = !indentation.startsWith('\t');
  return { insertSpaces, tabSize: insertSpaces ? indentation.length : 1, eol: lineEndOf(text) };
}
