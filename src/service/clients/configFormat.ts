// What the three kinds of configuration files have in common: text in, text out, and a proof that nothing else has changed.
import { changed, isObject, sameValue, valueAt, type Change, type Step } from './configValue';

/** What a format says of a text that it cannot take. */
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
  /** An empty text is an empty object. Throws a FormatError (`damaged`). */
  parse(text: string): unknown;
  /** One change; comments and all other text stay as they are. Throws a FormatError. */
  edit(text: string, change: Change): string;
}

/**
 * The text with all changes made. What is read from it is what was there with the changes and nothing else, or a FormatError
 * (`unsupported`) is thrown.
 */
export function applyChanges(format: ConfigFormat, text: string, changes: readonly Change[]): string {
  let edited = text;
  for (const change of changes) {
    const before = format.parse(edited);
    if (!hasRoom(before, change.path)) throw new FormatError('unsupported');
    const expected = changed(before, change);
    edited = format.edit(edited, change);
    const now = readBack(format, edited);
    // In TOML an empty object on the way is gone with the last table in it.
    const isDone = sameValue(now, expected) || sameValue(now, withoutEmptyParents(expected, change.path));
    if (!isDone) throw new FormatError('unsupported');
  }
  return edited;
}

function withoutEmptyParents(root: unknown, path: readonly Step[]): unknown {
  const parent = path.slice(0, -1);
  const value = valueAt(root, parent);
  if (parent.length === 0 || !isObject(value) || Object.keys(value).length > 0) return root;
  return withoutEmptyParents(changed(root, { path: parent, value: undefined }), parent);
}

/** Whether what is on the way is nothing yet, or of the right kind: nothing of the user's is replaced to make room. */
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

/** The line end that the text uses. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}

/** Where the line that holds the position ends, behind its line end. */
export function endOfLine(text: string, position: number): number {
  const end = text.indexOf('\n', position);
  return end < 0 ? text.length : end + 1;
}

export function startOfLine(text: string, position: number): number {
  return position === 0 ? 0 : text.lastIndexOf('\n', position - 1) + 1;
}

/** The text with `inserted` in place of what is between the two positions. */
export function spliced(text: string, start: number, end: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(end);
}
