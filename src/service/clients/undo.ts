// Taking back what was written into one text: byte for byte where nothing else has changed since, else value by value.
import { applyChanges, type ConfigFormat } from './configFormat';
import { isObject, valueAt, valueDigest, type Change, type Json, type Step } from './configValue';
import type { FileRecord } from './records';

/** `undone`: values that were still ours and are as before · `left`: values that somebody has changed since. */
export interface UndoneText {
  readonly text: string;
  readonly undone: number;
  readonly left: number;
}

/**
 * The text with each value that is still ours as it is in `before` (null: there was no file), or gone. Objects that were made
 * for our values and are empty now are gone too. Throws a FormatError.
 */
export function undoneText(
  format: ConfigFormat,
  text: string,
  before: string | null,
  { changes }: Pick<FileRecord, 'changes'>,
): UndoneText {
  const now = format.parse(text);
  const earlier = before === null ? {} : format.parse(before);
  const ours = changes.filter(({ path, digest }) => valueDigest(valueAt(now, path)) === digest);
  // The last one first: what was written last depends on nothing behind it.
  const back = [...ours].reverse().map(({ path }) => ({ path, value: jsonAt(earlier, path) }));
  const values = applyChanges(format, text, back);
  return {
    text: withoutEmpty(
      format,
      values,
      ours.flatMap(({ path }) => parents(path)),
      earlier,
    ),
    undone: ours.length,
    left: changes.length - ours.length,
  };
}

/** Whether nothing is left in the text. */
export function isEmptyConfig(format: ConfigFormat, text: string): boolean {
  const value = format.parse(text);
  return isObject(value) && Object.keys(value).length === 0;
}

function withoutEmpty(
  format: ConfigFormat,
  text: string,
  paths: readonly (readonly Step[])[],
  earlier: unknown,
): string {
  return paths.reduce((rest, path) => {
    const value = valueAt(format.parse(rest), path);
    const isOver = isEmpty(value) && valueAt(earlier, path) === undefined;
    const gone: Change = { path, value: undefined };
    return isOver ? applyChanges(format, rest, [gone]) : rest;
  }, text);
}

/** The paths on the way, the longest first. */
function parents(path: readonly Step[]): readonly (readonly Step[])[] {
  return path.slice(1).map((_, index) => path.slice(0, path.length - 1 - index));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** What a file held is JSON, but for TOML's dates, which stand in no place that we write. */
function jsonAt(root: unknown, path: readonly Step[]): Json | undefined {
  return valueAt(root, path) as Json | undefined;
}
