/** Texts as people paste them, and the keys that are found in them. */
import assert from 'node:assert/strict';
import { mostADay } from '../../../src/service/messages';
import { fileText, readPastedKeys, withLineBreaks } from '../../../src/service/pastedKeys';
import { assertCheap } from '../../support/processorTime';

const a = `sk-or-v1-${'a'.repeat(63)}1`;
const b = `sk-or-v1-${'b'.repeat(63)}2`;
const c = `sk-or-v1-${'c'.repeat(63)}3`;
const d = `sk-or-v1-${'d'.repeat(63)}4`;

const none = { unreadable: [] };

function found(text: string): [string, number | null][] {
  const { entries, unreadable } = readPastedKeys(text);
  assert.deepEqual({ unreadable }, none, text);
  return entries.map(({ key, dailyLimit }) => [key, dailyLimit]);
}

const plain: [string, number | null][] = [
  [a, null],
  [b, null],
];

describe('a paste of keys', () => {
  it('may be one key with blanks around it', () => {
    assert.deepEqual(found(`  ${a}\n`), [[a, null]]);
  });

  it('may be lines, with empty ones and comments between them', () => {
    assert.deepEqual(found(`${a}\r\n\r\n# private: ${c}\n${b}\n`), plain);
  });

  it('may be a list with commas, semicolons or blanks', () => {
    for (const list of [`${a},${b}`, `${a}; ${b};`, `${a} ${b}`, `${a}, ${b}.`])
      assert.deepEqual(found(list), plain);
  });

  it('may name limits, with or without a blank', () => {
    assert.deepEqual(found(`${a}:50,${b}: 1000, ${c}`), [
      [a, 50],
      [b, 1000],
      [c, null],
    ]);
  });

  it('may name limits as people write thousands', () => {
    for (const limit of ['1,000', '1.000', '1 000', '1’000', '1_000', '1\u202f000'])
      assert.deepEqual(
        found(`${a}: ${limit}, ${b}:50,${c}`),
        [
          [a, 1000],
          [b, 50],
          [c, null],
        ],
        limit,
      );
  });

  it('have limits that end where another number begins', () => {
    for (const rest of ['\t100', ' 401 Unauthorized', ',100,', ' 000123', ',1'])
      assert.deepEqual(found(`${a}:50${rest}`), [[a, 50]], rest);
  });

  it('may be a .env file, of which OpenRouter keys alone are read, whatever their variables are called', () => {
    const file = `
# the proxy
PROXY_API_KEY=kw-secret
export OPENROUTER_KEYS="${a}:50,${b}"
OPENROUTER_API_KEY='${c}'
OPENAI_API_KEY=sk-proj-something
ANTHROPIC_API_KEY=sk-ant-something
ANTHROPIC_AUTH_TOKEN=${d}
`;
    assert.deepEqual(found(file), [
      [a, 50],
      [b, null],
      [c, null],
      [d, null],
    ]);
  });

  it('has its values in quotes and with blanks around the sign as well', () => {
    const file = `
OTHER="${c}"
SECOND = '${d}:50'
OPENAI_API_KEY="sk-proj-abcdefghijklmnop"
EMPTY=
$env:OPENROUTER_API_KEY = "${a}"
OPENROUTER_KEYS="${b}:40
`;
    assert.deepEqual(found(file), [
      [c, null],
      [d, 50],
      [a, null],
      [b, 40],
    ]);
    assert.deepEqual(found(`EMPTY= OPENROUTER_API_KEY=${a} OTHER=x; ${b}`), plain);
  });

  it('has no key behind a number sign, whether or not it has kept its line breaks', () => {
    const file = `# mine: ${c}\nOPENROUTER_API_KEY=${a} # was ${d}\n#OPENROUTER_API_KEY=${c}\n  # export OTHER="${d}"\nPASSWORD="a # b"\nLAST="${b}"\n`;
    for (const text of [file, file.replace(/\n/g, '\r\n'), file.replace(/\n/g, ' ')])
      assert.deepEqual(found(text), plain, text);
    assert.deepEqual(found(`# OPENROUTER_API_KEY=${c}`), []);
    assert.deepEqual(found(`key #1: ${a}, key #2: ${b}`), plain);
  });

  it('may be a .env file whose first line is a comment, with its line breaks lost in an input box', () => {
    assert.deepEqual(
      found(`# my env OPENAI_API_KEY=sk-proj-1 export OPENROUTER_API_KEY="${a}" OPENROUTER_KEYS=${b}`),
      plain,
    );
  });

  it('has its line breaks back where the clipboard still holds them', () => {
    const file = `# two keys\r\n${a}\r\n\r\n${b}\r\n`;
    for (const typed of [
      file.replace(/\r\n/g, ' '),
      file.replace(/[\r\n]/g, ' '),
      file.trim().replace(/\r\n/g, ' '),
    ])
      assert.deepEqual(found(withLineBreaks(typed, file)), plain);
    assert.equal(withLineBreaks(a, b), a);
  });

  it('knows variables of OpenRouter by other names', () => {
    for (const names of [
      ['OPENROUTER_API_KEY_1', 'OPENROUTER_API_KEY_2'],
      ['openrouter_api_key', 'openRouterKeys'],
      ['VITE_OPENROUTER_API_KEY', 'MY_OPENROUTER_KEY'],
    ])
      assert.deepEqual(found(names.map((name, index) => `${name}=${index === 0 ? a : b}`).join('\n')), plain);
  });

  it('may have keys in typographic quotes, bold, between blanks that are not seen, bars and slashes, with dashes for hyphens', () => {
    for (const list of [
      `“${a}” „${b}“`,
      `«${a}» ‘${b}’`,
      `**${a}** *${b}*`,
      `\u200b${a}\u200b\ufeff${b}\u2060`,
      `\u200e${a}\u200f \u202a${b}\u202c`,
      `${a.slice(0, 20)}\u00ad${a.slice(20)} ${b}`,
      `${a.replaceAll('-', '\u2011')} ${b.replaceAll('-', '\u2013')}`,
      `TOKEN=${a.replaceAll('-', '\u2011')} ${b}`,
      `${a}，${b}`,
      `${a}、${b}`,
      `${a}|${b}`,
      `| ${a}|${b} |`,
      `${a}/${b}`,
      `OPENROUTER_KEYS=“${a}”,“${b}”`,
    ])
      assert.deepEqual(found(list), plain, list);
  });

  it('may have the commas, full stops, brackets and full-width signs of other languages', () => {
    const wide = (text: string): string =>
      text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
    for (const list of [
      `キー：${a}、「${b}」。`,
      `密钥：${a}；${b}。`,
      `${a}، ${b}؛`,
      `【${a}】（${b}）`,
      `《${a}》 ❨${b}❩`,
      wide(`${a},${b}`),
      wide(`OPENROUTER_KEYS=${a} ${b}`),
    ])
      assert.deepEqual(found(list), plain, list);
    assert.deepEqual(found(`${a}：１０００`), [[a, 1000]]);
  });

  it('has no key that was cut short or masked', () => {
    for (const text of [
      'sk-or-v1-abcd…1c96',
      'sk-or-v1-abcd...1c96',
      'sk-or-v1-abcd••••1c96',
      'sk-or-v1-abcd****',
      'sk-or-v1-abcd**1c96',
    ])
      assert.deepEqual(readPastedKeys(text).entries, [], text);
  });

  it('has no limit that could not be saved again from the form of its key', () => {
    assert.deepEqual(found(`${a}:5000000 ${b}:${mostADay}`), [
      [a, mostADay],
      [b, mostADay],
    ]);
  });

  it('is read in a time that grows with the file alone, whatever it holds', async () => {
    for (const part of [
      'a',
      '=',
      'A=',
      'A="',
      'A=\'B="',
      'sk-or-',
      '*',
      ':',
      ' ',
      'A= ',
      'sk-*',
      '#',
      '# ',
      '# A',
      '# A=',
      ' # ',
      ' #A= ',
    ])
      await assertCheap(() => readPastedKeys(part.repeat(200_000 / part.length)), 2_000, part);
    for (const part of [':', '.', '.:', '*', '#', 'A'])
      await assertCheap(() => readPastedKeys(`${part.repeat(200_000 / part.length)}x`), 2_000, part);
  });

  it('may have lost its line breaks to blanks, as in an input box', () => {
    assert.deepEqual(found(`PORT=9999 OPENROUTER_KEYS=${a},${b} OPENROUTER_API_KEY=${a} # mine`), plain);
  });

  it('may have lost its line breaks altogether', () => {
    assert.deepEqual(found(`${a}:50${b}`), [
      [a, 50],
      [b, null],
    ]);
  });

  it('may be JSON', () => {
    assert.deepEqual(found(JSON.stringify({ keys: [a, b] })), plain);
  });

  it('gives each key once, as it came first', () => {
    assert.deepEqual(found(`${a}:40 ${b} ${a}`), [
      [a, 40],
      [b, null],
    ]);
  });

  it('names what begins like a key and is none, without telling it', () => {
    const { entries, unreadable } = readPastedKeys(`${a} sk-proj-0123456789abcdef ${b}:many`);
    assert.deepEqual(
      entries.map(({ key }) => key),
      [a],
    );
    assert.deepEqual(unreadable, ['...cdef', 'sk-or-v1-...many']);
    assert.ok(!JSON.stringify(unreadable).includes('0123456789'));
  });

  it('is empty where nothing looks like a key', () => {
    assert.deepEqual(readPastedKeys('hello, here are no keys = at all: 50'), { entries: [], unreadable: [] });
  });
});

describe('a file of keys', () => {
  const text = `OPENROUTER_KEYS=${a},${b}\r\n`;

  it('may be in UTF-8, with its mark or without', () => {
    for (const start of ['', '\ufeff'])
      assert.deepEqual(readPastedKeys(fileText(Buffer.from(start + text))), readPastedKeys(text));
  });

  it('may be in UTF-16, as PowerShell writes what is sent to a file', () => {
    const littleEndian = Buffer.from(`\ufeff${text}`, 'utf16le');
    const bigEndian = Buffer.from(littleEndian).swap16();
    for (const bytes of [littleEndian, bigEndian]) {
      assert.deepEqual(readPastedKeys(fileText(bytes)), readPastedKeys(text));
      assert.equal(readPastedKeys(fileText(bytes)).entries.length, 2);
    }
  });

  it('may be empty', () => {
    assert.deepEqual(readPastedKeys(fileText(new Uint8Array())).entries, []);
  });
});
