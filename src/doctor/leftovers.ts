// Finds files that Keywheel left behind: backups without a record, and half-written files.
import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { backupSuffix } from '../clients/backup';
import { filesOf, type Places } from '../clients/client';
import { clients } from '../clients/clientList';
import { ConfigError, partialSuffix } from '../clients/configFile';
import type { ConnectionRecord } from '../clients/records';
import type { Finding } from './finding';

/** Finds such files beside the clients' files, and records whose backup is missing. */
export async function findLeftovers(
  places: Places,
  records: readonly ConnectionRecord[],
): Promise<readonly Finding[]> {
  const known = records.flatMap((record) =>
    record.way === 'file' && record.backup !== null ? [record.backup] : [],
  );
  const folders = new Set([...clientFiles(places), ...known].map((file) => path.dirname(file)));
  const files = (await Promise.all([...folders].map(filesIn))).flat();
  const left = files
    .filter((file) => file.endsWith(partialSuffix) || (file.endsWith(backupSuffix) && !known.includes(file)))
    .map((file): Finding => ({ code: 'leftover', file }));
  const lost = await Promise.all(records.map(lostBackup));
  const found = [...left, ...lost.flat()];
  return found.length === 0 ? [{ code: 'noLeftovers' }] : found;
}

function clientFiles(places: Places): readonly string[] {
  return clients.flatMap((client) => {
    if (client.way !== 'file') return [];
    try {
      return filesOf(client).map((one) => one.file(places));
    } catch (error: unknown) {
      // Keywheel does not write a file in an older format, so it left nothing beside it.
      if (error instanceof ConfigError) return [];
      throw error;
    }
  });
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => path.join(folder, name));
}

async function lostBackup(record: ConnectionRecord): Promise<readonly Finding[]> {
  if (record.way !== 'file' || record.backup === null) return [];
  const { client, backup } = record;
  return await access(backup).then(
    () => [],
    () => [{ code: 'backupLost' as const, client, file: backup }],
  );
}
