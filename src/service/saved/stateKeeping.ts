// Loads a state from its store once, saves it as it changes, and does not overwrite a state that it cannot read. Picks
// the newer of two records of the counts.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import type { Event } from '../../base/event';
import type { Log } from '../../base/log';
import { isNewerState, readSaved } from '../../keys/savedState';
import type { SavedRead } from '../../base/json';

export { readSaved };

/** Stores a state between runs. `load` resolves with the state that was saved last, or undefined. */
export interface StateStore {
  load(): Promise<unknown>;
  save(state: unknown): Promise<void>;
  /** Saves within the call, as the process may end soon after. A running `save` may still replace it by its older state. */
  saveSync?(state: unknown): void;
  /** Moves the saved state to another name, where a user finds it; the store is empty then. */
  setAside?(): Promise<void>;
}

/** A state that is saved. */
export interface StateOwner {
  /** Takes over a saved state, if it can be read. */
  restore(raw: unknown): SavedRead<unknown>;
  /** The present state; undefined if nothing has changed since the last call: the returned state counts as saved. */
  savedState(): unknown;
  readonly onDidChangeState: Event<void>;
}

export interface StateKeepingPorts {
  readonly owner: StateOwner;
  /** The state's name in the log. */
  readonly name: 'counts' | 'requests';
  readonly store: StateStore;
  readonly log: Log;
  /** With it, an unreadable state is set aside after a day and replaced; without it, only once the user agrees. */
  readonly clock?: Clock;
  /** Resolves to whether the user agrees to overwrite an unreadable state. */
  readonly askToStartAfresh?: (kind: 'newer' | 'damaged') => Promise<boolean>;
}

/** Whether a Keywheel wrote the saved state, whole or cut off: another program's file is never moved. */
function isState(saved: unknown): boolean {
  return typeof saved === 'string'
    ? saved.startsWith('{"version":')
    : typeof saved === 'object' && saved !== null && 'version' in saved;
}

/** An unreadable state is left alone for this long: after a day the counts of another run are worth little. */
const leftAloneMs = 24 * 3_600_000;

const leftAlone: Readonly<Record<StateKeepingPorts['name'], string>> = {
  counts: 'they are left alone, and allowances are read from OpenRouter',
  requests: 'they are left alone, and new ones are not saved',
};

export class StateKeeping implements Disposable {
  private mayWrite = false;
  private listening: Disposable | null = null;
  private leftAlone: Disposable | null = null;
  /** The state to be written next; undefined if there is none. */
  private next: unknown;
  private writing: Promise<void> | null = null;
  /** Whether the last write failed: a further failure is not logged. */
  private hasFailed = false;

  constructor(private readonly ports: StateKeepingPorts) {}

  /** Restores the saved state. A newer or damaged one is not overwritten; the result says so. */
  async restore(): Promise<SavedRead<unknown>> {
    const { owner, name, store, log } = this.ports;
    const saved = await store.load();
    const read = owner.restore(saved);
    this.mayWrite = read.kind === 'none' || read.kind === 'good';
    if (read.kind === 'none' || read.kind === 'good')
      log.info(`Saved ${name}: ${read.kind === 'none' ? 'fresh' : 'restored'}.`);
    else {
      const detail = read.kind === 'newer' ? `version ${read.version}` : read.problem;
      log.warn(`The saved ${name} are ${read.kind} (${detail}): ${leftAlone[name]}.`);
      this.leaveAlone(saved, read.kind);
    }
    this.listening = owner.onDidChangeState(() => {
      this.take();
      this.write();
    });
    return read;
  }

  /**
   * Resolves when the present state is saved, within the call if the store can do that: VS Code's server ends the
   * process of a reloaded window while its `deactivate` still runs. A failure is logged.
   */
  async saveNow(): Promise<void> {
    this.take();
    if (this.saveSync() && this.writing === null) this.next = undefined;
    this.write();
    await this.writing;
  }

  /** Deletes the saved state, an unreadable one included. Later changes are saved again. */
  async forget(): Promise<void> {
    this.mayWrite = false;
    this.next = undefined;
    await this.writing;
    await this.ports.store.save(null);
    this.mayWrite = true;
  }

  dispose(): void {
    this.listening?.dispose();
    this.leftAlone?.dispose();
  }

  /** Saves nothing until the user agrees to overwrite the state, or it was left alone for a day. */
  private leaveAlone(saved: unknown, kind: 'newer' | 'damaged'): void {
    const { clock, askToStartAfresh } = this.ports;
    if (isState(saved))
      this.leftAlone = clock?.after(leftAloneMs, () => void this.startAfresh(saved)) ?? null;
    void askToStartAfresh?.(kind).then(async (isAgreed) => {
      if (!isAgreed) return;
      this.mayWrite = true;
      await this.saveNow();
    });
  }

  private async startAfresh(unread: unknown): Promise<void> {
    const { name, store, log } = this.ports;
    try {
      const now = (await store.load()) ?? null;
      // Another process has written a state since.
      if (now !== null && !isDeepStrictEqual(now, unread)) return;
      if (now !== null) await store.setAside?.();
    } catch (error: unknown) {
      log.error(`The saved ${name} could not be set aside: they are left alone.`, error);
      return;
    }
    log.warn(
      `The saved ${name} that could not be read were left alone for a day: new ones are saved from now on.`,
    );
    this.mayWrite = true;
    await this.saveNow();
  }

  /** Takes the present state to be written, if writing is allowed: asking for it marks it as saved. */
  private take(): void {
    if (this.mayWrite) this.next = this.ports.owner.savedState() ?? this.next;
  }

  /** Writes one state after the other, as a store may be slow; of the states that come meanwhile, only the last. */
  private write(): void {
    if (this.next !== undefined) this.writing ??= this.writeAll();
  }

  /** Saves within the call; false if the store cannot do that or failed, or there is nothing to save. */
  private saveSync(): boolean {
    const { store, name, log } = this.ports;
    if (store.saveSync === undefined || this.next === undefined) return false;
    try {
      store.saveSync(this.next);
      return true;
    } catch (error: unknown) {
      log.error(`The ${name} could not be saved at once.`, error);
      return false;
    }
  }

  private async writeAll(): Promise<void> {
    const { store, name, log } = this.ports;
    while (this.next !== undefined) {
      const state = this.next;
      this.next = undefined;
      try {
        await store.save(state);
        this.hasFailed = false;
      } catch (error: unknown) {
        // A full disk stays full: the failure is logged once, not at every change.
        if (!this.hasFailed) log.error(`The ${name} could not be saved.`, error);
        this.hasFailed = true;
      }
    }
    this.writing = null;
  }
}

/** The newer of two records of the counts; an unreadable one counts as older. */
export function newerCounts(one: unknown, other: unknown): unknown {
  const [first, second] = [readSaved(one), readSaved(other)];
  if (first.kind !== 'good') return second.kind === 'good' ? other : one;
  return second.kind === 'good' && isNewerState(second.state, first.state) ? other : one;
}

/** A small record of the counts: accounts with their counts and locks, and locked keys only; null if `raw` cannot be read. */
export function slimCounts(raw: unknown): unknown {
  const read = readSaved(raw);
  if (read.kind !== 'good') return null;
  const { keys, accounts } = read.state;
  const locked = Object.entries(keys).filter(([, { locks }]) => locks.length > 0);
  const counts: typeof accounts = {};
  for (const [accountId, account] of Object.entries(accounts))
    counts[accountId] = { ...account, minute: { ...account.minute, freeAtMs: [] } };
  return { ...read.state, keys: Object.fromEntries(locked), accounts: counts };
}
