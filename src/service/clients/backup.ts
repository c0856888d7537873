// The copy of a client's file as it was before: beside it, and never in the place of one that somebody else may need.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Endpoint, FileClient } from './client';
import { bytesOf, readConfigFile, replaceFile, type ConfigFile } from './configFile';
import { ConfigError } from './configError';
import { valueAt, valueDigest } from './configValue';
import type { FileRecord } from './records';
import { undoneText } from './undo';

export const backupSuffix = '.keywheel-backup';

/** Throws a ConfigError where the backup is lost: without it nobody knows what was there. */
export async function backupOf({ backup }: FileRecord): Promise<ConfigFile | null> {
  if (backup === null) return null;
  const found = await readConfigFile(backup);
  if (found === null) throw new ConfigError('backupLost', backup);
  return found;
}

/** Takes the place of the earlier one of this record, and of no other. */
export async function writeBackup(
  file: string,
  before: string,
  found: ConfigFile | null,
  earlier: FileRecord | null,
): Promise<string> {
  const taken = await backupsOf(file);
  const known = taken.find((name) => name === earlier?.backup);
  const backup = known ?? freeName(file, taken);
  const expected = await readConfigFile(backup);
  await replaceFile({ file: backup, bytes: bytesOf(before, found), expected, mode: found?.mode });
  return backup;
}

/** The one beside the file that was written last, whoever wrote it. */
export async function latestBackup(file: string): Promise<ConfigFile | null> {
  const latest = (await backupsOf(file)).at(-1);
  return latest === undefined ? null : await readConfigFile(latest);
}

/**
 * The text of a file that no record of ours names. Where another Keywheel has written it (that of another editor, or one whose
 * records are lost), it is without those values: they are as its backup has them. Throws a FormatError.
 */
export function textBeforeOthers(
  client: FileClient,
  endpoint: Endpoint,
  text: string,
  backup: string | null,
): string {
  const config = client.format.parse(text);
  const values = client
    .changes(endpoint, config, '')
    .map(({ path }) => ({ path, value: valueAt(config, path) }));
  if (backup === null || isOfKeywheel(backup) || !isOfKeywheel(JSON.stringify(values))) return text;
  const changes = values.map(({ path, value }) => ({ path: [...path], digest: valueDigest(value) }));
  return undoneText(client, text, backup, { changes }).text;
}

/** A proxy on this machine and the kind of key that a Keywheel makes. */
function isOfKeywheel(text: string): boolean {
  return /https?:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(text) && /\bkw-[\w-]{20}/.test(text);
}

/** Those beside the file, in the order of their numbers. */
async function backupsOf(file: string): Promise<readonly string[]> {
  const folder = path.dirname(file);
  // Where there is no folder yet, there is no backup.
  const names = new Set(await readdir(folder).catch(() => []));
  const numbered = Array.from({ length: names.size + 1 }, (_, index) => nameOf(file, index + 1));
  return numbered.filter((name) => names.has(path.basename(name)));
}

function freeName(file: string, taken: readonly string[]): string {
  const numbered = taken.map((_, index) => nameOf(file, index + 1));
  return numbered.find((name) => !taken.includes(name)) ?? nameOf(file, taken.length + 1);
}

function nameOf(file: string, number: number): string {
  return `${file}${number === 1 ? '' : `.${number}`}${backupSuffix}`;
}
