// Compares a file with the values in its record, updates them after the proxy has moved, and undoes them: value by value,
// and units as a whole, so that the client can still read the file. A value is "ours" while it is as Keywheel wrote it.
import { isDeepStrictEqual } from 'node:util';
import type { ClientFile, Endpoint, Unit } from './client';
import { applyChanges, type ConfigFormat } from './configFormat';
import { changed, isObject, jsonAt, valueAt, valueDigest, type Change, type Step } from './configValue';
import type { FileRecord } from './records';

/**
 * `current`: the file has the proxy's present address and key · `outdated`: it has earlier ones · `changed`: another address,
 * key or provider has replaced ours. The user may change all other values, such as the model.
 */
export type FileState = 'current' | 'outdated' | 'changed';

/** Digests of the values that were changed, and of the keys and addresses in the client's units. */
export function digestsIn(
  config: unknown,
  changes: readonly Pick<Change, 'path'>[],
  { units = [] }: ClientFile,
): FileRecord['changes'] {
  const marks = units.flatMap(({ path, key, address }) => [key, address].map((inner) => [...path, ...inner]));
  return [...changes.map(({ path }) => [...path]), ...marks].map((path) => {
    return { path, digest: valueDigest(valueAt(config, path)) };
  });
}

/** The state of a configuration that was written with this record. */
export function fileState(
  client: ClientFile,
  record: FileRecord,
  endpoint: Endpoint,
  config: unknown,
): FileState {
  const naming = valuesNaming(client, record, endpoint, config);
  const isOwn = (path: readonly Step[]): boolean => isOurs({ now: config, written: record.changes }, path);
  if (!naming.every(({ path }) => isOwn(path))) return 'changed';
  if (!naming.every(({ path, value }) => isDeepStrictEqual(valueAt(config, path), value))) return 'outdated';
  return (client.choices ?? []).every(isOwn) ? 'current' : 'changed';
}

/**
 * The text with the proxy's present address and key, and the record's new digests; null if the text is not `outdated`. Throws a
 * FormatError.
 */
export function updatedText(
  client: ClientFile,
  record: FileRecord,
  endpoint: Endpoint,
  text: string,
): (Pick<FileRecord, 'changes'> & { readonly text: string }) | null {
  const { format } = client;
  const before = format.parse(text);
  if (fileState(client, record, endpoint, before) !== 'outdated') return null;
  const updated = applyChanges(format, text, valuesNaming(client, record, endpoint, before));
  const after = format.parse(updated);
  const changes = record.changes.map(({ path, digest }) => {
    const wasThere = valueDigest(valueAt(before, path)) === digest;
    return { path, digest: wasThere ? valueDigest(valueAt(after, path)) : digest };
  });
  return { text: updated, changes };
}

/** The single values that contain the proxy's address or key, among those that connecting writes. */
function valuesNaming(
  client: ClientFile,
  record: FileRecord,
  endpoint: Endpoint,
  config: unknown,
): readonly Change[] {
  return client
    .changes({ ...endpoint, model: record.model }, config, '')
    .flatMap((change) => partsNaming(change, endpoint));
}

function partsNaming({ path, value }: Change, endpoint: Endpoint): readonly Change[] {
  if (isObject(value))
    return Object.keys(value).flatMap((name) =>
      partsNaming({ path: [...path, name], value: jsonAt(value, [name]) }, endpoint),
    );
  if (typeof value !== 'string' && !Array.isArray(value)) return [];
  // A list is one value: it is written as a whole.
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.includes(endpoint.origin) || text.includes(endpoint.proxyKey) ? [{ path, value }] : [];
}

export interface UndoneText {
  /** Null if there would be no file. */
  readonly text: string | null;
  /**
   * `undone`: our values were removed, the user's later changes stay · `changed`: all our values were changed since, and stay ·
   * `left`: none of our values was there any more.
   */
  readonly undone: 'undone' | 'changed' | 'left';
}

/** The present configuration, the one before connecting, and the digests of the written values. */
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
  client: ClientFile,
  text: string,
  before: string | null,
  written: FileRecord['changes'],
): UndoneText {
  const { format, units = [], scaffold = [] } = client;
  const earlier = before === null ? {} : format.parse(before);
  const seen = { now: format.parse(text), earlier, written };
  const alone = written.filter(
    ({ path }) => !units.some((unit) => isWithin(path, unit.path)) && !isScaffold(scaffold, path),
  );
  const back = [
    ...alone
      .filter(({ path, digest }) => valueDigest(valueAt(seen.now, path)) === digest)
      .map(({ path }) => asBefore(seen, path)),
    ...units.flatMap((unit) => unitBack(seen, unit)),
  ];
  // Changes are undone in reverse order: no other value depends on the value that was written last.
  const values = applyChanges(format, text, [...back].reverse());
  const onTheWay = back.flatMap(({ path }) => parents(path)).filter((path) => !isScaffold(scaffold, path));
  const rest = withoutEmpty(format, values, onTheWay, earlier);
  const others = [...alone, ...units].filter(
    ({ path }) => !back.some((done) => isDeepStrictEqual(done.path, path)),
  );
  const left = others.some(({ path }) => isChanged(seen, path)) ? 'changed' : 'left';
  const whole = withoutScaffold(client, rest, seen);
  const isOver = before === null && isEmpty(format.parse(whole));
  return { text: isOver ? null : whole, undone: back.length > 0 ? 'undone' : left };
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

/** Whether the value at the path, or an object around it, is as it was written. */
function isOurs({ now, written }: Pick<Seen, 'now' | 'written'>, path: readonly Step[]): boolean {
  return written.some(
    (one) => isWithin(path, one.path) && one.digest === valueDigest(valueAt(now, one.path)),
  );
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
function withoutScaffold({ format, scaffold = [] }: ClientFile, text: string, seen: Seen): string {
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
