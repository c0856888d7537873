// Taking back what was written into all clients.
import type { ClientId } from './client';
import type { Undone } from './fileConnections';
import type { ConnectionRecord, ConnectionRecords } from './records';

/** `error` where the client was left as it is; its record stays. */
export interface Disconnected {
  readonly client: ClientId;
  /** Null for a client without one. */
  readonly file: string | null;
  readonly undone: Undone | null;
  readonly error: unknown;
}

/** Each client is tried, whatever happens to the others. Rejects only where the records cannot be read. */
export async function disconnectAll(
  records: ConnectionRecords,
  disconnect: (record: ConnectionRecord) => Promise<Undone | null>,
): Promise<readonly Disconnected[]> {
  const done: Disconnected[] = [];
  for (const record of await records.all()) {
    const { client } = record;
    const file = record.way === 'file' ? record.file : null;
    try {
      done.push({ client, file, undone: await disconnect(record), error: null });
    } catch (error: unknown) {
      done.push({ client, file, undone: null, error });
    }
  }
  return done;
}
