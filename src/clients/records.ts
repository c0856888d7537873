// Records of the changes in clients' files, so that they can be undone: paths and digests, no values.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { Emitter, type Event } from '../base/event';
import { WorkQueue } from '../base/workQueue';
import { parseJson } from '../base/json';
import { StateFile } from '../service/saved/stateFile';
import { clientIds, type ClientId } from './client';
import { bytesOf, readConfigFile, replaceFile, type ConfigFile } from './configFile';

const stepSchema = v.union([v.string(), v.object({ item: v.string() })]);

/** Digest of the value at the path as it was written. */
const changeSchema = v.object({ path: v.array(stepSchema), digest: v.string() });

/** Fields of every record. */
const knownSchema = {
  client: v.picklist(clientIds),
  model: v.nullable(v.string()),
  /** Absent in records of earlier versions. */
  connectedAtMs: v.optional(v.number()),
  /** Whether the user was told that the client requests another model. */
  strayTold: v.optional(v.boolean()),
};

const fileRecordSchema = v.pipe(
  v.object({
    way: v.literal('file'),
    ...knownSchema,
    /** The `part` of the client's file. */
    part: v.optional(v.string()),
    file: v.string(),
    /** Path of the backup; null if there was no file before. */
    backup: v.nullable(v.string()),
    /** The file's mode before group and others lost access; absent if they had none. */
    mode: v.optional(v.number()),
    /** The outermost folder that was created for the file. */
    madeFolder: v.nullable(v.string()),
    /** Digest of the whole file as it was written. */
    written: v.string(),
    /** Digests of the written values, and of keys and addresses in units. */
    changes: v.array(changeSchema),
    /** Digests of keys and addresses in units, in records of earlier versions. */
    marks: v.optional(v.array(changeSchema), []),
  }),
  v.transform(({ marks, ...record }) => ({ ...record, changes: [...record.changes, ...marks] })),
);

const extensionRecordSchema = v.object({
  way: v.literal('extension'),
  ...knownSchema,
  /** The profile that was active before, or null. */
  earlier: v.nullable(v.string()),
  /** Digest of origin, proxy key and model. */
  written: v.string(),
});

const recordSchema = v.variant('way', [fileRecordSchema, extensionRecordSchema]);
const { client, model } = knownSchema;
const recordsSchema = v.object({
  version: v.literal(1),
  connections: v.array(recordSchema),
  /** Clients that Disconnect All Clients has disconnected, for Reconnect All Clients. Absent in files of earlier versions. */
  earlier: v.optional(v.array(v.object({ client, model })), []),
});

export type FileRecord = v.InferOutput<typeof fileRecordSchema>;
export type ConnectionRecord = v.InferOutput<typeof recordSchema>;
type SavedRecords = v.InferOutput<typeof recordsSchema>;
export type EarlierClient = SavedRecords['earlier'][number];

/** The records are damaged or from a newer version. Neither they nor the clients' files are changed. */
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

/** The records of all windows of this editor, one for each file of a client. */
export class ConnectionRecords {
  private readonly file: string;
  private readonly workQueue = new WorkQueue();
  private readonly changed: Emitter<void>;
  /** Fires after changes through this object only. */
  readonly onDidChange: Event<void>;

  /** `folder` need not exist. `onError` is called when a listener throws. */
  constructor(folder: string, onError: (error: unknown) => void) {
    this.file = path.join(folder, 'connections.json');
    this.changed = new Emitter(onError);
    this.onDidChange = this.changed.event;
  }

  /** All records. Rejects with a RecordsError if they cannot be read. */
  async all(): Promise<readonly ConnectionRecord[]> {
    return this.parsed(await readConfigFile(this.file)).connections;
  }

  /** Clients that can be connected again, one entry each. Rejects as `all` does. */
  async earlier(): Promise<readonly EarlierClient[]> {
    return this.parsed(await readConfigFile(this.file)).earlier;
  }

  /** Replaces the list that `earlier` returns. */
  async keepEarlier(earlier: readonly EarlierClient[]): Promise<void> {
    await this.change(() => ({ earlier: [...earlier] }));
  }

  async of(client: ClientId, part?: string): Promise<ConnectionRecord | null> {
    return (await this.all()).find((record) => record.client === client && partOf(record) === part) ?? null;
  }

  /** Stores the record in place of the record of the same file. */
  async put(record: ConnectionRecord): Promise<void> {
    await this.change(({ connections }) => ({ connections: [...without(connections, record), record] }));
  }

  /** Resolves to true for one caller per connection, over all windows: only that one tells the user of the other model. */
  async claimOtherModel(shown: ConnectionRecord): Promise<boolean> {
    let isClaimed = false;
    await this.change(({ connections }) => ({
      connections: connections.map((record) => {
        const isIt = isOfSameFile(record, shown) && record.connectedAtMs === shown.connectedAtMs;
        if (!isIt || record.strayTold === true) return record;
        isClaimed = true;
        return { ...record, strayTold: true };
      }),
    }));
    return isClaimed;
  }

  async remove(record: ConnectionRecord): Promise<void> {
    await this.change(({ connections }) => ({ connections: without(connections, record) }));
  }

  private async change(edit: (kept: SavedRecords) => Partial<SavedRecords>): Promise<void> {
    await this.workQueue.run(async () => {
      const expected = await readConfigFile(this.file);
      const kept = this.parsed(expected);
      const text = JSON.stringify({ ...kept, ...edit(kept) }, null, 2);
      await replaceFile({ file: this.file, bytes: bytesOf(text, null), expected });
      this.changed.fire();
    });
  }

  private parsed(found: ConfigFile | null): SavedRecords {
    if (found === null) return { version: 1, connections: [], earlier: [] };
    try {
      return v.parse(recordsSchema, JSON.parse(found.text));
    } catch (error: unknown) {
      throw new RecordsError(this.file, { cause: error });
    }
  }
}

function partOf(record: ConnectionRecord): string | undefined {
  return record.way === 'file' ? record.part : undefined;
}

function without(records: readonly ConnectionRecord[], record: ConnectionRecord): ConnectionRecord[] {
  return records.filter((other) => !isOfSameFile(other, record));
}

function isOfSameFile(a: ConnectionRecord, b: ConnectionRecord): boolean {
  return a.client === b.client && partOf(a) === partOf(b);
}

/** A record for the file both before and after writing, in case the process is killed between the two. */
export function withEarlier(written: FileRecord, earlier: FileRecord | null): FileRecord {
  const { changes } = written;
  const more = (earlier?.changes ?? []).filter((one) =>
    changes.every((other) => !isDeepStrictEqual(other, one)),
  );
  return { ...written, changes: [...changes, ...more] };
}

/** Tells the uninstall script where the storage is, because VS Code passes it no arguments. */
const pointerName = 'storage';

/** `folder` contains the uninstall script. Rejects if it is not writable. */
export async function writeStoragePointer(folder: string, globalStorage: string): Promise<void> {
  await new StateFile(path.join(folder, pointerName)).save(globalStorage);
}

/** The path of the storage; null without a whole pointer: a pointer that was cut off is no JSON, and names another path. */
export async function readStoragePointer(folder: string): Promise<string | null> {
  const storage = parseJson(await readFile(path.join(folder, pointerName), 'utf8').catch(() => ''));
  return typeof storage === 'string' ? storage : null;
}
