/** A release: its packages, their licences and its notes, and that nothing of it runs at its installation. */
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import packageJson from '../../package.json';
import { notesOf } from './releaseNotes';
import { bundledPackages, sbomOf, type Bundled } from './sbom';

const changelog = readFileSync('CHANGELOG.md', 'utf8');
const lockfile: unknown = JSON.parse(readFileSync('package-lock.json', 'utf8'));
/** Licences that demand their text alone, which dist/third-party-notices.txt has. */
const licences = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'CC-BY-4.0']);

describe('what a release has of others', () => {
  let packages: readonly Bundled[];

  before(async () => {
    packages = await bundledPackages();
  });

  it('is known by name: the packages are few', () => {
    const names = packages.map(({ name }) => name);
    for (const name of ['undici', 'valibot', 'luxon', 'yaml']) assert.ok(names.includes(name), name);
    assert.ok(names.length < 60, names.join());
  });

  it('runs no script when it is installed', () => {
    const scripted = packages.filter(({ scripts }) =>
      ['preinstall', 'install', 'postinstall'].some((script) => script in scripts),
    );
    assert.deepEqual(
      scripted.map(({ name }) => name),
      [],
    );
    assert.ok(!('dependencies' in packageJson), 'all that is needed is bundled');
  });

  it('has a licence that allows it, and its text', () => {
    for (const { name, license, licences: texts } of packages) {
      assert.ok(licences.has(license), `${name}: ${license}`);
      assert.ok(texts.length > 0, `${name} has no text of its licence`);
    }
  });

  it('is listed as CycloneDX says', async () => {
    const sbom = sbomOf(packageJson.version, packages, lockfile);
    const fault: unknown = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(sbom);
    assert.equal(fault, null);
    const { components } = JSON.parse(sbom) as { components: { hashes: { content: string }[] }[] };
    assert.equal(components.length, packages.length);
    for (const { hashes } of components) assert.match(hashes[0]?.content ?? '', /^[0-9a-f]{128}$/);
  });
});

describe('the changelog', () => {
  it('has something to say of this version, and calls nothing unreleased that ships', () => {
    assert.match(notesOf(changelog, packageJson.version), /^### /);
    assert.doesNotMatch(changelog, /unreleased/i);
  });

  it('gives the notes of one version alone', () => {
    const text = '# Changelog\n\n## 1.1.0 (2027-01-01)\n\n- New.\n\n## 1.0.0\n\n- First.\n';
    assert.equal(notesOf(text, '1.1.0'), '- New.\n');
    assert.equal(notesOf(text, '1.0.0'), '- First.\n');
    assert.throws(() => notesOf(text, '1.0'), /nothing of 1\.0\./);
  });
});
