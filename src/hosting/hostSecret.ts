// Loads the secret and the machine id that the windows of one user on one machine share; each is made once, in a file.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../base/log';
import { codeOf } from '../base/systemError';

const secretBytes = 32;
const machineIdBytes = 16;

/** Windows prove themselves with the secret; clients do not have it. */
export interface HostSecret {
  /** 32 random bytes. */
  readonly secret: Buffer;
  /** 16 random bytes as hex, made once for this folder; public. */
  readonly machineId: string;
}

/**
 * Reads both from files in the folder that only this user can read, or makes them; windows that start together get the same
 * ones. Throws the system's error, or `damaged`. Synchronous, as libuv's pool may be full for seconds when VS Code starts.
 */
export function loadHostSecret(folder: string): HostSecret {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const secret = madeOnce(join(folder, 'host-secret'), secretBytes);
  return { secret, machineId: madeOnce(join(folder, 'machine-id'), machineIdBytes).toString('hex') };
}

/** The result of `loadHostSecret`; if that fails, a secret of this window alone, which other windows do not trust. */
export function hostSecretIn(folder: string, log: Log): HostSecret {
  try {
    return loadHostSecret(folder);
  } catch (error: unknown) {
    log.error('The host secret cannot be read: this window cannot share the proxy with others.', error);
    return { secret: randomBytes(secretBytes), machineId: randomBytes(machineIdBytes).toString('hex') };
  }
}

/** Reads the file, or makes it. A file of another size, as a power loss leaves it, is replaced: no window can prove itself with it. */
function madeOnce(path: string, size: number): Buffer {
  const bytes = read(path);
  if (bytes?.length === size) return bytes;
  rmSync(path, { force: true });
  return make(path, size);
}

function read(path: string): Buffer | null {
  try {
    const bytes = readFileSync(path);
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    return bytes;
  } catch (error: unknown) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Makes a file of random bytes, which appears whole or not at all and never replaces another, and returns its content. */
function make(path: string, size: number): Buffer {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, randomBytes(size), { mode: 0o600, flag: 'wx', flush: true });
    place(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path);
}

function place(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
    return;
  } catch (error: unknown) {
    if (codeOf(error) === 'EEXIST') return;
    // The file system has no hard links: an exclusive copy is nearly as good.
  }
  try {
    copyFileSync(temporary, path, constants.COPYFILE_EXCL);
  } catch (error: unknown) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
