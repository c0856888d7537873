// Connects clients by file: plans, writes, checks and undoes the changes.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock';
import { targetOf } from '../service/saved/stateFile';
import { backupOf, latestBackup, textBeforeOthers, writeBackup } from './backup';
import type { Endpoint, ClientFile, Places } from './client';
import {
  bytesOf,
  ConfigError,
  type ConfigFile,
  modeWith,
  readConfigFile,
  removeFile,
  replaceFile,
  type Replacement,
} from './configFile';
import { applyChanges, FormatError } from './configFormat';
import { type Change, sha256, valueAt } from './configValue';
import { digestsIn, fileState, undoneText, updatedText, type FileState, type UndoneText } from './ownValues';
import { withEarlier, type ConnectionRecords, type FileRecord } from './records';

export interface FileConnectionsPorts {
  readonly places: Places;
  readonly records: ConnectionRecords;
  readonly clock: Clock;
}

/** The changes that `connect` would write. Their values contain the proxy key: mask it before showing them. */
export interface Planned {
  readonly file: string;
  readonly isNew: boolean;
  /** Whether group or others lose access to the file because the proxy key is written into it. */
  readonly narrows: boolean;
  /** `replaces`: the file has another value at the path now. */
  readonly changes: readonly (Change & { readonly replaces: boolean })[];
  /** Settings that override the changes. */
  readonly outranking: readonly string[];
}

/** `restored`: the file has its original bytes again. */
export type Undone = 'restored' | UndoneText['undone'];

/** `outranked`: another setting takes precedence · `missing`: no file or profile · `damaged`: unreadable · `unknown`: the check failed. */
export type ConnectionState = FileState | 'outranked' | 'missing' | 'damaged' | 'unknown';

export class FileConnections {
  constructor(private readonly ports: FileConnectionsPorts) {}

  /** The changes that `connect` would write; writes nothing. Rejects with a ConfigError if the file cannot be edited. */
  async plan(client: ClientFile, endpoint: Endpoint): Promise<Planned> {
    const { file, found, text, changes } = await this.prepared(client, endpoint);
    const now = inFile(file, () => client.format.parse(found?.text ?? ''));
    const planned = changes.map((change) => {
      const old = valueAt(now, change.path);
      return { ...change, replaces: old !== undefined && !isDeepStrictEqual(old, change.value) };
    });
    const narrows =
      found !== null && modeWith(endpoint.proxyKey, bytesOf(text, found), found.mode) !== found.mode;
    const outranking = this.outranking(client, now);
    return { file, isNew: found === null, narrows, changes: planned, outranking };
  }

  /** Writes the client's file, a backup beside it, and a record of both. */
  async connect(client: ClientFile, endpoint: Endpoint): Promise<FileRecord> {
    const known = await this.known(client);
    // The client may read another file now than at the time it was connected.
    if (known !== null && known.file !== client.file(this.ports.places)) await this.disconnect(client, known);
    const { file, found, before, record, text, changes } = await this.prepared(client, endpoint);
    const bytes = bytesOf(text, found);
    const target = found?.file ?? targetOf(file);
    const written = {
      ...this.recordOf(client, file, bytes),
      model: endpoint.model,
      backup: before === null ? null : await writeBackup(target, before, found, record),
      madeFolder: record?.madeFolder ?? null,
      changes: digestsIn(client.format.parse(text), changes, client),
    };
    return await this.put({ file: target, bytes, expected: found }, endpoint, written, record);
  }

  /**
   * Runs `write`, by which another program adds the units to one of the files, then records the change and keeps the earlier
   * content as backup. Resolves to whether a file was changed.
   */
  async adopt(files: readonly ClientFile[], write: () => Promise<void>): Promise<boolean> {
    const { places } = this.ports;
    const before = await Promise.all(files.map(async (one) => await readConfigFile(one.file(places))));
    await write();
    for (const [index, client] of files.entries()) {
      const file = client.file(places);
      const found = before[index] ?? null;
      const now = await readConfigFile(file);
      if (now === null || found?.bytes.equals(now.bytes) === true) continue;
      const changes = inFile(file, () => digestsIn(client.format.parse(now.text), [], client));
      const earlier = await this.known(client);
      const backup = found === null ? null : await writeBackup(now.file, found.text, found, earlier);
      const written = { ...this.recordOf(client, file, now.bytes), model: null, madeFolder: null };
      await this.ports.records.put({ ...written, backup, changes });
      return true;
    }
    return false;
  }

  /**
   * Updates an older address or key that Keywheel wrote into the client's file; all other values, such as the model, stay.
   * Resolves to null, and writes nothing, if it has none. Rejects with a ConfigError.
   */
  async update(client: ClientFile, endpoint: Endpoint): Promise<FileRecord | null> {
    // Read again, because another window may have disconnected or updated the client while the user was asked.
    const record = await this.known(client);
    const found = record === null ? null : await readConfigFile(record.file);
    if (record === null || found === null) return null;
    const updated = inFile(record.file, () => updatedText(client, record, endpoint, found.text));
    if (updated === null) return null;
    const { text, ...digests } = updated;
    const bytes = bytesOf(text, found);
    const isWhole = sha256(found.bytes) === record.written;
    const written = { ...record, ...digests, written: isWhole ? sha256(bytes) : record.written };
    return await this.put({ file: found.file, bytes, expected: found }, endpoint, written, record);
  }

  /** Undoes Keywheel's changes, then removes backup and record; rejects with a ConfigError if that fails, and both stay. */
  async disconnect(client: ClientFile, record: FileRecord): Promise<Undone> {
    const found = await readConfigFile(record.file);
    const undone = found === null ? 'left' : await takeBack(client, record, found);
    await removeBackup(record, null);
    await this.ports.records.remove(record);
    return undone;
  }

  /** The state of the client's file; reads only. */
  async state(client: ClientFile, record: FileRecord, endpoint: Endpoint): Promise<ConnectionState> {
    try {
      const found = await readConfigFile(record.file);
      if (found === null) return 'missing';
      const config = client.format.parse(found.text);
      const state = fileState(client, record, endpoint, config);
      return state === 'current' && this.outranking(client, config).length > 0 ? 'outranked' : state;
    } catch (error: unknown) {
      const isHidden = error instanceof ConfigError && error.code === 'readOnly';
      if (!isHidden && (error instanceof FormatError || error instanceof ConfigError)) return 'damaged';
      throw error;
    }
  }

  private async known(client: ClientFile): Promise<FileRecord | null> {
    const record = await this.ports.records.of(client.id, client.part);
    return record?.way === 'file' ? record : null;
  }

  /** The fields that the records of all files have. */
  private recordOf({ id, part }: ClientFile, file: string, bytes: Buffer) {
    const connectedAtMs = this.ports.clock.wallMs();
    const whose = { client: id, ...(part === undefined ? {} : { part }) };
    return { way: 'file' as const, ...whose, connectedAtMs, file, written: sha256(bytes) };
  }

  private outranking(client: ClientFile, config: unknown): readonly string[] {
    return client.outranking?.(config, this.ports.places) ?? [];
  }

  /** The present file (`found`), its text without Keywheel's changes (`before`; null: no file), and with new ones (`text`). */
  private async prepared(client: ClientFile, endpoint: Endpoint) {
    const file = client.file(this.ports.places);
    const known = await this.known(client);
    const record = known?.file === file ? known : null;
    const found = await readConfigFile(file);
    const before = found === null ? null : await textBefore(client, endpoint, { file, found, record });
    const nowIso = new Date(this.ports.clock.wallMs()).toISOString();
    return inFile(file, () => {
      const changes = client.changes(endpoint, client.format.parse(before ?? ''), nowIso);
      const text = applyChanges(client.format, before ?? '', changes);
      return { file, found, before, record, text, changes };
    });
  }

  private async put(
    { file, bytes, expected }: Pick<Replacement, 'file' | 'expected'> & { readonly bytes: Buffer },
    { proxyKey }: Endpoint,
    record: FileRecord,
    earlier: FileRecord | null,
  ): Promise<FileRecord> {
    const { records } = this.ports;
    const mode = expected === null ? undefined : modeWith(proxyKey, bytes, expected.mode);
    const modeBefore = mode === expected?.mode ? earlier?.mode : expected?.mode;
    const written = modeBefore === undefined ? record : { ...record, mode: modeBefore };
    // The record comes first: a change without a record could not be undone.
    await records.put(withEarlier(written, earlier));
    const made = await replaceFile({ file, bytes, expected, mode }).catch(async (error: unknown) => {
      // The earlier record and backup are restored.
      await (earlier === null ? records.remove(written) : records.put(earlier));
      await removeBackup(written, earlier);
      throw error;
    });
    if (earlier !== null) await removeBackup(earlier, written);
    const whole = made === null ? written : { ...written, madeFolder: made };
    // The record is written again even if it is the same: only now can its listeners read the changed file.
    await records.put(whole);
    return whole;
  }
}

async function takeBack(client: ClientFile, record: FileRecord, found: ConfigFile): Promise<Undone> {
  const { undone, bytes } = await takenBack(client, record, found);
  if (undone === 'left' || undone === 'changed') return undone;
  // The mode is restored only if nobody has changed it since.
  const isNarrow = record.mode !== undefined && found.mode === (record.mode & 0o700);
  const mode = isNarrow ? record.mode : undefined;
  if (bytes === null) await removeFile(found.file, record.madeFolder);
  else await replaceFile({ file: found.file, bytes, expected: found, mode });
  return undone;
}

/** The file without Keywheel's changes but with the user's later ones; null if there would be no file. */
async function takenBack(
  client: ClientFile,
  record: FileRecord,
  found: ConfigFile,
): Promise<{ readonly undone: Undone; readonly text: string | null; readonly bytes: Buffer | null }> {
  const backup = await backupOf(record);
  if (backup !== 'lost' && sha256(found.bytes) === record.written)
    return { undone: 'restored', text: backup?.text ?? null, bytes: backup?.bytes ?? null };
  // Without the backup Keywheel's values are removed, but the values that they replaced are lost.
  const before = backup === 'lost' ? '' : (backup?.text ?? null);
  return inFile(record.file, () => {
    const { text, undone } = undoneText(client, found.text, before, record.changes);
    return { undone, text, bytes: text === null ? null : bytesOf(text, found) };
  });
}

/** The text without the changes of this or another Keywheel; null if there would be no file. */
async function textBefore(
  client: ClientFile,
  endpoint: Endpoint,
  { file, found, record }: { file: string; found: ConfigFile; record: FileRecord | null },
): Promise<string | null> {
  if (record !== null) return (await takenBack(client, record, found)).text;
  const backup = await latestBackup(found.file);
  return inFile(file, () => textBeforeOthers(client, endpoint, found.text, backup?.text ?? null));
}

/** Removes the record's backup unless the other record has the same backup. */
async function removeBackup({ backup }: FileRecord, other: FileRecord | null): Promise<void> {
  if (backup !== null && backup !== other?.backup) await removeFile(backup, null);
}

/** Turns a FormatError into a ConfigError for this file. */
function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error: unknown) {
    if (error instanceof FormatError) throw new ConfigError(error.code, file, error.line, { cause: error });
    throw error;
  }
}
