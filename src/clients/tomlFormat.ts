// Parses TOML, and edits top-level keys and tables in the text at the parser's positions.
import { isDeepStrictEqual } from 'node:util';
import { getStaticTOMLValue, ParseError, parseTOML, traverseNodes, type AST } from 'toml-eslint-parser';
import {
  endOfLine,
  FormatError,
  lineEndOf,
  nameOf,
  spliced,
  startOfLine,
  withString,
  type ConfigFormat,
} from './configFormat';
import { isObject, type Json } from './configValue';

export const tomlFormat: ConfigFormat = {
  parse(text) {
    return getStaticTOMLValue(parsed(text));
  },

  edit(text, { path, value }) {
    const names = path.map(nameOf);
    const [name] = names;
    if (name === undefined) throw new FormatError('unsupported');
    const top = parsed(text).body[0].body;
    if (isObject(value) || names.length > 1)
      return typeof value === 'string'
        ? withString(tomlFormat, text, { path, value })
        : withTable(text, names, value);
    const pair = top.find(
      (node) => node.type === 'TOMLKeyValue' && isDeepStrictEqual(getStaticTOMLValue(node.key), [name]),
    );
    if (pair?.type === 'TOMLKeyValue') {
      return value === undefined
        ? spliced(text, startOfLine(text, pair.range[0]), endOfLine(text, pair.range[1]), '')
        : spliced(text, pair.value.range[0], pair.value.range[1], toml(value));
    }
    return value === undefined ? text : withPair(text, top, `${key(name)} = ${toml(value)}`);
  },
};

function parsed(text: string): AST.TOMLProgram {
  try {
    const program = parseTOML(text, { tomlVersion: '1.1' });
    traverseNodes(program, { enterNode: refusePrototype, leaveNode: () => undefined });
    return program;
  } catch (error: unknown) {
    if (error instanceof FormatError) throw error;
    const line = error instanceof ParseError ? error.lineNumber : null;
    throw new FormatError('damaged', line, { cause: error });
  }
}

/** Throws for the name `__proto__`: the parser would change the prototype of all objects, even in other extensions. */
function refusePrototype(node: AST.TOMLNode): void {
  const name = node.type === 'TOMLBare' ? node.name : node.type === 'TOMLQuoted' ? node.value : '';
  if (name === '__proto__') throw new FormatError('unsupported', node.loc.start.line);
}

/** Adds a top-level pair after the last one, or at the beginning, because top-level keys come before tables. */
function withPair(text: string, top: AST.TOMLTopLevelTable['body'], pair: string): string {
  const eol = lineEndOf(text);
  const last = top.filter(({ type }) => type === 'TOMLKeyValue').at(-1);
  if (!last) return text.trim() === '' ? `${pair}${eol}` : `${pair}${eol}${eol}${text}`;
  const at = endOfLine(text, last.range[1]);
  return spliced(text, at, at, `${text.slice(0, at).endsWith('\n') ? '' : eol}${pair}${eol}`);
}

/** Moves the changed table to the end of the text, or removes it with the empty line before it. */
function withTable(text: string, names: readonly string[], value: Json | undefined): string {
  const rest = withoutTable(text, names);
  if (value === undefined) return rest;
  if (!isObject(value)) throw new FormatError('unsupported');
  const eol = lineEndOf(text);
  const pairs = Object.entries(value).map(([name, inner]) => `${key(name)} = ${toml(inner)}${eol}`);
  const gap = rest === '' ? '' : rest.endsWith('\n') ? eol : eol + eol;
  return `${rest}${gap}[${names.map(key).join('.')}]${eol}${pairs.join('')}`;
}

/** Removes the table and its sub-tables, the last first, so that the positions of the other tables stay valid. */
function withoutTable(text: string, names: readonly string[]): string {
  return parsed(text).body[0].body.reduceRight((rest, node) => {
    const isIt =
      node.type === 'TOMLTable' && isDeepStrictEqual(node.resolvedKey.slice(0, names.length), names);
    if (!isIt) return rest;
    const start = startOfLine(rest, node.range[0]);
    const gap = /(?<=\n)\r?\n$/.exec(rest.slice(0, start))?.[0].length ?? 0;
    return spliced(rest, start - gap, endOfLine(rest, node.range[1]), '');
  }, text);
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

/** JSON's strings, numbers and booleans are valid TOML. */
function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (!isObject(value)) {
    if (value === null || value === undefined) throw new FormatError('unsupported');
    return JSON.stringify(value);
  }
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${key(name)} = ${toml(inner)}`)
    .join(', ')} }`;
}
