/** The bill of materials of a release, in CycloneDX 1.6: all published software of others. */
import { createRequire } from 'node:module';
import * as v from 'valibot';

const bundledSchema = v.array(
  v.object({
    folder: v.string(),
    name: v.string(),
    version: v.string(),
    license: v.string(),
    licences: v.array(v.string()),
    scripts: v.record(v.string(), v.string()),
  }),
);
export type Bundled = Readonly<v.InferOutput<typeof bundledSchema>[number]>;

/** The packages that esbuild.js bundles. */
export async function bundledPackages(): Promise<readonly Bundled[]> {
  const build = createRequire(import.meta.url)('../../esbuild.js') as { bundled(): Promise<unknown> };
  return v.parse(bundledSchema, await build.bundled());
}

const lockSchema = v.object({
  packages: v.record(v.string(), v.object({ integrity: v.optional(v.string()) })),
});

/** `lockfile`: where npm's checksums are. The same input gives the same text. */
export function sbomOf(version: string, packages: readonly Bundled[], lockfile: unknown): string {
  const locked = v.parse(lockSchema, lockfile).packages;
  const root = `pkg:npm/keywheel@${version}`;
  const components = packages.map(({ folder, name, version, license }) => {
    const [algorithm = '', checksum = ''] = locked[folder]?.integrity?.split('-') ?? [];
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    return {
      ...{ type: 'library', 'bom-ref': purl, name, version, scope: 'required' },
      hashes: [
        { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(checksum, 'base64').toString('hex') },
      ],
      licenses: [/ (?:AND|OR|WITH) /.test(license) ? { expression: license } : { license: { id: license } }],
      purl,
    };
  });
  const refs = components.map(({ purl }) => purl);
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': root, name: 'keywheel', version, purl: root },
      licenses: [{ license: { id: 'MIT' } }],
    },
    components,
    dependencies: [{ ref: root, dependsOn: refs }, ...refs.map((ref) => ({ ref }))],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}
