// Quota state in VS Code's globalState: one record, without secrets, of a bounded size.
import type { Memento } from 'vscode';
import type { StateStore } from '../service/ports';

const maxBytes = 64 * 1024;

/** More state than globalState should carry. */
class StateTooLargeError extends Error {
  readonly code = 'stateTooLarge';
  override readonly name = 'StateTooLargeError';
}

/** What is saved last is what is loaded; a state of 64 KB or more is refused and the one before stays. */
export class MementoStateStore implements StateStore {
  private readonly recordName: string;

  /** Windows on other machines share globalState: each machine has a record of its own. */
  constructor(
    private readonly globalState: Memento,
    machineId: string,
  ) {
    this.recordName = `quotaState.${machineId}`;
  }

  load(): Promise<unknown> {
    return Promise.resolve(this.globalState.get<unknown>(this.recordName));
  }

  async save(state: unknown): Promise<void> {
    const bytes = Buffer.byteLength(JSON.stringify({ state }));
    if (bytes >= maxBytes) throw new StateTooLargeError(`The quota state has ${bytes} bytes.`);
    await this.globalState.update(this.recordName, state);
  }
}
