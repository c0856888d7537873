// Keeps the quota state in its store: loads it once, saves it as it changes, and leaves alone what it cannot read.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { KeywheelService } from './keywheelService';
import type { StateStore } from './ports';
import type { RestoreResult } from './restoreResult';

export interface StateKeepingPorts {
  readonly service: Pick<KeywheelService, 'restore' | 'savedState' | 'snapshot' | 'onDidChangeState'>;
  readonly store: StateStore;
  readonly log: Log;
  /** With it, what was left alone is set aside after a day and written over; without it, only once the user agrees. */
  readonly clock?: Clock;
}

/** After a day no count of another run is worth anything. */
const leftAloneMs = 24 * 3_600_000;

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

  /** Gives what was saved to the service. State that is newer or damaged is never written over; the result says so. */
  async restore(): Promise<RestoreResult> {
    const { service, store, log } = this.ports;
    const result = service.restore(await store.load());
    this.mayWrite = result.kind === 'fresh' || result.kind === 'restored';
    if (this.mayWrite) log.info(`Quota state: ${result.kind}.`);
    else
      log.warn(
        `The saved counts are ${result.kind} (${result.detail}): they are left alone, and what is left is read from OpenRouter.`,
      );
    if (!this.mayWrite)
      this.leftAlone = this.ports.clock?.after(leftAloneMs, () => void this.startAfresh()) ?? null;
    this.listening = service.onDidChangeState((state) => this.save(state));
    return result;
  }

  /** Resolves when the state of now is kept; a failure is logged. */
  async saveNow(): Promise<void> {
    this.save(this.ports.service.savedState());
    await this.writing;
  }

  /** From now on what was left alone is written over: the user agreed. */
  overwrite(): void {
    this.mayWrite = true;
  }

  /** Resolves when nothing is kept any more; what changes from now on is not kept either. */
  async forget(): Promise<void> {
    this.mayWrite = false;
    this.next = undefined;
    await this.writing;
    await this.ports.store.save(null);
  }

  dispose(): void {
    this.listening?.dispose();
    this.leftAlone?.dispose();
  }

  private async startAfresh(): Promise<void> {
    const { store, log } = this.ports;
    try {
      await store.setAside?.();
    } catch (error: unknown) {
      log.error('The saved counts could not be set aside: they are left alone.', error);
      return;
    }
    log.warn('The saved counts that could not be read are a day old: new ones are saved from now on.');
    this.overwrite();
    await this.saveNow();
  }

  /** One after the other: a store may be slow. What comes meanwhile waits as its last alone. */
  private save(state: unknown): void {
    this.noteWhoServes();
    if (!this.mayWrite || this.isElsewhere || state === undefined) return;
    this.next = state;
    this.writing ??= this.writeAll();
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
    const { proxy } = this.ports.service.snapshot();
    if (proxy.kind === 'running') this.isElsewhere = false;
    if (proxy.kind === 'failed' && proxy.code === 'keywheelThere') this.isElsewhere = true;
  }

  private async write(state: unknown): Promise<void> {
    try {
      await this.ports.store.save(state);
    } catch (error: unknown) {
      this.ports.log.error('The counts could not be saved.', error);
    }
  }
}
