/** Where the checkout and the cache of fetched programs are. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The nearest folder at or above `from` that has a package.json: the checkout. */
export function checkoutFolder(from: string = __dirname): string {
  let folder = path.resolve(from);
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`No package.json at or above ${from}.`);
    folder = parent;
  }
  return folder;
}

/** The folder, outside of the checkout, that keeps what was fetched; KEYWHEEL_TEST_CACHE moves it. */
export function cacheFolder(): string {
  const chosen = process.env.KEYWHEEL_TEST_CACHE;
  return chosen ? path.resolve(chosen) : path.join(homedir(), '.cache', 'keywheel-tests');
}
