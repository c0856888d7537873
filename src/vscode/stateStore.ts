// Stores counts in a file and in globalState, without secrets.
import type { Memento } from 'vscode';
import { Pace, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { newerCounts, readSaved, slimCounts, type StateStore } from '../service/saved/stateKeeping';
import type { StateFile } from '../service/saved/stateFile';

/** Bounded, because VS Code reads all of globalState at each start. */
const mostMementoBytes = 60 * 1024;
const mementoEveryMs = 1_000;

/**
 * The file is written at once, because VS Code drops updates of globalState while a window closes. globalState gets the same
 * record, or only its counts and locks if it is over 60 KB. `load` prefers the higher revision.
 */
export class CountsStore implements StateStore, Disposable {
  private readonly recordName: string;
  private readonly mementoPace: Pace;
  private latest: unknown = null;

  /** Windows on other machines share globalState, so each machine has its own record. */
  constructor(
    private readonly file: StateFile,
    private readonly globalState: Memento,
    { machineId, clock, log }: { readonly machineId: string; readonly clock: Clock; readonly log: Log },
  ) {
    this.recordName = `quotaState.${machineId}`;
    this.mementoPace = new Pace(clock, mementoEveryMs, () => {
      this.update().catch((error: unknown) => log.error('globalState does not keep the counts.', error));
    });
  }

  /** A record of a newer version comes first, because it must not be overwritten; then a readable one. */
  async load(): Promise<unknown> {
    // A file that the system cannot read (made by `sudo code`, a failing disk) is treated as damaged.
    const inFile: unknown = await this.file.load().catch(String);
    const inMemento = this.globalState.get<unknown>(this.recordName);
    const [file, memento] = [readSaved(inFile).kind, readSaved(inMemento).kind];
    if (file === 'none' || memento === 'newer') return inMemento;
    if (file === 'newer' || memento !== 'good') return inFile;
    // Saves a copy of the damaged file before the other record replaces it.
    if (file === 'damaged') await this.file.setAside();
    return newerCounts(inFile, inMemento);
  }

  async save(state: unknown): Promise<void> {
    this.latest = state;
    this.mementoPace.touch();
    await this.file.save(state);
    // A removal is written at once.
    if (state === null) await this.update();
  }

  saveSync(state: unknown): void {
    this.latest = state;
    this.mementoPace.touch();
    this.file.saveSync(state);
  }

  async setAside(): Promise<void> {
    await this.file.setAside();
    await this.globalState.update(this.recordName, undefined);
  }

  dispose(): void {
    this.mementoPace.dispose();
  }

  private async update(): Promise<void> {
    const record = [this.latest, slimCounts(this.latest)].find(isSmall);
    // If not even the counts fit, only the file has them.
    if (record !== undefined) await this.globalState.update(this.recordName, record ?? undefined);
  }
}

function isSmall(record: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(record)) <= mostMementoBytes;
}
