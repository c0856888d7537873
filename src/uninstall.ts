// Undoes the changes in clients' files; VS Code runs it in plain Node, without vscode, after the extension was uninstalled.
import { SystemClock } from './base/clock';
import { thisMachine } from './clients/clientList';
import { Connector } from './clients/connector';
import { ConnectionRecords, readStoragePointer } from './clients/records';

async function main(): Promise<void> {
  const storage = await readStoragePointer(__dirname);
  if (storage === null) return;
  const connector = new Connector({
    places: thisMachine(),
    records: new ConnectionRecords(storage, () => undefined),
    clock: new SystemClock(),
    // Extensions do not run here: clients that were connected through their extension stay connected.
    isExtensionInstalled: () => false,
    rooApi: () => Promise.resolve(null),
    log: { error: () => undefined },
  });
  for (const { client, file, undone, error } of await connector.disconnectAll()) {
    if (file === null) continue;
    const result = undone ?? (error instanceof Error ? error.message : String(error));
    process.stdout.write(`${client} ${file}: ${result}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
