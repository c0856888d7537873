// Undoes what was written into a text: value by value, and units as a whole. The result is a file that the client can read.
import { isDeepStrictEqual } from 'node:util';
import type { ClientFile, Unit } from './client';
import { applyChanges, type ConfigFormat } from './configFormat';
import { changed, isObject, jsonAt, valueAt, valueDigest, type Change, type Step } from './configValue';
import type { FileRecord } from './records';

/** `undone` counts values and units that were still ours; `changed` counts those that the user has changed since, which stay. */
export interface UndoneText {
  readonly text: string;
  readonly undone: number;
  readonly changed: number;
}

type UndoneClient = Pick<ClientFile, 'format' | 'units' | 'scaffold'>;

/** The present configuration, the one before connecting, and the digests of what was written. */
interface Seen {
  readonly now: unknown;
  readonly earlier: unknown;
  readonly written: FileRecord['changes'];
}

/**
 * The text with each value that is still ours restored from `before` (null: there was no file) or removed. Objects that were
 * created for our values and are empty now are removed too. Throws a FormatError.
 */
export function undoneText(
  client: UndoneClient,
  text: string,
  before: string | null,
  { changes, marks = [] }: Pick<FileRecord, 'changes' | 'marks'>,
): UndoneText {
  const { format, units = [], scaffold = [] } = client;
  const seen = {
    now: format.parse(text),
    earlier: before === null ? {} : format.parse(before),
    written: [...changes, ...marks],
  };
  const alone = changes.filter(
    ({ path }) => !units.some((unit) => isWithin(path, unit.path)) && !isScaffold(scaffold, path),
  );
  const back = [
    ...alone
      .filter(({ path, digest }) => valueDigest(valueAt(seen.now, path)) === digest)
      .map(({ path }) => asBefore(seen, path)),
    ...units.flatMap((unit) => unitBack(seen, unit)),
  ];
  // In reverse order: no other value depends on the one that was written last.
  const values = applyChanges(format, text, [...back].reverse());
  const onTheWay = back.flatMap(({ path }) => parents(path)).filter((path) => !isScaffold(scaffold, path));
  const rest = withoutEmpty(format, values, onTheWay, seen.earlier);
  const others = [...alone, ...units].filter(
    ({ path }) => !back.some((done) => isDeepStrictEqual(done.path, path)),
  );
  return {
    text: withoutScaffold(client, rest, seen),
    undone: back.length,
    changed: others.filter(({ path }) => isChanged(seen, path)).length,
  };
}

/** Digests of the keys and addresses by which the client's units are recognized as ours. */
export function marksIn(config: unknown, { units = [] }: UndoneClient): FileRecord['changes'] {
  return units
    .flatMap(({ path, key, address }) => [
      [...path, ...key],
      [...path, ...address],
    ])
    .map((path) => ({ path, digest: valueDigest(valueAt(config, path)) }));
}

/** Whether the text has no values. */
export function isEmptyConfig(format: ConfigFormat, text: string): boolean {
  return isEmpty(format.parse(text));
}

/** The changes that undo the unit; none if neither its key nor its address is ours any more. */
function unitBack(seen: Seen, { path, key, address, extra }: Unit): readonly Change[] {
  const keyPath = [...path, ...key];
  const addressPath = [...path, ...address];
  const whole = asBefore(seen, path);
  if (isOurs(seen, path) || isOurs(seen, keyPath)) return [whole];
  if (!isOurs(seen, addressPath)) return [];
  if (valueAt(seen.now, keyPath) === undefined) return [whole];
  // The user has replaced our key: the new key stays, and the earlier address is restored.
  const rest = [addressPath, ...(extra ? [[...path, ...extra]] : [])].reduce(
    (config, each) => changed(config, asBefore(seen, each)),
    seen.now,
  );
  return [{ path, value: jsonAt(rest, path) }];
}

function isOurs({ now, written }: Seen, path: readonly Step[]): boolean {
  const digest = valueDigest(valueAt(now, path));
  return written.some((change) => change.digest === digest && isDeepStrictEqual(change.path, path));
}

/** Whether the path has a value that it did not have before. */
function isChanged({ now, earlier }: Seen, path: readonly Step[]): boolean {
  const value = valueAt(now, path);
  return value !== undefined && !isDeepStrictEqual(value, valueAt(earlier, path));
}

function asBefore({ earlier }: Seen, path: readonly Step[]): Change {
  return { path, value: jsonAt(earlier, path) };
}

function isWithin(path: readonly Step[], outer: readonly Step[]): boolean {
  return isDeepStrictEqual(path.slice(0, outer.length), outer);
}

function isScaffold(scaffold: readonly string[], path: readonly Step[]): boolean {
  return scaffold.some((name) => isDeepStrictEqual(path, [name]));
}

/** Removes the scaffold that was added for our values, if nothing else is left. */
function withoutScaffold({ format, scaffold = [] }: UndoneClient, text: string, seen: Seen): string {
  const now = format.parse(text);
  const names = isObject(now) ? Object.keys(now) : [];
  const isOver = (name: string): boolean =>
    scaffold.includes(name) &&
    valueAt(seen.earlier, [name]) === undefined &&
    (isOurs({ ...seen, now }, [name]) || isEmpty(valueAt(now, [name])));
  if (!names.every(isOver)) return text;
  return applyChanges(
    format,
    text,
    names.map((name) => ({ path: [name], value: undefined })),
  );
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
    return isOver ? applyChanges(format, rest, [{ path, value: undefined }]) : rest;
  }, text);
}

/** The paths of all parents, the longest first. */
function parents(path: readonly Step[]): readonly (readonly Step[])[] {
  return path.slice(1).map((_, index) => path.slice(0, path.length - 1 - index));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
