// Stores a state in a file: replaces the file, or writes it in place if it cannot be replaced.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { WorkQueue } from '../../base/workQueue';
import { parseJson } from '../../base/json';
import { codeOf } from '../../base/systemError';
import type { StateStore } from './stateKeeping';

/** Symbolic links are followed up to this number, as the system does. */
const mostLinks = 40;

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
/** Flags for writing in place: nothing is written if a symbolic link has replaced the file meanwhile. */
const inPlace = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;

export class StateFile implements StateStore {
  private readonly workQueue = new WorkQueue();
  /** The checksum of the text that was last read or written here. */
  private own: number | null = null;

  /** `onStranger` is called once, when the file was changed by another program since it was read or written here. */
  constructor(
    private readonly path: string,
    private onStranger: (() => void) | null = null,
  ) {}

  /** Makes the folder. Rejects with the system's error if the file can be neither created in it nor written in place. */
  async prepare(): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const target = targetOf(this.path);
    await access(dirname(target), constants.W_OK).catch(async (error: unknown) => {
      await access(target, constants.W_OK).catch(() => {
        throw error;
      });
    });
  }

  /**
   * Undefined if there is no file yet; a string if the file is not JSON, which no reader accepts as a state. Removes
   * half-written files that are older than it.
   */
  async load(): Promise<unknown> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
      this.own = crc32(text);
      await removeOldPartials(targetOf(this.path));
    } catch (error: unknown) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    // A bind mount needs an empty file before the first start; a power loss leaves zeros.
    if (/^[\s\0]*$/.test(text)) return undefined;
    const value = parseJson(text);
    // The reader of the state reports it as damaged.
    return value === undefined ? text : value;
  }

  /** Writes states one after the other. A reader sees the old file or the new one; a part only if it is written in place. */
  async save(state: unknown): Promise<void> {
    await this.workQueue.run(async () => await this.replace(JSON.stringify(state)));
  }

  saveSync(state: unknown): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const target = targetOf(this.path);
    const temporary = temporaryFor(target);
    const text = JSON.stringify(state);
    try {
      writeFileSync(temporary, text, { mode: 0o600, flush: true });
      renameSync(temporary, target);
    } catch (error: unknown) {
      rmSync(temporary, { force: true });
      if (!isFixed(error, target)) throw error;
      const opened = openSync(target, inPlace);
      try {
        writeFileSync(opened, text, { flush: true });
      } finally {
        closeSync(opened);
      }
    }
    this.own = crc32(text);
  }

  /** Renames the file, with `.bak` behind its name. */
  async setAside(): Promise<void> {
    await rename(this.path, `${this.path}.bak`);
  }

  private async replace(text: string): Promise<void> {
    // `prepare` may not have run, or the user has deleted the folder.
    await mkdir(dirname(this.path), { recursive: true });
    const target = targetOf(this.path);
    const temporary = temporaryFor(target);
    await this.lookForStranger();
    try {
      await writeFile(temporary, text, { mode: 0o600, flush: true });
      await rename(temporary, target);
    } catch (error: unknown) {
      await rm(temporary, { force: true });
      if (!isFixed(error, target)) throw error;
      await writeFile(target, text, { flush: true, flag: inPlace });
    }
    this.own = crc32(text);
  }

  /** Compares the file's text, as some file systems report changing times and inode numbers for an unchanged file. */
  private async lookForStranger(): Promise<void> {
    if (this.onStranger === null || this.own === null) return;
    const text = await readFile(this.path, 'utf8').catch(() => null);
    if (text === null || crc32(text) === this.own) return;
    this.onStranger();
    this.onStranger = null;
  }
}

const fixedCodes: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV', 'EROFS', 'EACCES', 'EPERM']);

/** Whether the file must be written in place: a mounted file cannot be replaced, a read-only folder takes no second file. On Windows the codes mean a file in use. */
function isFixed(error: unknown, target: string): boolean {
  return process.platform !== 'win32' && fixedCodes.has(codeOf(error)) && existsSync(target);
}

/** The target of symbolic links, even if missing: a rename onto a link would replace the link. Throws ELOOP for a circle, else EISDIR, EEXIST or EACCES for what may not be written. */
export function targetOf(path: string): string {
  let target = path;
  for (let followed = 0; followed < mostLinks; followed++) {
    const found = statsOf(target);
    if (found === null || found.isFile()) return target;
    // A rename would replace a device or a pipe too.
    if (!found.isSymbolicLink()) throw notWritten(found.isDirectory() ? 'EISDIR' : 'EEXIST', target);
    // Another user's link is not followed: in a folder that all users may write to, it could lead to any file of this user.
    if (found.uid !== 0 && found.uid !== process.geteuid?.()) throw notWritten('EACCES', target);
    target = resolve(realpathSync(dirname(target)), readlinkSync(target));
  }
  // Throws the system's ELOOP.
  return realpathSync(path);
}

/** The stats of a path, of a link itself and not of its target; null if there is nothing. */
function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function notWritten(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path} is not to be written`), { code });
}

function temporaryFor(target: string): string {
  return `${target}.${randomBytes(4).toString('hex')}.tmp`;
}

/** Removes temporary files of killed processes; the temporary file of a running write is newer than the file itself. */
async function removeOldPartials(target: string): Promise<void> {
  const folder = dirname(target);
  const begin = `${basename(target)}.`;
  const { mtimeMs: writtenAtMs } = await stat(target);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(begin) || !/^[0-9a-f]{8}\.tmp$/.test(name.slice(begin.length))) continue;
    const partial = join(folder, name);
    const found = await stat(partial).catch(() => null);
    if (found !== null && found.mtimeMs < writtenAtMs) await rm(partial, { force: true });
  }
}
