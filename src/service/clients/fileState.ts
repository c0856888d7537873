// Where a connected client's configuration names the proxy, how that stands, and the same configuration for a proxy that has moved.
import type { Endpoint, FileClient } from './client';
import { applyChanges } from './configFormat';
import { isObject, jsonAt, sameValue, valueAt, valueDigest, type Change, type Step } from './configValue';
import type { FileRecord } from './records';

/**
 * `current`: it names the proxy as it is now · `outdated`: as it was once · `changed`: another address, key or provider has taken
 * the place of ours. All else in it, such as the model and the client's own notes, is the user's to change.
 */
export type FileState = 'current' | 'outdated' | 'changed';

/** How the configuration stands that was written with this record. */
export function fileState(
  client: FileClient,
  record: FileRecord,
  endpoint: Endpoint,
  config: unknown,
): FileState {
  const naming = valuesNaming(client, record, endpoint, config);
  if (!naming.every(({ path }) => isOurs(record, config, path))) return 'changed';
  if (!naming.every(({ path, value }) => sameValue(valueAt(config, path), value))) return 'outdated';
  return client.choice === undefined || isOurs(record, config, client.choice) ? 'current' : 'changed';
}

/**
 * The text with the proxy's present address and key in the places of ours, and what a record tells of it; null where it is not
 * outdated. Throws a FormatError.
 */
export function movedText(
  client: FileClient,
  record: FileRecord,
  endpoint: Endpoint,
  text: string,
): (Pick<FileRecord, 'changes' | 'marks'> & { readonly text: string }) | null {
  const { format } = client;
  const before = format.parse(text);
  if (fileState(client, record, endpoint, before) !== 'outdated') return null;
  const moved = applyChanges(format, text, valuesNaming(client, record, endpoint, before));
  const after = format.parse(moved);
  const renewed = (written: FileRecord['changes']): FileRecord['changes'] =>
    written.map(({ path, digest }) => {
      const wasThere = valueDigest(valueAt(before, path)) === digest;
      return { path, digest: wasThere ? valueDigest(valueAt(after, path)) : digest };
    });
  return { text: moved, changes: renewed(record.changes), marks: renewed(record.marks ?? []) };
}

/** The address and the key in what connecting writes, each alone. */
function valuesNaming(
  client: FileClient,
  record: FileRecord,
  endpoint: Endpoint,
  config: unknown,
): readonly Change[] {
  return client
    .changes({ ...endpoint, model: record.model }, config, '')
    .flatMap((change) => partsNaming(change, endpoint));
}

function partsNaming({ path, value }: Change, endpoint: Endpoint): readonly Change[] {
  if (typeof value === 'string') {
    const isNaming = value.includes(endpoint.origin) || value.includes(endpoint.proxyKey);
    return isNaming ? [{ path, value }] : [];
  }
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((name) =>
    partsNaming({ path: [...path, name], value: jsonAt(value, [name]) }, endpoint),
  );
}

/** What is at the path, or around it, is as it was written. */
function isOurs({ changes, marks = [] }: FileRecord, config: unknown, path: readonly Step[]): boolean {
  return [...changes, ...marks].some(
    (written) =>
      sameValue(written.path, path.slice(0, written.path.length)) &&
      written.digest === valueDigest(valueAt(config, written.path)),
  );
}
