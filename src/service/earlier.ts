// What earlier runs have saved, kept until the keys come that it is about.
import { readSaved, restoreWheel, withoutLocks, type SavedState } from '../keys/savedState';
import type { Wheel } from '../keys/wheel';
import { restoreResultOf, type RestoreResult } from './restoreResult';

export class Earlier {
  /** The one that was saved last is the last: of what is told twice its word holds. */
  private states: SavedState[] = [];

  /** Once for each place where something was saved. What cannot be read is left alone. */
  add(raw: unknown): RestoreResult {
    const read = readSaved(raw);
    if (read.kind === 'good') {
      this.states = [...this.states, read.state].sort((a, b) => a.savedAtMs - b.savedAtMs);
    }
    return restoreResultOf(read);
  }

  clear(): void {
    this.states = [];
  }

  /** Hands everything over, once: the counts of all, the locks of the last. False where there was nothing. */
  pourInto(wheel: Wheel, nowMs: number): boolean {
    const states = this.states.splice(0);
    const last = states.at(-1);
    for (const state of states) restoreWheel(wheel, state === last ? state : withoutLocks(state), nowMs);
    return states.length > 0;
  }

  /** What was saved last, as long as nobody took it. */
  get newest(): SavedState | undefined {
    return this.states.at(-1);
  }
}
