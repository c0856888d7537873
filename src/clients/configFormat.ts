// The interface of file formats, and edits that verify that nothing else has changed.
import { isDeepStrictEqual } from 'node:util';
import { changed, isObject, valueAt, type Change, type Step } from './configValue';

/** The format cannot parse or edit the text. */
export class FormatError extends Error {
  override readonly name = 'FormatError';

  constructor(
    readonly code: 'damaged' | 'unsupported',
    readonly line: number | null = null,
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}

export interface ConfigFormat {
  /** The parsed text; an empty text gives an empty object. Throws a FormatError (`damaged`). */
  parse(text: string): unknown;
  /** The text with one change; comments and all other text stay as they are. Throws a FormatError. */
  edit(text: string, change: Change): string;
}

/**
 * The text with all changes made. Parses the result of each change and throws a FormatError (`unsupported`) if anything else
 * differs.
 */
export function applyChanges(format: ConfigFormat, text: string, changes: readonly Change[]): string {
  let edited = text;
  for (const change of changes) {
    const before = format.parse(edited);
    if (!hasRoom(before, change.path)) throw new FormatError('unsupported');
    const expected = changed(before, change);
    edited = format.edit(edited, change);
    const now = readBack(format, edited);
    // In TOML an object disappears together with its last table.
    const isDone =
      isDeepStrictEqual(now, expected) || isDeepStrictEqual(now, withoutEmptyParents(expected, change.path));
    if (!isDone) throw new FormatError('unsupported');
  }
  return edited;
}

/**
 * The text with the string at the path replaced: each occurrence is tried until exactly that value has changed. Throws a
 * FormatError if the text does not contain the string literally, because of escapes for example.
 */
export function withString(format: ConfigFormat, text: string, change: Change): string {
  const before = format.parse(text);
  const old = valueAt(before, change.path);
  if (typeof old !== 'string' || old === '' || typeof change.value !== 'string')
    throw new FormatError('unsupported');
  const expected = changed(before, change);
  for (let at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + 1)) {
    const edited = spliced(text, at, at + old.length, change.value);
    if (isDeepStrictEqual(readBack(format, edited), expected)) return edited;
  }
  throw new FormatError('unsupported');
}

function withoutEmptyParents(root: unknown, path: readonly Step[]): unknown {
  const parent = path.slice(0, -1);
  const value = valueAt(root, parent);
  if (parent.length === 0 || !isObject(value) || Object.keys(value).length > 0) return root;
  return withoutEmptyParents(changed(root, { path: parent, value: undefined }), parent);
}

/** Whether each parent is missing or a container of the right kind, so that no value of the user has to be replaced. */
function hasRoom(root: unknown, path: readonly Step[]): boolean {
  return path.every((step, index) => {
    const value = valueAt(root, path.slice(0, index)) ?? null;
    return value === null || (typeof step === 'string' ? isObject(value) : Array.isArray(value));
  });
}

function readBack(format: ConfigFormat, text: string): unknown {
  try {
    return format.parse(text);
  } catch (error: unknown) {
    throw new FormatError('unsupported', null, { cause: error });
  }
}

/** The step as a name. Throws a FormatError for an item: only YAML's files have lists of named items. */
export function nameOf(step: Step): string {
  if (typeof step !== 'string') throw new FormatError('unsupported');
  return step;
}

/** The line end that the text uses. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}

/** The text with a line end behind its last line. */
export function closed(text: string): string {
  return text === '' || text.endsWith('\n') ? text : text + lineEndOf(text);
}

/** The position after the line end of the line that contains `position`. */
export function endOfLine(text: string, position: number): number {
  const end = text.indexOf('\n', position);
  return end < 0 ? text.length : end + 1;
}

export function startOfLine(text: string, position: number): number {
  return position === 0 ? 0 : text.lastIndexOf('\n', position - 1) + 1;
}

/** The text with `inserted` in place of the text between the two positions. */
export function spliced(text: string, start: number, end: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(end);
}
