// Connecting clients that read files: what will be written, writing it, how it stands, and taking it back.
import type { Clock } from '../../base/clock';
import { backupOf, latestBackup, textBeforeOthers, writeBackup } from './backup';
import type { Endpoint, FileClient, Places } from './client';
import {
  bytesOf,
  placeOf,
  readConfigFile,
  removeFile,
  replaceFile,
  type ConfigFile,
  type Replacement,
} from './configFile';
import { ConfigError } from './configError';
import { applyChanges, FormatError, type ConfigFormat } from './configFormat';
import { sameValue, valueAt, valueDigest, type Change } from './configValue';
import { sha256 } from './digest';
import { fileState, movedText, type FileState } from './fileState';
import { withEarlier, type ConnectionRecords, type FileRecord } from './records';
import { isEmptyConfig, marksIn, undoneText } from './undo';

export interface FileConnectionsPorts {
  readonly places: Places;
  readonly records: ConnectionRecords;
  readonly clock: Clock;
}

/** What connecting would write. The proxy key is among the values: show it masked. */
export interface Planned {
  readonly file: string;
  readonly isNew: boolean;
  readonly changes: readonly PlannedChange[];
}

export interface PlannedChange extends Change {
  /** Whether another value is there now. */
  readonly replaces: boolean;
}

/**
 * `restored`: the bytes of before · `undone`: our values are gone, the user's later changes stay · `changed`: all of it was changed
 * since, and stays · `left`: none of it was there any more.
 */
export type Undone = 'restored' | 'undone' | 'changed' | 'left';

/** How its file stands; `damaged`: it cannot be read · `unknown`: it cannot be looked at. */
export type ConnectionState = FileState | 'missing' | 'damaged' | 'unknown';

interface Base {
  readonly found: ConfigFile | null;
  /** The text without what we wrote into it earlier. */
  readonly before: string | null;
  readonly record: FileRecord | null;
}

export class FileConnections {
  constructor(private readonly ports: FileConnectionsPorts) {}

  /** Writes nothing. Rejects with a ConfigError where the file cannot be written. */
  async plan(client: FileClient, endpoint: Endpoint): Promise<Planned> {
    const file = client.file(this.ports.places);
    const { found, before } = await this.base(client, endpoint, file);
    const { changes } = this.edited(client, endpoint, file, before);
    const now: unknown = parsed(client.format, found?.text ?? '', file);
    const planned = changes.map((change) => {
      const old = valueAt(now, change.path);
      return { ...change, replaces: old !== undefined && !sameValue(old, change.value) };
    });
    return { file, isNew: found === null, changes: planned };
  }

  /** The client's file has what it needs, a backup of the file as it was lies beside it, and a record tells of both. */
  async connect(client: FileClient, endpoint: Endpoint): Promise<FileRecord> {
    const file = client.file(this.ports.places);
    await this.leaveOtherFile(client, file);
    const { found, before, record } = await this.base(client, endpoint, file);
    const { text, changes } = this.edited(client, endpoint, file, before);
    const bytes = bytesOf(text, found);
    const target = found?.file ?? (await placeOf(file));
    const backup = before === null ? null : await writeBackup(target, before, found, record);
    const written: FileRecord = {
      way: 'file',
      client: client.id,
      model: endpoint.model,
      file,
      backup,
      madeFolder: record?.madeFolder ?? null,
      written: sha256(bytes),
      changes: changes.map(({ path, value }) => ({ path: [...path], digest: valueDigest(value) })),
      marks: marksIn(client.format.parse(text), client),
    };
    return await this.put({ file: target, bytes, expected: found }, written, record);
  }

  /**
   * Where the client's configuration names the proxy as it was once, it names it as it is now; all else stays as the user has it,
   * the model too. Null where it does not (any more): then nothing was written. Rejects with a ConfigError.
   */
  async move(client: FileClient, endpoint: Endpoint): Promise<FileRecord | null> {
    // What is known now: since the user was asked, another window may have disconnected the client, or moved it.
    const record = await this.ports.records.of(client.id);
    const found = record?.way === 'file' ? await readConfigFile(record.file) : null;
    if (record?.way !== 'file' || found === null) return null;
    const moved = inFile(record.file, () => movedText(client, record, endpoint, found.text));
    if (moved === null) return null;
    const { text, ...told } = moved;
    const bytes = bytesOf(text, found);
    const isWhole = sha256(found.bytes) === record.written;
    const written = { ...record, ...told, written: isWhole ? sha256(bytes) : record.written };
    return await this.put({ file: found.file, bytes, expected: found }, written, record);
  }

  /** What is still ours is taken back; then record and backup are gone. Rejects with a ConfigError where that cannot be done: then all stays. */
  async disconnect(client: FileClient, record: FileRecord): Promise<Undone> {
    const found = await readConfigFile(record.file);
    const undone = await this.takeBack(client, record, found);
    if (record.backup !== null) await removeFile(record.backup, null);
    await this.ports.records.remove(record.client);
    return undone;
  }

  /** How the client's file stands; reads only. */
  async state(client: FileClient, record: FileRecord, endpoint: Endpoint): Promise<ConnectionState> {
    try {
      const found = await readConfigFile(record.file);
      if (found === null) return 'missing';
      return fileState(client, record, endpoint, client.format.parse(found.text));
    } catch (error: unknown) {
      const isHidden = error instanceof ConfigError && error.code === 'readOnly';
      if (!isHidden && (error instanceof FormatError || error instanceof ConfigError)) return 'damaged';
      throw error;
    }
  }

  /** The client reads another file than at the time when it was connected: what we wrote there goes. */
  private async leaveOtherFile(client: FileClient, file: string): Promise<void> {
    const known = await this.ports.records.of(client.id);
    if (known?.way === 'file' && known.file !== file) await this.disconnect(client, known);
  }

  private async base(client: FileClient, endpoint: Endpoint, file: string): Promise<Base> {
    const known = await this.ports.records.of(client.id);
    const record = known?.way === 'file' && known.file === file ? known : null;
    const found = await readConfigFile(file);
    if (found === null) return { found, before: null, record };
    if (record !== null) return { found, before: await textBefore(client, record, found), record };
    const backup = await latestBackup(found.file);
    const before = inFile(file, () => textBeforeOthers(client, endpoint, found.text, backup?.text ?? null));
    return { found, before, record };
  }

  private edited(
    client: FileClient,
    endpoint: Endpoint,
    file: string,
    before: string | null,
  ): { readonly text: string; readonly changes: readonly Change[] } {
    const nowIso = new Date(this.ports.clock.nowMs()).toISOString();
    return inFile(file, () => {
      const changes = client.changes(endpoint, client.format.parse(before ?? ''), nowIso);
      return { text: applyChanges(client.format, before ?? '', changes), changes };
    });
  }

  private async put(
    replacement: Replacement,
    written: FileRecord,
    earlier: FileRecord | null,
  ): Promise<FileRecord> {
    const { records } = this.ports;
    const begun = withEarlier(written, earlier);
    // The record first: what was written without one could not be taken back.
    await records.put(begun);
    const made = await this.write(replacement, written, earlier);
    const whole = made === null ? written : { ...written, madeFolder: made };
    if (!sameValue(whole, begun)) await records.put(whole);
    return whole;
  }

  /** The earlier backup is gone then. Where the file cannot be written, all is as it was. */
  private async write(
    replacement: Replacement,
    written: FileRecord,
    earlier: FileRecord | null,
  ): Promise<string | null> {
    const made = await replaceFile(replacement).catch(async (error: unknown) => {
      await this.forget(written, earlier);
      throw error;
    });
    if (earlier?.backup && earlier.backup !== written.backup) await removeFile(earlier.backup, null);
    return made;
  }

  /** Record and backup are the earlier ones again: they tell of what is in the file. */
  private async forget({ client, backup }: FileRecord, earlier: FileRecord | null): Promise<void> {
    if (earlier === null) await this.ports.records.remove(client);
    else await this.ports.records.put(earlier);
    if (backup !== null && backup !== earlier?.backup) await removeFile(backup, null);
  }

  private async takeBack(client: FileClient, record: FileRecord, found: ConfigFile | null): Promise<Undone> {
    if (found === null) return 'left';
    const backup = await backupOf(record);
    if (sha256(found.bytes) === record.written) {
      if (backup === null) await removeFile(found.file, record.madeFolder);
      else await replaceFile({ file: found.file, bytes: backup.bytes, expected: found });
      return 'restored';
    }
    const { text, undone, changed } = inFile(record.file, () =>
      undoneText(client, found.text, backup?.text ?? null, record),
    );
    if (undone === 0) return changed === 0 ? 'left' : 'changed';
    if (backup === null && isEmptyConfig(client.format, text))
      await removeFile(found.file, record.madeFolder);
    else await replaceFile({ file: found.file, bytes: bytesOf(text, found), expected: found });
    return 'undone';
  }
}

/** The text as it was before we wrote into it, with what the user has changed since; null where there would be no file. */
async function textBefore(client: FileClient, record: FileRecord, found: ConfigFile): Promise<string | null> {
  const backup = (await backupOf(record))?.text ?? null;
  if (sha256(found.bytes) === record.written) return backup;
  const { text } = inFile(record.file, () => undoneText(client, found.text, backup, record));
  return backup === null && isEmptyConfig(client.format, text) ? null : text;
}

function parsed(format: ConfigFormat, text: string, file: string): unknown {
  return inFile(file, () => format.parse(text));
}

/** What a format says of a text becomes what is said of the file. */
function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error: unknown) {
    if (error instanceof FormatError) throw new ConfigError(error.code, file, error.line, { cause: error });
    throw error;
  }
}
