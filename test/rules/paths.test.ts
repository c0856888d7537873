/** Paths that the documents name exist, and each folder of unit tests has its folder of src. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const documents = ['CONTRIBUTING.md', 'SECURITY.md', 'docs/architecture.md', 'docs/errors.md'];

/** Paths that commands make, which are not checked in. */
const made = /^(?:dist|dist-test|node_modules|test\/e2e\/screenshots)\b/;

describe('the documents for contributors', () => {
  for (const document of documents)
    it(`name paths that are there: ${document}`, () => {
      const missing = namedPaths(readFileSync(document, 'utf8')).filter(
        (named) => !existsSync(named) && !made.test(named),
      );
      assert.deepEqual(missing, []);
    });
});

describe('the unit tests', () => {
  it('mirror src: each stands where its file or folder does', () => {
    const files = readdirSync('test/unit', { recursive: true, encoding: 'utf8' }).map((file) =>
      file.replaceAll(path.sep, '/'),
    );
    const strays = files.filter((file) => file.endsWith('.test.ts')).filter((file) => !hasSource(file));
    assert.deepEqual(strays, []);
  });
});

/** Paths in the text: those that begin with src, test or docs, and names in backquotes with an extension. */
function namedPaths(text: string): string[] {
  const anywhere = [...text.matchAll(/(?<![\w/.-])(?:src|test|docs)\/[\w./{},-]*[\w/}]/g)].map(
    ([named]) => named,
  );
  const quoted = [...text.matchAll(/`([\w.-]+\.(?:ts|js|mjs|json|md))`/g)].map(([, named]) => named ?? '');
  return [...anywhere, ...quoted].flatMap(withoutBraces);
}

function withoutBraces(named: string): string[] {
  const [, before, inside, after] = /^(.*)\{(.*)\}(.*)$/.exec(named) ?? [];
  return inside === undefined ? [named] : inside.split(',').map((part) => `${before}${part}${after}`);
}

/** `ledger.truth.test.ts` stands for `ledger.ts`. */
function hasSource(file: string): boolean {
  const source = path.posix.join('src', file.replace(/(?:\.[a-z]+)?\.test\.ts$/, ''));
  return existsSync(`${source}.ts`) || (existsSync(source) && statSync(source).isDirectory());
}
