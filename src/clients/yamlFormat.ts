// Parses YAML, and edits top-level names and items of named lists in the text at the parser's positions.
import { isMap, isNode, isSeq, parseDocument, stringify, type Pair, type YAMLSeq } from 'yaml';
import {
  closed,
  endOfLine,
  FormatError,
  lineEndOf,
  spliced,
  startOfLine,
  withString,
  type ConfigFormat,
} from './configFormat';
import { changed, isObject, valueAt, type Change, type Json } from './configValue';

export const yamlFormat: ConfigFormat = {
  parse(text) {
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error) throw new FormatError('damaged', error.linePos?.[0].line ?? null, { cause: error });
    const value: unknown = document.toJS() ?? {};
    if (!isObject(value)) throw new FormatError('damaged', 1);
    return value;
  },

  edit(text, change) {
    const value = yamlFormat.parse(text);
    if (change.value === undefined && valueAt(value, change.path) === undefined) return text;
    if (parseDocument(text).contents === null)
      return closed(text.trim() === '' ? '' : text) + block(changed({}, change), 0, text);
    const [list, item, ...rest] = change.path;
    if (typeof list !== 'string') throw new FormatError('unsupported');
    if (rest.length > 0) return withString(yamlFormat, text, change);
    if (item === undefined) return withPair(text, list, change);
    if (typeof item === 'string') throw new FormatError('unsupported');
    const without = withoutItem(text, list, item.item);
    return change.value === undefined ? without : withItem(without, list, change.value);
  },
};

function entryOf(text: string, name: string): { pair: Pair | undefined; list: YAMLSeq | null } {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.flow === true) throw new FormatError('unsupported');
  const pair = contents.items.find(({ key }) => rangeOf(key) && String(key) === name);
  return { pair, list: isSeq(pair?.value) ? pair.value : null };
}

/** Adds a top-level name at the end, or removes it with its lines. */
function withPair(text: string, name: string, { value }: Change): string {
  const { pair } = entryOf(text, name);
  const start = rangeOf(pair?.key)?.[0];
  const end = rangeOf(pair?.value)?.[1];
  if (start === undefined || end === undefined) {
    return value === undefined ? text : closed(text) + block({ [name]: value }, 0, text);
  }
  if (value !== undefined) throw new FormatError('unsupported');
  return spliced(text, startOfLine(text, start), endOfLine(text, end), '');
}

function withItem(text: string, name: string, value: Json): string {
  const { pair, list } = entryOf(text, name);
  const keyEnd = rangeOf(pair?.key)?.[1];
  if (keyEnd === undefined) return closed(text) + block({ [name]: [value] }, 0, text);
  if (list !== null)
    return list.flow === true ? withFlowItem(text, list, value) : withBlockItem(text, list, value);
  const nothing = rangeOf(pair?.value);
  if (nothing && nothing[0] < nothing[1]) {
    // Removes `null` or `~` first.
    return withItem(
      spliced(text, keyEnd + text.slice(keyEnd, nothing[0]).trimEnd().length, nothing[1], ''),
      name,
      value,
    );
  }
  // A name without a value, such as `models:`.
  const at = endOfLine(text, keyEnd);
  return closed(text.slice(0, at)) + block([value], 2, text) + text.slice(at);
}

function withFlowItem(text: string, list: YAMLSeq, value: Json): string {
  const [start, end] = rangeOf(list) ?? [0, 0];
  if (list.items.length > 0) return spliced(text, end - 1, end - 1, `, ${JSON.stringify(value)}`);
  const lineEnd = endOfLine(text, end);
  const head = text.slice(0, start).trimEnd() + text.slice(end, lineEnd);
  return closed(head) + block([value], 2, text) + text.slice(lineEnd);
}

function withBlockItem(text: string, list: YAMLSeq, value: Json): string {
  const [start, end] = rangeOf(list) ?? [0, 0];
  const last = rangeOf(list.items.at(-1))?.[1] ?? end;
  const at = text.slice(0, last).endsWith('\n') ? last : endOfLine(text, last);
  return closed(text.slice(0, at)) + block([value], start - startOfLine(text, start), text) + text.slice(at);
}

function withoutItem(text: string, name: string, item: string): string {
  const { pair, list } = entryOf(text, name);
  if (list === null) return text;
  const found = list.items.find((entry) => isMap(entry) && entry.get('name') === item);
  const range = rangeOf(found);
  if (!range) return text;
  if (list.flow === true) return withoutFlowItem(text, list, list.items.indexOf(found));
  if (list.items.length === 1) {
    const [start, end] = rangeOf(list) ?? [0, 0];
    const colon = text.indexOf(':', rangeOf(pair?.key)?.[1] ?? 0) + 1;
    return `${text.slice(0, colon)} []${text.slice(colon, startOfLine(text, start))}${text.slice(end)}`;
  }
  const dash = text.lastIndexOf('-', range[0]);
  return spliced(text, startOfLine(text, dash), range[1], '');
}

function withoutFlowItem(text: string, list: YAMLSeq, index: number): string {
  const [, listEnd] = rangeOf(list) ?? [0, 1];
  const [start, end] = rangeOf(list.items[index]) ?? [0, 0];
  const from = rangeOf(list.items[index - 1])?.[1] ?? start;
  const to = index > 0 ? end : (rangeOf(list.items[1])?.[0] ?? listEnd - 1);
  // A comment would be lost.
  if (text.slice(from, to).includes('#')) throw new FormatError('unsupported');
  return spliced(text, from, to, '');
}

function rangeOf(node: unknown): readonly [number, number, number] | null {
  return isNode(node) ? (node.range ?? null) : null;
}

/** Lines of block YAML, indented by `indentation` spaces. */
function block(value: unknown, indentation: number, text: string): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split('\n');
  const eol = lineEndOf(text);
  return lines.map((line) => ' '.repeat(indentation) + line + eol).join('');
}
