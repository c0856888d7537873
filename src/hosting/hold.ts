// The hold of "Stop Proxy" over all windows: a mark file in their shared folder, valid while a window that joined it runs.
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { every, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';

/** A window that has joined the hold renews its file this often; an older file belongs to a dead window. */
const renewEveryMs = 2_000;
const goodForMs = 15_000;
const markName = 'stopped';

export interface HoldPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** The folder that windows share for hold and claim alone; made if missing. */
  readonly folder: string;
}

// File calls are synchronous: the files are empty, and libuv's pool may be full for seconds.
export class Hold implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(
    new Emitter<void>((error) => this.ports.log.error('A listener of the hold failed.', error)),
  );
  /** Another window has stopped the proxy, or started it again. */
  readonly onDidChange: Event<void> = this.changed.event;
  private readonly mark: string;
  private readonly file: string;
  private isJoined = false;
  /** Whether the mark could not be written, so that the hold is valid for this window alone. */
  private isAlone = false;
  private renewal: Disposable | null = null;

  constructor(private readonly ports: HoldPorts) {
    this.mark = join(ports.folder, markName);
    this.file = join(ports.folder, `${process.pid}-${randomUUID()}`);
    this.owned.add(this.watchFolder());
  }

  /** Whether the user has stopped the proxy and a window that has joined the hold still runs. */
  get isHeld(): boolean {
    if (!existsSync(this.mark)) return this.isAlone;
    if (this.isJoined || this.names().some((name) => this.isAlive(name))) return true;
    this.remove(this.mark);
    return false;
  }

  /** Sets the hold: from now on no window hosts. */
  take(): void {
    this.join();
    this.isAlone = !this.write(this.mark);
  }

  /** From now on this window keeps the hold valid, and `onDidRelease` fires when the hold ends. */
  join(): void {
    if (this.isJoined) return;
    this.isJoined = true;
    this.write(this.file);
    this.renewal = every(this.ports.clock, renewEveryMs, () => this.renew());
  }

  /** Ends the hold: the proxy may run again, in any window. */
  release(): void {
    this.leave();
    this.remove(this.mark);
  }

  /** This window no longer keeps the hold valid; other windows may. */
  dispose(): void {
    this.owned.dispose();
    this.leave();
  }

  private leave(): void {
    this.renewal?.dispose();
    if (this.isJoined) this.remove(this.file);
    this.isJoined = false;
    this.isAlone = false;
  }

  private look(): void {
    if (this.isAlone || existsSync(this.mark) === this.isJoined) return;
    this.leave();
    this.changed.fire();
  }

  private renew(): void {
    this.look();
    if (this.isJoined && !this.isAlone) this.write(this.file);
  }

  private watchFolder(): Disposable {
    const { folder, log } = this.ports;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const watcher = watch(folder, { persistent: false }, () => this.look());
      watcher.on('error', () => watcher.close());
      return { dispose: () => watcher.close() };
    } catch (error: unknown) {
      log.debug(`The folder of the windows cannot be watched, it is polled instead: ${String(error)}.`);
      return { dispose: () => undefined };
    }
  }

  private names(): readonly string[] {
    try {
      return readdirSync(this.ports.folder).filter((name) => /^\d+-/.test(name));
    } catch {
      return [];
    }
  }

  private isAlive(name: string): boolean {
    const pid = Number(/^\d+/.exec(name)?.[0]);
    const file = join(this.ports.folder, name);
    try {
      const { mtimeMs } = statSync(file);
      if (Math.abs(this.ports.clock.wallMs() - mtimeMs) < goodForMs) {
        process.kill(pid, 0);
        return true;
      }
    } catch {
      // The file or the process is gone.
    }
    this.remove(file);
    return false;
  }

  /** Writes the file with this machine's time, as the time of a file server may differ. */
  private write(path: string): boolean {
    const now = new Date(this.ports.clock.wallMs());
    try {
      writeFileSync(path, '', { mode: 0o600 });
      utimesSync(path, now, now);
      return true;
    } catch (error: unknown) {
      this.ports.log.warn(`Other windows cannot be told that the proxy is stopped: ${String(error)}.`);
      return false;
    }
  }

  private remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (error: unknown) {
      this.ports.log.debug(`${path} stays: ${String(error)}.`);
    }
  }
}
