/** Entry of `npm run docs`: writes the tables of the documents, and the bundle of texts to translate, anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { documents, withTables } from '../rules/documents';
import { bundleFile, bundleText } from '../rules/texts';

async function main(): Promise<void> {
  for (const file of documents()) write(file, await withTables(file, readFileSync(file, 'utf8')));
  write(bundleFile, bundleText());
}

function write(file: string, made: string): void {
  if (made === readFileSync(file, 'utf8')) return;
  writeFileSync(file, made);
  console.log(`${file} is written anew.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
