// How taking over a saved state went.
import { readSaved } from '../keys/savedState';
import type { SavedRead } from '../keys/versioned';

/** `fresh`: nothing was saved · `newer`, `damaged`: what was saved is left alone; `detail` says why. */
export interface RestoreResult {
  readonly kind: 'fresh' | 'restored' | 'newer' | 'damaged';
  readonly detail: string;
}

export function restoreResultOf(read: SavedRead<unknown>): RestoreResult {
  switch (read.kind) {
    case 'none':
      return { kind: 'fresh', detail: '' };
    case 'good':
      return { kind: 'restored', detail: '' };
    case 'newer':
      return { kind: 'newer', detail: `version ${read.version}` };
    case 'damaged':
      return { kind: 'damaged', detail: read.problem };
  }
}

/** How taking over such a state would go. */
export function judgeSavedState(raw: unknown): RestoreResult {
  return restoreResultOf(readSaved(raw));
}
