/** The documents: tables as the code has them, links that lead somewhere, names that exist. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commandNames, documents, settingNames, tableNames, withTables } from './documents';

const folder = '.github/ISSUE_TEMPLATE';
const forms = readdirSync(folder).map((file) => path.posix.join(folder, file));
const titles = new Set(commandNames.values());

describe('the documents', () => {
  for (const file of documents())
    it(`have the tables that "npm run docs" writes: ${file}`, async () => {
      const text = readFileSync(file, 'utf8');
      assert.equal(await withTables(file, text), text);
    });

  it('have each table somewhere', () => {
    const shown = documents().flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(/<!-- table: (\w+) -->/g),
    ]);
    assert.deepEqual([...new Set(shown.map(([, name]) => name))].sort(), [...tableNames].sort());
  });

  for (const file of documents())
    it(`lead only to files and headings that are there: ${file}`, () => {
      const broken = linksIn(readFileSync(file, 'utf8')).filter((link) => !isThere(file, link));
      assert.deepEqual(broken, []);
    });

  it('catch a link to what is not there', () => {
    for (const link of ['docs/none.md', '#no-such-heading', 'CONTRIBUTING.md#no-such-heading'])
      assert.ok(!isThere('README.md', link), link);
    assert.deepEqual(linksIn('[a](b.md#c) ![d](e.png) <img src="f.png">\n[g]: h.md\n`[i](j.md)`'), [
      'b.md#c',
      'e.png',
      'f.png',
      'h.md',
    ]);
  });

  for (const file of [...documents(), ...forms])
    it(`name settings and commands that exist: ${file}`, () => {
      const text = readFileSync(file, 'utf8');
      const ids = [...text.matchAll(/`keywheel\.(?!(?:vsix|tgz)`)([a-zA-Z]+(?:\.[a-zA-Z]+)*)`/g)].map(
        ([, id]) => `keywheel.${id ?? ''}`,
      );
      assert.deepEqual(
        ids.filter((id) => !settingNames.has(id) && !commandNames.has(id)),
        [],
      );
      const named = [...text.matchAll(/\bKeywheel: ([A-Z][A-Za-z]*(?: [A-Za-z]+)*)/g)].map(([name]) => name);
      assert.deepEqual(
        named.filter((name) => !titles.has(name)),
        [],
      );
    });
});

/** Targets of links and pictures, without addresses of the web and without text in code. */
function linksIn(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [
    ...[...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? ''),
    ...[...prose.matchAll(/<(?:img|a|source)\b[^>]*?\b(?:src|srcset|href)="([^"]+)"/g)].map(
      ([, link]) => link ?? '',
    ),
    ...[...prose.matchAll(/^ ?\[[^\]]+\]: (\S+)/gm)].map(([, link]) => link ?? ''),
  ].filter((link) => !/^[a-z]+:/.test(link));
}

function isThere(file: string, link: string): boolean {
  const [name = '', heading] = link.split('#');
  const target = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(readFileSync(target, 'utf8')).has(heading);
}

/** As GitHub makes their anchors: letters, digits and hyphens in lower case; a second one of a name gets a number. */
function headingsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let name = anchor;
    for (let nth = 1; anchors.has(name); nth++) name = `${anchor}-${nth}`;
    anchors.add(name);
  }
  return anchors;
}
