/** Features are leaves: without a feature's files and its line in a composition root the rest still passes the compiler. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { importsOf, readSources } from './imports';

interface Feature {
  name: string;
  files: RegExp;
  /** The one file that imports any of them; null if none does. */
  root: string | null;
}

const commands = 'src/vscode/commands/register.ts';

const features: readonly Feature[] = [
  {
    name: 'the doctor',
    files: /^src\/(?:doctor\/|vscode\/doctor\/|words\/doctor)/,
    root: commands,
  },
  {
    name: 'models in VS Code’s chat',
    files: /^src\/(?:chat\/|vscode\/chat\/|words\/chat)/,
    root: 'src/vscode/composeViews.ts',
  },
  {
    name: 'the record of a request',
    files: /^src\/vscode\/commands\/recordNextRequest\.ts$/,
    root: commands,
  },
  { name: 'the server without VS Code', files: /^src\/(?:server\/|cli\.ts$)/, root: null },
];

const imports = importsOf(readSources());

describe('features', () => {
  for (const { name, files, root } of features)
    it(`are imported in one place: ${name}`, () => {
      const own = [...imports.keys()].filter((file) => files.test(file));
      const others = [...imports].filter(
        ([file, to]) => !own.includes(file) && to.some((target) => files.test(target)),
      );
      assert.notEqual(own.length, 0);
      assert.deepEqual(
        others.map(([file]) => file),
        root === null ? [] : [root],
      );
    });

  it('can be deleted with their lines there', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keywheel-leaves-'));
    try {
      copyWithout(folder, features);
      const { stdout, status } = spawnSync(
        process.execPath,
        [path.resolve('node_modules/typescript/bin/tsc'), '--noEmit'],
        {
          cwd: folder,
          encoding: 'utf8',
        },
      );
      assert.equal(status, 0, stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function copyWithout(folder: string, gone: readonly Feature[]): void {
  const isGone = (file: string): boolean => gone.some(({ files }) => files.test(file));
  cpSync('src', path.join(folder, 'src'), { recursive: true });
  for (const file of imports.keys()) if (isGone(file)) rmSync(path.join(folder, file));
  for (const root of new Set(gone.flatMap((feature) => feature.root ?? []))) {
    const file = path.join(folder, root);
    writeFileSync(
      file,
      withoutLines(readFileSync(file, 'utf8'), (to) => isGone(path.posix.join(path.dirname(root), to))),
    );
  }
  for (const file of ['tsconfig.json', 'package.json']) cpSync(file, path.join(folder, file));
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
}

/** The text without imports of removed files, and without lines that use these imports. */
function withoutLines(text: string, isGone: (target: string) => boolean): string {
  const lines = text.split('\n');
  const imported = lines.flatMap((line) => {
    const [, names = '', specifier = ''] = /^import \{ ([\w, ]+) \} from '(.*)';$/.exec(line) ?? [];
    return isGone(`${specifier}.ts`) ? names.split(', ') : [];
  });
  return lines.filter((line) => !imported.some((name) => new RegExp(`\\b${name}\\b`).test(line))).join('\n');
}
