/** The import rule holds, and each part of it catches the imports that it forbids. */
import assert from 'node:assert/strict';
import { compositionRoots, importsOf, readSources, rooms, stages, violations } from './imports';

const sources = readSources();
const imports = importsOf(sources);

/** The violations of a new file with that import. */
function planted(file: string, specifier: string): string[] {
  const added = importsOf(new Map([[file, `import type {} from '${specifier}';`]]));
  return violations(new Map([...imports, ...added]));
}

describe('the import rule', () => {
  it('is kept', () => {
    assert.deepEqual(violations(imports), []);
  });

  it('knows every folder and file at the top of src', () => {
    const known = [...rooms, ...compositionRoots.map((name) => `${name}.ts`)];
    assert.deepEqual(
      [...new Set([...sources.keys()].map((file) => file.split('/')[1]))].sort(),
      known.sort(),
    );
  });

  for (const [index, room] of rooms.entries()) {
    for (const other of rooms.slice(index + 1))
      it(`catches an import of ${other} in ${room}`, () => {
        const found = planted(`src/${room}/planted.ts`, `../${other}/other`);
        assert.ok(
          found.includes(
            `src/${room}/planted.ts → src/${other}/other.ts: ${room} imports only itself and the rooms above it`,
          ),
        );
      });
  }

  for (const [index, stage] of stages.entries()) {
    for (const other of [...stages.slice(index + 1).map((name) => `${name}/other`), 'server'])
      it(`catches an import of proxy/${other} in proxy/${stage}`, () => {
        assert.match(
          planted(`src/proxy/${stage}/planted.ts`, `../${other}`).join('\n'),
          /the stages above it/,
        );
      });
  }

  const bans: [file: string, specifier: string, law: RegExp][] = [
    ['src/base/planted.ts', '../extension', /nobody imports a composition root/],
    ['src/vscode/planted.ts', '../../test/support/manualClock', /src stands without the tests/],
    ['src/words/planted.ts', 'vscode', /vscode is imported in its room only/],
    ['src/service/planted.ts', 'undici', /undici is imported in one file/],
    ['src/cli.ts', './vscode/statusBar', /run without VS Code/],
    ['src/hosting/planted.ts', '../proxy/server', /hosting does not know/],
    ['src/vscode/planted.ts', '../hosting/worker', /comes from the service/],
    ['src/webview/planted.ts', '../service/settings', /runs in a browser/],
  ];
  for (const [file, specifier, law] of bans)
    it(`catches an import of ${specifier} in ${file}`, () => {
      assert.match(planted(file, specifier).join('\n'), law);
    });

  it('catches a circle of two files, type-only imports included', () => {
    const circle = new Map([
      ['src/base/a.ts', `import type { B } from './b';`],
      ['src/base/b.ts', `export { A } from './a';`],
    ]);
    assert.deepEqual(violations(importsOf(circle)), [
      'a circle of files: src/base/a.ts → src/base/b.ts → src/base/a.ts',
    ]);
  });

  it('catches a circle of two folders whose files form none', () => {
    const circle = new Map([
      ['src/base/one/a.ts', `import { b } from '../two/b';`],
      ['src/base/two/b.ts', ''],
      ['src/base/two/c.ts', `type A = import('../one/a').A;`],
    ]);
    assert.deepEqual(violations(importsOf(circle)), [
      'a circle of folders: src/base/one → src/base/two → src/base/one',
    ]);
  });
});
