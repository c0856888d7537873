/**
 * Entry of `npm run release`: all that a release publishes, in dist/release. Where GITHUB_REF_NAME is set, it has to be the
 * tag of the version in package.json.
 */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import packageJson from '../../package.json';
import { runCommand } from './command';
import { notesOf } from './releaseNotes';
import { bundledPackages, sbomOf } from './sbom';

const folder = 'dist/release';
const timeoutMs = 600_000;

async function main(): Promise<void> {
  const { version } = packageJson;
  const tag = process.env.GITHUB_REF_NAME ?? `v${version}`;
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, and package.json has ${version}.`);
  const notes = notesOf(readFileSync('CHANGELOG.md', 'utf8'), version);
  await runCommand('npm', ['run', 'package'], { timeoutMs });
  mkdirSync(folder, { recursive: true });
  copyFileSync('dist/keywheel.vsix', `${folder}/keywheel.vsix`);
  await runCommand('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { timeoutMs });
  renameSync(`${folder}/keywheel-${version}.tgz`, `${folder}/keywheel.tgz`);
  writeFileSync(`${folder}/notes.md`, notes);
  const lockfile: unknown = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  writeFileSync(`${folder}/keywheel.cdx.json`, sbomOf(version, await bundledPackages(), lockfile));
  console.log(`Made in ${folder}: keywheel.vsix, keywheel.tgz, keywheel.cdx.json, notes.md`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
