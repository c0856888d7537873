// Reads keys from a file, which may change while the proxy runs.
import { readFileSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { every, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { codeOf } from '../base/systemError';
import { fileText, readPastedKeys } from '../service/pastedKeys';
import type { StoredKey } from '../service/keyring/storedKey';
import { addKey, unreadable, type Named } from './options';

const lookEveryMs = 1_000;
const mostBytes = 1024 * 1024;

/** The keys of the variable, then the keys of the file, each once; a text is the problem with the file. */
export function withKeysFile(own: readonly StoredKey[], file: Named | null): readonly StoredKey[] | string {
  if (file === null) return own;
  const { name, text: path } = file;
  try {
    if (statSync(path).size > mostBytes)
      return `${name} ${path} is larger than 1 MiB: name a file that holds keys alone.`;
    const { entries, unreadable } = readPastedKeys(fileText(readFileSync(path)));
    if (unreadable.length > 0)
      return `${name} ${path}: ${unreadable.length} of its entries cannot be read as an OpenRouter key (sk-or-…, and :limit if you like): correct or remove what is wrong.`;
    if (entries.length === 0 && own.length === 0)
      return `${name} ${path} holds no OpenRouter key: write one per line, such as sk-or-…:50.`;
    const keys = new Map(own.map((key) => [key.key, key]));
    for (const entry of entries) addKey(keys, entry);
    return [...keys.values()];
  } catch (error: unknown) {
    return unreadable(file, error);
  }
}

interface WatchPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly setKeys: (keys: readonly StoredKey[]) => void;
}

/** Reads the file again after a second, then after each change; a file with errors changes nothing and is logged. */
export function watchKeysFile(
  own: readonly StoredKey[],
  file: Named,
  known: readonly StoredKey[],
  { clock, log, setKeys }: WatchPorts,
): Disposable {
  let used = known;
  let seen = '';
  return every(clock, lookEveryMs, () => {
    const now = stampOf(file.text);
    if (now === null || now === seen) return;
    seen = now;
    const keys = withKeysFile(own, file);
    if (typeof keys === 'string') {
      log.warn(`${keys} The previous keys stay in use.`);
      return;
    }
    if (isDeepStrictEqual(keys, used)) return;
    used = keys;
    setKeys(keys);
    log.info(`${file.name} ${file.text} has changed; keys in use now: ${keys.length}.`);
  });
}

/** A text that changes with the file, also when a mounted secret's link is replaced. The system's code if `stat` fails; null for a pipe, which would block its reader. */
function stampOf(path: string): string | null {
  try {
    const stat = statSync(path);
    return stat.isFIFO() ? null : [stat.ino, stat.size, stat.mtimeMs].join(' ');
  } catch (error: unknown) {
    return codeOf(error);
  }
}
