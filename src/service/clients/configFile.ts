// Reading and replacing one file of the user's: whole or not at all, with its own mode.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, readlink, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../base/systemError';
import { ConfigError } from './configError';
import { sha256 } from './digest';

export interface ConfigFile {
  /** Behind symbolic links, which stay. */
  readonly file: string;
  readonly bytes: Buffer;
  /** Without the byte order mark. */
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/** A proxy key is in it: nobody else reads a file that we make. */
const ownMode = 0o600;
const ownFolderMode = 0o700;
const mostBytes = 8 * 1024 * 1024;
const byteOrderMark = '\ufeff';

/** Ends the names of half-written files; one is left behind only by a machine that stopped. */
export const partialSuffix = '.keywheel-partial';

/** Null where there is none. Throws a ConfigError for what is no text file. */
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

/** Where a file that is not there is to be made: behind symbolic links that point at nothing yet. */
export async function placeOf(file: string): Promise<string> {
  try {
    const link = await readlink(file);
    const folder = await realpath(path.dirname(file));
    return await placeOf(path.resolve(folder, link));
  } catch (error: unknown) {
    // Nothing is there, or no link.
    if (isMissing(error) || codeOf(error) === 'EINVAL') return file;
    throw problemOf(error, file);
  }
}

/** The text's bytes, with a byte order mark where the file had one. */
export function bytesOf(text: string, like: ConfigFile | null): Buffer {
  const hasMark = like?.bytes.subarray(0, 3).equals(Buffer.from(byteOrderMark)) ?? false;
  return Buffer.from((hasMark ? byteOrderMark : '') + text, 'utf8');
}

export interface Replacement {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** What was read, which must still be there; null where there must be none. */
  readonly expected: ConfigFile | null;
  /** Default: that of the file that is replaced, or 0600. */
  readonly mode?: number;
}

/**
 * The file holds the bytes, or is as it was and a ConfigError (or the system's error, such as a full disk) is thrown. Resolves with the outermost
 * folder that had to be made, or null.
 */
export async function replaceFile({ file, bytes, expected, mode }: Replacement): Promise<string | null> {
  if (expected !== null) await assertWritable(expected.file);
  const partial = `${file}.${randomBytes(6).toString('hex')}${partialSuffix}`;
  try {
    const made = (await mkdir(path.dirname(file), { recursive: true, mode: ownFolderMode })) ?? null;
    await writeDurably(partial, bytes, mode ?? expected?.mode ?? ownMode);
    await assertUnchanged(file, expected);
    await rename(partial, file);
    return made;
  } catch (error: unknown) {
    // Where that fails too, the first failure is the one to tell.
    await rm(partial, { force: true }).catch(() => undefined);
    throw problemOf(error, file);
  }
}

/** The file is gone, and so are the folders from `made` on down to it as far as they are empty. */
export async function removeFile(file: string, made: string | null): Promise<void> {
  await rm(file, { force: true }).catch((error: unknown) => {
    throw problemOf(error, file);
  });
  if (made === null) return;
  const outermost = path.resolve(made);
  for (
    let folder = path.dirname(path.resolve(file));
    isWithin(folder, outermost);
    folder = path.dirname(folder)
  ) {
    try {
      await rmdir(folder);
    } catch {
      // Something else is in it by now: it stays, and so do those around it.
      return;
    }
  }
}

async function writeDurably(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    // What `open` gives is narrowed by the process's mask.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function assertUnchanged(file: string, expected: ConfigFile | null): Promise<void> {
  const now = await readConfigFile(file);
  const isSame =
    now === null || expected === null ? now === expected : sha256(now.bytes) === sha256(expected.bytes);
  if (!isSame) throw new ConfigError('changedMeanwhile', file);
}

async function assertWritable(file: string): Promise<void> {
  try {
    await access(file, constants.W_OK);
  } catch (error: unknown) {
    throw new ConfigError('readOnly', file, null, { cause: error });
  }
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error: unknown) {
    throw new ConfigError('damaged', file, null, { cause: error });
  }
}

function isWithin(folder: string, outermost: string): boolean {
  return folder === outermost || folder.startsWith(outermost + path.sep);
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/** What the system says of a file, as the reason to leave it alone; all else as it came. */
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
    default:
      return error;
  }
}
