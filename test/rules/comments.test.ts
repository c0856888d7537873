/** Comments have a subject: no sentence begins with a pronoun that stands for it. */
import assert from 'node:assert/strict';
import { parseSync } from 'oxc-parser';
import { readSources, type Sources } from './imports';

const pronoun = /^(?:what(?:ever)?|who(?:ever|se)?|which(?:ever)?|that which)\b/i;
/** The next sentence of a text, or the next row of a list in it. */
const sentenceEnd = /(?<=[.!?])\s+(?=[`A-Z])|\s·\s/;

/** The sentences of a file's comments; comments of one line each that follow each other are one text. */
function sentencesOf(file: string, source: string): string[] {
  const texts: string[] = [];
  let end = 0;
  for (const { type, value, start, end: next } of parseSync(file, source).comments) {
    const goesOn = type === 'Line' && /^\n[ \t]*$/.test(source.slice(end, start));
    const text = value.replace(/^\s*\*+ ?/gm, '').trim();
    if (goesOn) texts.push(`${texts.pop() ?? ''} ${text}`);
    else texts.push(text);
    end = next;
  }
  return texts.flatMap((text) => text.replace(/\s+/g, ' ').split(sentenceEnd));
}

function unclear(sources: Sources): string[] {
  return [...sources].flatMap(([file, source]) =>
    sentencesOf(file, source)
      .filter((sentence) => pronoun.test(sentence) && !sentence.endsWith('?'))
      .map((sentence) => `${file}: ${sentence}`),
  );
}

describe('comments', () => {
  for (const folder of ['src', 'test'])
    it(`of ${folder} have a subject`, () => {
      assert.deepEqual(unclear(readSources(folder)), []);
    });

  const planted = [
    '/** What nobody reads waits. */',
    '/**\n * True if it goes on. Whoever waits is\n * told.\n */',
    '// A request\n// waits. Which one is next is\n// decided later.',
    '/** `one`: the first · whatever comes next */',
  ];
  for (const source of planted)
    it(`are caught without one: ${JSON.stringify(source)}`, () => {
      assert.equal(unclear(new Map([['planted.ts', source]])).length, 1);
    });

  it('may ask', () => {
    assert.deepEqual(unclear(new Map([['planted.ts', '// Who has the port?']])), []);
  });
});
