// Reads the few needed values of a body without building the rest of it.
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import {
  readRequestFields,
  withModelName,
  type RequestFields,
} from '../../../../src/proxy/request/requestFields';
import { runScan } from '../../../../src/proxy/request/outerFields';

async function read(body: unknown): Promise<RequestFields> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return await runScan(readRequestFields(Buffer.from(text)));
}

/** How often other work gets a turn while the bytes are read. */
async function turnsIn(bytes: Buffer): Promise<number> {
  let turns = 0;
  let other = setImmediate(function turn() {
    turns++;
    other = setImmediate(turn);
  });
  await runScan(readRequestFields(bytes));
  clearImmediate(other);
  return turns;
}

describe('what a body asks for', () => {
  it('is read of the outermost object alone, with odd spacing, escapes and a byte order mark', async () => {
    const text =
      '\ufeff { "x" : [{"model":"no/no"}, "\\\\"] ,\n"mod\\u0065l":"a\\/b:free"\t, "stream":true,"n":-1.5e3 } ';
    const { model, streaming, isFree } = await read(text);
    assert.deepEqual([model, streaming, isFree], ['a/b:free', true, true]);
    assert.equal((await read('{"model":"a/b","model":"c/d"}')).model, 'c/d');
    assert.equal((await read({ model: null, models: ['e/f:free', 'g/h'] })).model, 'e/f:free');
    assert.equal((await read('{"stream":true,"model":"cut/short')).streaming, true);
    for (const text of ['', '[1]', '"x"', '--xx\r\n{"model":"a"}', '\u0000']) {
      const { model, isFree } = await read(text);
      assert.deepEqual([model, isFree], [null, false], text);
    }
  });

  it('reads strings that end in backslashes, short and long', async () => {
    for (const length of [0, 1, 2, 29, 30, 31, 32, 33, 100]) {
      for (const tail of ['', '\\', '"', '\\"', '\\\\']) {
        const pad = 'x'.repeat(length) + tail;
        assert.equal((await read({ pad, list: [pad, { [pad]: pad }], model: 'a/b' })).model, 'a/b', pad);
      }
    }
  });

  it('chooses its providers where it leaves some out, not where it says which come first', async () => {
    for (const [provider, chooses] of [
      [{ only: ['x'] }, true],
      [{ ignore: ['x'] }, true],
      [{ order: ['x'], allow_fallbacks: false }, true],
      [{ require_parameters: true }, true],
      [{ order: ['x'] }, false],
      [{ sort: 'throughput', allow_fallbacks: true }, false],
      [{ data_collection: 'allow' }, false],
      [{}, false],
      [null, false],
      ['x', false],
    ] as const)
      assert.equal(
        (await read({ model: 'a/b', provider })).choosesProviders,
        chooses,
        JSON.stringify(provider),
      );
    assert.equal((await read({ model: 'a/b' })).choosesProviders, false);
  });

  it('is free only if every model is, and nothing beside costs', async () => {
    const model = 'a/b:free';
    for (const [body, isFree] of [
      [{ model }, true],
      [{ model: 'openrouter/free' }, true],
      [{ models: [model, 'c/d:free'] }, true],
      [{ model, models: ['c/d'] }, false],
      [{ model, models: ['c/d:free', 7] }, false],
      [{ models: [] }, false],
      [{ model: 'a/b' }, false],
      [{ model: 'a/b:free:online' }, false],
      [{ model, plugins: [{ id: 'web' }] }, false],
      [{ model, plugins: [{ id: 'file-parser', pdf: { engine: 'mistral-ocr' } }] }, false],
      [{ model, plugins: [{ id: 'file-parser', pdf: { engine: 'cloudflare-ai' } }] }, true],
      [{ model, plugins: [{ pdf: { engine: 'native' }, id: 'file-parser' }, { id: 'web' }] }, false],
      [{ model, plugins: [{ id: 'file-parser' }] }, false],
      [{ model, plugins: [{ id: 'web', pdf: { engine: 'native' } }] }, false],
      [{ model, plugins: [{ id: 'web', enabled: false }, { id: 'response-healing' }] }, true],
      [{ model, plugins: [] }, true],
      [{ model, tools: [{ type: 'function', function: { name: 'web_search' } }] }, true],
      [{ model, tools: [{ type: 'function' }, { type: 'openrouter:web_search' }] }, false],
      [{ model, tools: [{ type: 'openrouter:datetime' }, { type: 'openrouter:apply_patch' }] }, true],
      [{ model, tools: [{ type: 'openrouter:datetime' }, { type: 'openrouter:web_fetch' }] }, false],
      [{ model, tools: [{ name: 'x', type: 'web_search_20250305' }] }, false],
      [
        {
          model,
          plugins: [...Array.from({ length: 64 }, () => ({ id: 'response-healing' })), { id: 'web' }],
        },
        false,
      ],
      [
        { model, tools: [...Array.from({ length: 2_048 }, () => ({})), { type: 'openrouter:web_search' }] },
        false,
      ],
      [{ model, tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'a/b' }] }, false],
      [{ model, tools: [{ type: 'image_generation' }] }, false],
      [
        { model, tools: [{ type: 'local_shell' }, { type: 'custom', name: 'advisor_image_generation' }] },
        true,
      ],
      [{ model, input: [{ type: 'additional_tools', tools: [{ type: 'web_search' }] }] }, false],
      [{ model, input: [{ role: 'user', content: 'additional_tools web_search' }] }, true],
      [{ model, input: [{ type: 'additional_tools', tools: [{ type: 'function' }] }, 'web_search'] }, true],
      [{ model, input: 'web_search' }, true],
      [{ model, fallbacks: [{ model: 'c/d:free' }, { model: 'c/d' }] }, false],
      [{ model, fallbacks: [{}] }, false],
      [{ model, fallbacks: [{ model: 'c/d:free' }] }, true],
      [{ model, fallbacks: null }, true],
      [{ model, web_search_options: {} }, false],
      [{ model, web_search_options: null }, true],
      [{ model, preset: 'mine' }, false],
      [{ model, preset: null }, true],
    ] as const) {
      assert.equal((await read(body)).isFree, isFree, JSON.stringify(body));
    }
    const escaped = `{"model":"${model}","tools":[{"type":"openrouter\\u003aweb_\\u0073earch"}]}`;
    assert.equal((await read(escaped)).isFree, false);
    const adding = { type: 'additional_tools', tools: [{ type: 'openrouter:fusion' }] };
    for (const bytes of [0, 262_130, 300_000])
      assert.equal((await read({ model, input: ['x'.repeat(bytes), adding] })).isFree, false);
    for (const name of ['plugins', 'tools', 'web_search_options', 'preset']) {
      const spelled = Array.from(name, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
      const body = `{"model":"${model}","${spelled.join('')}":[{"id":"web","type":"web_search"}]}`;
      assert.equal((await read(body)).isFree, false, body);
    }
  });

  it('opens with the same texts in each form and turn, whatever marks and ids stand around them', async () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const later = [
      { role: 'assistant', content: 'c' },
      { role: 'user', content: 'd' },
    ];
    const openings = await Promise.all(
      [
        {
          messages: [
            { role: 'system', content: 's' },
            { role: 'user', content: 'u' },
          ],
        },
        { messages: [{ role: 'developer', content: 's' }, { role: 'user', content: 'u' }, ...later] },
        {
          messages: [
            { role: 'system', content: [{ type: 'text', text: 's', ...mark }] },
            { content: [{ text: 'u', type: 'text' }], id: '7', role: 'user' },
            ...later,
            { role: 'system', content: 'late' },
          ],
        },
        { system: 's', messages: [{ role: 'user', content: 'u' }, ...later] },
        { system: [{ type: 'text', text: 's', ...mark }], messages: [{ role: 'user', content: 'u' }] },
        { instructions: 's', input: 'u' },
        {
          instructions: 's',
          input: [{ role: 'user', content: [{ type: 'input_text', text: 'u' }] }, ...later],
        },
        {
          input: [
            { role: 'system', content: 's' },
            { role: 'user', content: 'u' },
          ],
        },
      ].map(async (body) => (await read(body)).opening),
    );
    assert.deepEqual(new Set(openings), new Set([`${crc32('s')} ${crc32('u')}`]));
    const late = ['system', 'system', 'system', 'user'].map((role) => ({ role, content: role[0] }));
    assert.equal((await read({ messages: late })).opening, openings[0]);
    const long = (end: string): unknown => {
      const parts = ['x'.repeat(40_000), 'y'.repeat(40_000), end].map((text) => ({ type: 'text', text }));
      return { messages: [{ role: 'user', content: parts }] };
    };
    assert.equal((await read(long('a'))).opening, (await read(long('b'))).opening, 'beyond 64 KiB');
    assert.equal((await read({ messages: [] })).opening, null);
    assert.notEqual((await read({ input: 'v' })).opening, (await read({ input: 'u' })).opening);
    const shown = (...content: object[]): object => ({ messages: [{ role: 'user', content }] });
    const image = (url: string, more = {}): object => ({ type: 'image_url', image_url: { url }, ...more });
    const [first, again, other] = await Promise.all(
      [image('data:a'), image('data:a', { cache_control: {} }), image('data:b')].map((part) =>
        read(shown(part)),
      ),
    );
    assert.equal(first?.opening, again?.opening, 'an image alone');
    assert.notEqual(first?.opening, other?.opening);
    const described = { type: 'text', text: 'u' };
    assert.equal((await read(shown(image('data:a'), described))).opening, `0 ${crc32('u')}`);
  });

  it('is found in a text nested however deep', async () => {
    const deep = '[{"a":'.repeat(100_000);
    const close = '}]'.repeat(100_000);
    const body = `{"messages":[{"role":"user","content":${deep}1${close}}],"model":"a/b:free"}`;
    assert.equal((await read(body)).isFree, true);
    await read(`{"messages":${deep}`);
  });

  it('lets other work run in between, however dear the text', async () => {
    const size = 16 * 1024 * 1024;
    const leastTurns = size / (512 * 1024);
    for (const [name, text] of [
      ['objects', `{"messages":[${'{},'.repeat(size / 3)}{}],"model":"a/b"}`],
      [
        'names',
        `{${Array.from({ length: size / 16 }, (_, index) => `"n${index}":1,`).join('')}"model":"a/b"}`,
      ],
      ['tools', `{"tools":[${'{"type":"f"},'.repeat(size / 13)}{}],"model":"a/b"}`],
      ['numbers', `{"input":[${'1,'.repeat(size / 2)}1],"model":"a/b"}`],
      ['escapes', `{"input":"${'\\"'.repeat(size / 2)}","model":"a/b"}`],
      ['backslashes', `{"input":"${'\\'.repeat(size)}","model":"a/b"}`],
      ['one number', `{"input":${'1'.repeat(size)},"model":"a/b"}`],
    ] as const) {
      const bytes = Buffer.from(text);
      const turns = await turnsIn(bytes);
      assert.ok(turns >= leastTurns, `${name}: ${turns} turns`);
      assert.equal((await runScan(readRequestFields(bytes))).model, 'a/b', name);
    }
  });

  it('lets other work run between items that are short each and long together', async () => {
    const size = 16 * 1024 * 1024;
    // The list is read once to find its end, once for its items and once within them.
    const leastTurns = (3 * size) / (512 * 1024);
    const long = `"p":[${'0,'.repeat(8_000)}0]`;
    const list = (item: string): string =>
      Array(Math.floor(size / item.length))
        .fill(item)
        .join();
    const turns = await turnsIn(Buffer.from(`{"tools":[${list(`{"type":"f",${long}}`)}]}`));
    assert.ok(turns >= leastTurns, `${turns} turns`);
  });
});

describe('another model', () => {
  async function rename(text: string): Promise<string> {
    return String(withModelName(Buffer.from(text), (await read(text)).names, 'new/m'));
  }

  it('stands in the place of the old one, and a list of models goes; nothing else changes', async () => {
    for (const [text, expected] of [
      [
        '{"n":9007199254740993, "model" : "a\\"b" ,"t":1.0}',
        '{"n":9007199254740993, "model" : "new/m" ,"t":1.0}',
      ],
      ['{"models":["a","b"],"model":"a","x":1}', '{"model":"new/m","x":1}'],
      ['{"x":1,"model":"a", "models":["a",{}] }', '{"x":1,"model":"new/m" }'],
      ['{"model":null,"models":["a"],"x":1}', '{"model":"new/m","x":1}'],
      ['{"x":1,"models":["a"]}', '{"x":1,"model":"new/m"}'],
      ['\ufeff{"model":"ä"}', '\ufeff{"model":"new/m"}'],
    ] as const) {
      assert.equal(await rename(text), expected);
    }
  });
});
