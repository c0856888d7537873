// What windows of one user on one machine share: a secret and a machine id, each in a file, each made once.
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
import { codeOf } from '../base/systemError';

const secretBytes = 32;
const machineIdBytes = 16;

/** What a window proves itself with; clients never have it. */
export interface HostSecret {
  /** 32 random bytes. */
  readonly secret: Buffer;
  /** Random, of this folder; told to whoever asks. */
  readonly machineId: string;
}

/**
 * Both are in the folder, readable by this user alone; windows that come at once get the same. Throws the system's
 * error, or `damaged`. Two small files, read in place: the pool of threads may be full for seconds when VS Code starts.
 */
export function loadHostSecret(folder: string): HostSecret {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const secret = madeOnce(join(folder, 'host-secret'), secretBytes);
  return { secret, machineId: madeOnce(join(folder, 'machine-id'), machineIdBytes).toString('hex') };
}

/** One that lasts as long as the window: others take this window for a stranger. */
export function passingHostSecret(): HostSecret {
  return { secret: randomBytes(secretBytes), machineId: randomBytes(machineIdBytes).toString('hex') };
}

/** The file is not what was put there. */
class DamagedFileError extends Error {
  readonly code = 'damaged';
  override readonly name = 'DamagedFileError';
}

function madeOnce(path: string, size: number): Buffer {
  const bytes = read(path) ?? make(path, size);
  if (bytes.length !== size) throw new DamagedFileError(`${path} has ${bytes.length} bytes, not ${size}.`);
  return bytes;
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

/** The file appears whole or not at all, and never in the place of another. */
function make(path: string, size: number): Buffer {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, randomBytes(size), { mode: 0o600, flag: 'wx' });
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
    // A file system without hard links; a copy that is exclusive is nearly as good.
  }
  try {
    copyFileSync(temporary, path, constants.COPYFILE_EXCL);
  } catch (error: unknown) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
