// Adds several keys, one after the other, so that they keep their order and upstream is asked gently.
import type { AddResult } from './addResult';
import type { Keyring } from './keyring';
import type { KeyEntry } from './pastedKeys';

export interface AddedKey {
  readonly entry: KeyEntry;
  readonly result: AddResult;
}

export interface AddKeysOptions {
  /** Called before each key, with how many are done. */
  readonly onProgress: (done: number) => void;
  /** Once aborted, what has not begun is left out. */
  readonly signal: AbortSignal;
}

/** Resolves with what became of each key that was tried; rejects for none. */
export async function addKeys(
  keyring: Pick<Keyring, 'add'>,
  entries: readonly KeyEntry[],
  { onProgress, signal }: AddKeysOptions,
): Promise<readonly AddedKey[]> {
  const added: AddedKey[] = [];
  for (const entry of entries) {
    if (signal.aborted) break;
    onProgress(added.length);
    added.push({ entry, result: await keyring.add(entry.key, '', entry.dailyLimit) });
  }
  return added;
}
