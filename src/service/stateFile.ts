// A state in a file, counts or past requests: written whole or not at all.
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../base/systemError';
import type { StateStore } from './ports';

export class StateFile implements StateStore {
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** Makes the folder. Rejects with the system's error if files cannot be made in it. */
  async prepare(): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await access(dirname(this.path), constants.W_OK);
  }

  /** Undefined where there is no file yet; a text where the file is no JSON, which no reader takes for a state. */
  async load(): Promise<unknown> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error: unknown) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Damaged; the reader of the state says so.
      return text;
    }
  }

  /** One write at a time; a reader sees the old file or the new one, never half of it. */
  async save(state: unknown): Promise<void> {
    const written = this.writing.then(() => this.replace(JSON.stringify(state)));
    this.writing = written.catch(() => {
      // The caller hears of it; the next write is not held up by it.
    });
    await written;
  }

  saveSync(state: unknown): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const temporary = this.temporary();
    try {
      writeFileSync(temporary, JSON.stringify(state), { mode: 0o600, flush: true });
      renameSync(temporary, this.path);
    } catch (error: unknown) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** The old file is then beside the new one, with `.bak` behind its name. */
  async setAside(): Promise<void> {
    await rename(this.path, `${this.path}.bak`);
  }

  private async replace(text: string): Promise<void> {
    // Nobody need have prepared it, and people tidy up.
    await mkdir(dirname(this.path), { recursive: true });
    const temporary = this.temporary();
    try {
      await writeFile(temporary, text, { mode: 0o600, flush: true });
      await rename(temporary, this.path);
    } catch (error: unknown) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  private temporary(): string {
    return `${this.path}.${randomBytes(4).toString('hex')}.tmp`;
  }
}
