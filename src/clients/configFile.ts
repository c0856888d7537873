// Reads and atomically replaces one of the user's files, and keeps its mode.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { codeOf } from '../base/systemError';

/**
 * `damaged`: the format cannot parse the file · `unsupported`: it has no place for Keywheel's values, or is too large ·
 * `olderFormat`: the client still uses an older file format · `readOnly`: no permission · `inTheWay`: not a regular file ·
 * `changedMeanwhile`: another program wrote it between reading and writing · `diskFull`: no room for what would be written.
 */
export type ConfigProblem =
  'damaged' | 'unsupported' | 'olderFormat' | 'readOnly' | 'inTheWay' | 'changedMeanwhile' | 'diskFull';

/** The file was not changed. `line` counts from 1; null if unknown. The message has no content of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly code: ConfigProblem,
    readonly file: string,
    readonly line: number | null = null,
    options?: ErrorOptions,
  ) {
    super(`${file}${line === null ? '' : `:${line}`}: ${code}`, options);
  }
}

export interface ConfigFile {
  /** The real path, with symbolic links resolved. */
  readonly file: string;
  readonly bytes: Buffer;
  /** The file's text without the byte order mark. */
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Modes of new files and folders: only the owner may read the proxy key in them. */
const ownMode = 0o600;
const ownFolderMode = 0o700;
const mostBytes = 8 * 1024 * 1024;
const byteOrderMark = '\ufeff';

/** Suffix of temporary files; one stays behind only if the process is killed while it writes. */
export const partialSuffix = '.keywheel-partial';

/** The file, or null if it does not exist. Throws a ConfigError if it is not a regular UTF-8 text file. */
export async function readConfigFile(file: string): Promise<ConfigFile | null> {
  try {
    const real = await realpath(file);
    const { mode, size } = await stat(real);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new ConfigError('inTheWay', file);
    if (size > mostBytes) throw new ConfigError('unsupported', file);
    const bytes = await readFile(real);
    return { file: real, bytes, text: textOf(bytes, file), mode: mode & 0o777 };
  } catch (error: unknown) {
    if (isMissing(error)) return null;
    throw problemOf(error, file);
  }
}

/** The text's bytes, with a byte order mark if `like` has one. */
export function bytesOf(text: string, like: ConfigFile | null): Buffer {
  const hasMark = like?.bytes.subarray(0, 3).equals(Buffer.from(byteOrderMark)) ?? false;
  return Buffer.from((hasMark ? byteOrderMark : '') + text, 'utf8');
}

/** The mode without the bits of group and others if the bytes contain the secret. Windows has no such bits. */
export function modeWith(secret: string, bytes: Buffer, mode: number): number {
  return process.platform !== 'win32' && bytes.includes(secret) ? mode & ownFolderMode : mode;
}

export interface Replacement {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** The file as it was read, which must be unchanged; null: no file may exist. */
  readonly expected: ConfigFile | null;
  /** Default: the mode of the replaced file, or 0600. */
  readonly mode?: number;
}

/**
 * The file has the new bytes; otherwise it is unchanged and a ConfigError or the system's error is thrown.
 * Resolves to the outermost folder that was created, or null.
 */
export async function replaceFile({ file, bytes, expected, mode }: Replacement): Promise<string | null> {
  if (expected !== null)
    await access(expected.file, constants.W_OK).catch((cause: unknown) => {
      throw new ConfigError('readOnly', expected.file, null, { cause });
    });
  const partial = `${file}.${randomBytes(6).toString('hex')}${partialSuffix}`;
  try {
    const made = (await mkdir(path.dirname(file), { recursive: true, mode: ownFolderMode })) ?? null;
    await writeDurably(partial, bytes, mode ?? expected?.mode ?? ownMode);
    const now = await readConfigFile(file);
    if (!isDeepStrictEqual(now?.bytes, expected?.bytes)) throw new ConfigError('changedMeanwhile', file);
    await rename(partial, file);
    return made;
  } catch (error: unknown) {
    // A failure here must not hide the first one.
    await rm(partial, { force: true }).catch(() => undefined);
    throw problemOf(error, file);
  }
}

/** Removes the file, then its empty parent folders up to and including `made`. */
export async function removeFile(file: string, made: string | null): Promise<void> {
  await rm(file, { force: true }).catch((error: unknown) => {
    throw problemOf(error, file);
  });
  if (made === null) return;
  const outermost = path.resolve(made);
  let folder = path.dirname(path.resolve(file));
  while (folder === outermost || folder.startsWith(outermost + path.sep)) {
    try {
      await rmdir(folder);
    } catch {
      // The folder is not empty, so it and its parents stay.
      return;
    }
    folder = path.dirname(folder);
  }
}

async function writeDurably(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    // The umask may have removed bits in `open`.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error: unknown) {
    throw new ConfigError('damaged', file, null, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/** A ConfigError for system errors that concern the file; any other error unchanged. */
function problemOf(error: unknown, file: string): unknown {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ConfigError('readOnly', file, null, { cause: error });
    case 'EEXIST':
    case 'ENOTDIR':
    case 'ELOOP':
      return new ConfigError('inTheWay', file, null, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new ConfigError('diskFull', file, null, { cause: error });
    default:
      return error;
  }
}
