// Of the windows that find the port free one starts a worker at a time; the port itself still decides.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock';

/** A window that has not bound the port by then is not waited for. */
const goodForMs = 3_000;

export class Claim {
  constructor(
    private readonly clock: Clock,
    private readonly path: string,
  ) {}

  /** False while another window is about to host. Where no file can be made, everybody may try. */
  take(): boolean {
    for (let attempt = 1; attempt <= 2; attempt++) {
      try {
        writeFileSync(this.path, String(process.pid), { flag: 'wx', mode: 0o600 });
        return true;
      } catch (error: unknown) {
        if (!this.isTaken(error)) return true;
        if (this.isGood()) return false;
        rmSync(this.path, { force: true });
      }
    }
    return false;
  }

  release(): void {
    rmSync(this.path, { force: true });
  }

  private isTaken(error: unknown): boolean {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT') mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    return code === 'EEXIST' || code === 'ENOENT';
  }

  private isGood(): boolean {
    try {
      const ageMs = this.clock.nowMs() - statSync(this.path).mtimeMs;
      const pid = Number(readFileSync(this.path, 'utf8'));
      if (Math.abs(ageMs) > goodForMs || !Number.isInteger(pid)) return false;
      // Its own id means a claim of a former try of this process, or one that is not written yet.
      if (pid > 0) process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }
}
