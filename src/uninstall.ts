// What VS Code runs after the extension was uninstalled: takes back what it wrote into clients' files. Plain Node, without vscode.
import { SystemClock } from './base/clock';
import { clientOf } from './service/clients/clientList';
import { disconnectAll } from './service/clients/disconnectAll';
import { FileConnections, type Undone } from './service/clients/fileConnections';
import { thisMachine } from './service/clients/machine';
import { ConnectionRecords, type ConnectionRecord } from './service/clients/records';
import { readStoragePointer } from './service/clients/storagePointer';

async function main(): Promise<void> {
  const storage = await readStoragePointer(__dirname);
  if (storage === null) return;
  const records = new ConnectionRecords(storage, () => undefined);
  const files = new FileConnections({ places: thisMachine(), records, clock: new SystemClock() });
  const disconnect = async (record: ConnectionRecord): Promise<Undone | null> => {
    const client = clientOf(record.client);
    // The others are connected by their extensions alone, which do not run here.
    if (record.way !== 'file' || client.way !== 'file') return null;
    return await files.disconnect(client, record);
  };
  for (const { client, file, undone, error } of await disconnectAll(records, disconnect)) {
    if (file === null) continue;
    const result = undone ?? (error instanceof Error ? error.message : String(error));
    process.stdout.write(`${client} ${file}: ${result}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
