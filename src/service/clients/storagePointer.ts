// Where the uninstall script finds the records: VS Code starts it from the extension's folder and tells it nothing.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';

const fileName = 'storage.json';
const pointerSchema = v.object({ globalStorage: v.string() });

/** `folder` is the one that the uninstall script is in. Rejects where it may not be written. */
export async function writeStoragePointer(folder: string, globalStorage: string): Promise<void> {
  await writeFile(path.join(folder, fileName), JSON.stringify({ globalStorage }));
}

/** Null where nothing was ever written, or nothing that can be read. */
export async function readStoragePointer(folder: string): Promise<string | null> {
  try {
    const text = await readFile(path.join(folder, fileName), 'utf8');
    return v.parse(pointerSchema, JSON.parse(text)).globalStorage;
  } catch {
    // Without a pointer there is nothing to be found.
    return null;
  }
}
