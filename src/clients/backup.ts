// Reads and writes backups of clients' files, each beside its file; the backup of another record is never overwritten.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Endpoint, ClientFile } from './client';
import { bytesOf, type ConfigFile, readConfigFile, replaceFile } from './configFile';
import { valueAt } from './configValue';
import { digestsIn, undoneText } from './ownValues';
import type { FileRecord } from './records';

export const backupSuffix = '.keywheel-backup';

/** The backup that the record names; null if there was no file before, `lost` if the backup is missing. */
export async function backupOf({ backup }: FileRecord): Promise<ConfigFile | 'lost' | null> {
  return backup === null ? null : ((await readConfigFile(backup)) ?? 'lost');
}

/** Writes `before` as a backup and returns its path; overwrites only the backup of `earlier`. */
export async function writeBackup(
  file: string,
  before: string,
  found: ConfigFile | null,
  earlier: FileRecord | null,
): Promise<string> {
  const { existing, free } = await backupsOf(file);
  const backup = existing.find((name) => name === earlier?.backup) ?? free;
  const expected = await readConfigFile(backup);
  await replaceFile({ file: backup, bytes: bytesOf(before, found), expected, mode: found?.mode });
  return backup;
}

/** The backup with the highest number beside the file, no matter which Keywheel wrote it; null without one. */
export async function latestBackup(file: string): Promise<ConfigFile | null> {
  const latest = (await backupsOf(file)).existing.at(-1);
  return latest === undefined ? null : await readConfigFile(latest);
}

/**
 * The text of a file that has no record here. Values that another Keywheel wrote (in another editor, or before its records were
 * lost) are restored from that Keywheel's backup. Throws a FormatError.
 */
export function textBeforeOthers(
  client: ClientFile,
  endpoint: Endpoint,
  text: string,
  backup: string | null,
): string | null {
  const config = client.format.parse(text);
  const changes = client.changes(endpoint, config, '');
  const values = JSON.stringify(changes.map(({ path }) => valueAt(config, path)));
  if (backup === null || isOfKeywheel(backup) || !isOfKeywheel(values)) return text;
  return undoneText(client, text, backup, digestsIn(config, changes, client)).text;
}

/** Whether the text has both a localhost URL and a proxy key. */
function isOfKeywheel(text: string): boolean {
  return /https?:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(text) && /\bkw-[\w-]{20}/.test(text);
}

/** Paths of the backups beside the file, by number, and the first path that is free. */
async function backupsOf(
  file: string,
): Promise<{ readonly existing: readonly string[]; readonly free: string }> {
  // A folder that does not exist has no backups.
  const names = new Set(await readdir(path.dirname(file)).catch(() => []));
  const numbered = Array.from({ length: names.size + 1 }, (_, index) => nameOf(file, index + 1));
  const existing = numbered.filter((name) => names.has(path.basename(name)));
  return {
    existing,
    free: numbered.find((name) => !existing.includes(name)) ?? nameOf(file, numbered.length),
  };
}

function nameOf(file: string, number: number): string {
  return `${file}${number === 1 ? '' : `.${number}`}${backupSuffix}`;
}
