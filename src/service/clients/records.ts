// What was written into clients' files, so that it can be taken back: digests and places, no value.
import path from 'node:path';
import * as v from 'valibot';
import { Emitter, type Event } from '../../base/event';
import { clientIds, type ClientId } from './client';
import { bytesOf, readConfigFile, replaceFile, type ConfigFile } from './configFile';
import { sameValue } from './configValue';

const stepSchema = v.union([v.string(), v.object({ item: v.string() })]);

/** Digest of the value at the path as it was written. */
const changeSchema = v.object({ path: v.array(stepSchema), digest: v.string() });

const fileRecordSchema = v.object({
  way: v.literal('file'),
  client: v.picklist(clientIds),
  model: v.nullable(v.string()),
  file: v.string(),
  /** The file as it was before, or null where there was none. */
  backup: v.nullable(v.string()),
  /** The outermost folder that had to be made for it. */
  madeFolder: v.nullable(v.string()),
  /** Digest of the whole file as it was written. */
  written: v.string(),
  changes: v.array(changeSchema),
  /** Keys and addresses in what is taken back as one; earlier versions kept none. */
  marks: v.optional(v.array(changeSchema)),
});

const extensionRecordSchema = v.object({
  way: v.literal('extension'),
  client: v.picklist(clientIds),
  model: v.nullable(v.string()),
  /** The profile that was active before, or null. */
  earlier: v.nullable(v.string()),
  /** Digest of base URL and proxy key. */
  written: v.string(),
});

const recordSchema = v.variant('way', [fileRecordSchema, extensionRecordSchema]);
const recordsSchema = v.object({ version: v.literal(1), connections: v.array(recordSchema) });

export type FileRecord = v.InferOutput<typeof fileRecordSchema>;
export type ExtensionRecord = v.InferOutput<typeof extensionRecordSchema>;
export type ConnectionRecord = v.InferOutput<typeof recordSchema>;

/** The records are damaged, or of a newer version; they are left alone, and so are the clients' files. */
export class RecordsError extends Error {
  readonly code = 'recordsDamaged';
  override readonly name = 'RecordsError';

  constructor(
    readonly file: string,
    options: ErrorOptions,
  ) {
    super(`${file} is damaged, or of a newer version.`, options);
  }
}

/** The records of all windows of this product, one a client. */
export class ConnectionRecords {
  private readonly file: string;
  private last: Promise<unknown> = Promise.resolve();
  private readonly changed: Emitter<void>;

  /** `folder` need not exist. `onError` hears of listeners that throw. */
  constructor(folder: string, onError: (error: unknown) => void) {
    this.file = path.join(folder, 'connections.json');
    this.changed = new Emitter(onError);
  }

  /** They were changed through this object. */
  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  /** Rejects with a RecordsError where they cannot be read. */
  async all(): Promise<readonly ConnectionRecord[]> {
    return this.parsed(await readConfigFile(this.file));
  }

  async of(client: ClientId): Promise<ConnectionRecord | null> {
    return (await this.all()).find((record) => record.client === client) ?? null;
  }

  /** In place of the client's earlier one. */
  async put(record: ConnectionRecord): Promise<void> {
    await this.change((records) => [...records.filter(({ client }) => client !== record.client), record]);
  }

  async remove(client: ClientId): Promise<void> {
    await this.change((records) => records.filter((record) => record.client !== client));
  }

  private async change(
    edit: (records: readonly ConnectionRecord[]) => readonly ConnectionRecord[],
  ): Promise<void> {
    const turn = this.last.then(async () => {
      const expected = await readConfigFile(this.file);
      const text = JSON.stringify({ version: 1, connections: edit(this.parsed(expected)) }, null, 2);
      await replaceFile({ file: this.file, bytes: bytesOf(text, null), expected });
      this.changed.fire();
    });
    // The next one runs all the same; the failure is its own caller's.
    this.last = turn.catch(() => undefined);
    await turn;
  }

  private parsed(found: ConfigFile | null): readonly ConnectionRecord[] {
    if (found === null) return [];
    try {
      return v.parse(recordsSchema, JSON.parse(found.text)).connections;
    } catch (error: unknown) {
      throw new RecordsError(this.file, { cause: error });
    }
  }
}

/** What is true of the file both before and after it is written: values of either are ours, whenever the machine stops. */
export function withEarlier(written: FileRecord, earlier: FileRecord | null): FileRecord {
  return {
    ...written,
    changes: union(written.changes, earlier?.changes),
    marks: union(written.marks, earlier?.marks),
  };
}

function union(some: FileRecord['changes'] = [], more: FileRecord['changes'] = []): FileRecord['changes'] {
  return [...some, ...more.filter((one) => some.every((other) => !sameValue(other, one)))];
}
