// Keeps a state in its store: loads it once, saves it as it changes, and leaves alone what it cannot read.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Event } from '../base/event';
import type { Log } from '../base/log';
import type { StateStore } from './ports';
import type { RestoreResult } from './restoreResult';
import type { Snapshot } from './snapshot';

/** What there is to keep. */
export interface Kept {
  restore(raw: unknown): RestoreResult;
  /** As it is now; undefined where nothing is to be saved. */
  savedState(): unknown;
  readonly onDidChangeState: Event<unknown>;
  /** Where the proxy stands, if another's state may be the true one. */
  snapshot?(): Pick<Snapshot, 'proxy'>;
}

export interface StateKeepingPorts {
  readonly kept: Kept;
  /** What it is called in the log. */
  readonly name: 'counts' | 'requests';
  readonly store: StateStore;
  readonly log: Log;
  /** With it, what was left alone is set aside after a day and written over; without it, only once the user agrees. */
  readonly clock?: Clock;
}

/** After a day nothing of another run is worth much. */
const leftAloneMs = 24 * 3_600_000;

const leftAlone: Readonly<Record<StateKeepingPorts['name'], string>> = {
  counts: 'they are left alone, and what is left is read from OpenRouter',
  requests: 'they are left alone, and new ones are not kept',
};

export class StateKeeping implements Disposable {
  private mayWrite = false;
  /** Whether another Keywheel serves clients: its counts are the true ones, ours must not go over them. */
  private isElsewhere = false;
  private listening: Disposable | null = null;
  private leftAlone: Disposable | null = null;
  /** What is to be written next; undefined: nothing is. */
  private next: unknown;
  private writing: Promise<void> | null = null;

  constructor(private readonly ports: StateKeepingPorts) {}

  /** Hands over what was saved. State that is newer or damaged is never written over; the result says so. */
  async restore(): Promise<RestoreResult> {
    const { kept, name, store, log } = this.ports;
    const saved = await store.load();
    const result = kept.restore(saved);
    this.mayWrite = result.kind === 'fresh' || result.kind === 'restored';
    if (this.mayWrite) log.info(`Saved ${name}: ${result.kind}.`);
    else log.warn(`The saved ${name} are ${result.kind} (${result.detail}): ${leftAlone[name]}.`);
    if (!this.mayWrite)
      this.leftAlone = this.ports.clock?.after(leftAloneMs, () => void this.startAfresh(saved)) ?? null;
    this.listening = kept.onDidChangeState((state) => this.save(state));
    return result;
  }

  /**
   * Resolves when the state of now is kept, within the call where the store can do that: VS Code's server ends the
   * process of a window that is loaded anew while its `deactivate` still runs. A failure is logged.
   */
  async saveNow(): Promise<void> {
    const state = this.ports.kept.savedState();
    if (!this.maySave(state)) return;
    if (this.saveSync(state) && this.writing === null) return;
    this.save(state);
    await this.writing;
  }

  /** From now on what was left alone is written over: the user agreed. */
  overwrite(): void {
    this.mayWrite = true;
  }

  /** Resolves when nothing is kept any more, what was left alone included. What changes from now on is kept again. */
  async forget(): Promise<void> {
    this.mayWrite = false;
    this.next = undefined;
    await this.writing;
    await this.ports.store.save(null);
    this.overwrite();
  }

  dispose(): void {
    this.listening?.dispose();
    this.leftAlone?.dispose();
  }

  private async startAfresh(unread: unknown): Promise<void> {
    const { name, store, log } = this.ports;
    try {
      const now = (await store.load()) ?? null;
      // What others have written since is theirs.
      if (now !== null && !isDeepStrictEqual(now, unread)) return;
      if (now !== null) await store.setAside?.();
    } catch (error: unknown) {
      log.error(`The saved ${name} could not be set aside: they are left alone.`, error);
      return;
    }
    log.warn(`The saved ${name} that could not be read are a day old: new ones are saved from now on.`);
    this.overwrite();
    await this.saveNow();
  }

  /** One after the other: a store may be slow. What comes meanwhile waits as its last alone. */
  private save(state: unknown): void {
    if (!this.maySave(state)) return;
    this.next = state;
    this.writing ??= this.writeAll();
  }

  private maySave(state: unknown): boolean {
    this.noteWhoServes();
    return this.mayWrite && !this.isElsewhere && state !== undefined;
  }

  /** False where it is still to be done. */
  private saveSync(state: unknown): boolean {
    const { store, name, log } = this.ports;
    if (store.saveSync === undefined) return false;
    try {
      store.saveSync(state);
      return true;
    } catch (error: unknown) {
      log.error(`The ${name} could not be saved at once.`, error);
      return false;
    }
  }

  private async writeAll(): Promise<void> {
    while (this.next !== undefined) {
      const state = this.next;
      this.next = undefined;
      await this.write(state);
    }
    this.writing = null;
  }

  /** A stopped proxy says nothing: who served last is whose counts hold. */
  private noteWhoServes(): void {
    const proxy = this.ports.kept.snapshot?.().proxy;
    if (proxy?.kind === 'running') this.isElsewhere = false;
    if (proxy?.kind === 'failed' && proxy.code === 'keywheelThere') this.isElsewhere = true;
  }

  private async write(state: unknown): Promise<void> {
    try {
      await this.ports.store.save(state);
    } catch (error: unknown) {
      this.ports.log.error(`The ${this.ports.name} could not be saved.`, error);
    }
  }
}
