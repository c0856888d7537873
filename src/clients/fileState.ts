// The state of the proxy's address and key in a client's configuration, and their update after the proxy has moved.
import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, ClientFile } from './client';
import { applyChanges } from './configFormat';
import { isObject, jsonAt, valueAt, valueDigest, type Change, type Json, type Step } from './configValue';
import type { FileRecord } from './records';

/**
 * `current`: has the proxy's present address and key · `outdated`: has earlier ones · `changed`: another address, key or provider
 * has replaced ours. All other values, such as the model, are the user's to change.
 */
export type FileState = 'current' | 'outdated' | 'changed';

/** The state of a configuration that was written with this record. */
export function fileState(
  client: ClientFile,
  record: FileRecord,
  endpoint: Endpoint,
  config: unknown,
): FileState {
  const naming = valuesNaming(client, record, endpoint, config);
  if (!naming.every(({ path }) => isOurs(record, config, path))) return 'changed';
  if (!naming.every(({ path, value }) => isDeepStrictEqual(valueAt(config, path), value))) return 'outdated';
  return (client.choices ?? []).every((path) => isOurs(record, config, path)) ? 'current' : 'changed';
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
): (Pick<FileRecord, 'changes' | 'marks'> & { readonly text: string }) | null {
  const { format } = client;
  const before = format.parse(text);
  if (fileState(client, record, endpoint, before) !== 'outdated') return null;
  const updated = applyChanges(format, text, valuesNaming(client, record, endpoint, before));
  const after = format.parse(updated);
  const renewed = (written: FileRecord['changes']): FileRecord['changes'] =>
    written.map(({ path, digest }) => {
      const wasThere = valueDigest(valueAt(before, path)) === digest;
      return { path, digest: wasThere ? valueDigest(valueAt(after, path)) : digest };
    });
  return { text: updated, changes: renewed(record.changes), marks: renewed(record.marks ?? []) };
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
  if (typeof value === 'string') {
    const isNaming = value.includes(endpoint.origin) || value.includes(endpoint.proxyKey);
    return isNaming ? [{ path, value }] : [];
  }
  if (Array.isArray(value)) {
    // A list is written as a whole.
    const list: readonly Json[] = value;
    return list.some((each) => partsNaming({ path, value: each }, endpoint).length > 0)
      ? [{ path, value }]
      : [];
  }
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((name) =>
    partsNaming({ path: [...path, name], value: jsonAt(value, [name]) }, endpoint),
  );
}

/** Whether the value at the path, or an object around it, is as it was written. */
function isOurs({ changes, marks = [] }: FileRecord, config: unknown, path: readonly Step[]): boolean {
  return [...changes, ...marks].some(
    (written) =>
      isDeepStrictEqual(written.path, path.slice(0, written.path.length)) &&
      written.digest === valueDigest(valueAt(config, written.path)),
  );
}
