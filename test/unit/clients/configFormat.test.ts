/** The three formats: comments survive, nothing else changes, and added values can be removed. */
import assert from 'node:assert/strict';
import { applyChanges, FormatError, type ConfigFormat } from '../../../src/clients/configFormat';
import type { Change } from '../../../src/clients/configValue';
import { jsonFormat, jsonListFormat } from '../../../src/clients/jsonFormat';
import { tomlFormat } from '../../../src/clients/tomlFormat';
import { yamlFormat } from '../../../src/clients/yamlFormat';

const item = { name: 'Keywheel', provider: 'openrouter', roles: ['chat', 'edit'] };
const addModel: readonly Change[] = [{ path: ['models', { item: 'Keywheel' }], value: item }];

/** Every line of the text is still there, in its order. */
function assertKept(before: string, after: string): void {
  const lines = after.split(/\r?\n/);
  let from = 0;
  for (const line of before.split(/\r?\n/)) {
    const at = lines.indexOf(line, from);
    assert.ok(at >= 0, `${JSON.stringify(line)} is lost in\n${after}`);
    from = at + 1;
  }
}

function removed(changes: readonly Change[]): Change[] {
  return changes.map(({ path }) => ({ path, value: undefined }));
}

function assertThereAndBack(format: ConfigFormat, text: string, changes: readonly Change[]): string {
  const edited = applyChanges(format, text, changes);
  assertKept(text, edited);
  assert.equal(applyChanges(format, edited, removed(changes)), text);
  assert.equal(applyChanges(format, edited, changes), edited, 'made twice it is the same');
  return edited;
}

function assertTakenOut(text: string, expected: string): void {
  assert.equal(applyChanges(yamlFormat, text, removed(addModel)), expected);
}

describe('YAML', () => {
  const commented = `# mine
name: Local
version: 0.0.1
schema: v1
models:
  # the fast one
  - name: A # a
    provider: openai

  - name: B
    provider: x   # b
# rules
rules:
  - x
`;

  it('takes an item into a list between comments, and gives the text back', () => {
    const edited = assertThereAndBack(yamlFormat, commented, addModel);
    assert.match(
      edited,
      / {2}- name: Keywheel\n {4}provider: openrouter\n {4}roles:\n {6}- chat\n {6}- edit\n# rules/,
    );
  });

  it('keeps Windows line ends', () => {
    const edited = assertThereAndBack(yamlFormat, commented.replace(/\n/g, '\r\n'), addModel);
    assert.doesNotMatch(edited, /[^\r]\n/);
  });

  it('takes an item into a list that is not indented, in a text without a last line end', () => {
    const edited = applyChanges(yamlFormat, 'name: L\nmodels:\n- name: A\n  provider: x', addModel);
    assert.match(edited, /^name: L\nmodels:\n- name: A\n {2}provider: x\n- name: Keywheel\n {2}provider/);
  });

  it('fills an empty list, and empties it again', () => {
    for (const text of ['name: L\nmodels: []\nrules: []\n', 'name: L\nmodels: [] # none\n# end\n']) {
      const edited = applyChanges(yamlFormat, text, addModel);
      assert.match(edited, /models:/);
      const back = applyChanges(yamlFormat, edited, removed(addModel));
      assert.deepEqual(yamlFormat.parse(back), yamlFormat.parse(text));
    }
  });

  it('takes a text that holds comments alone', () => {
    const text = '# my config\n# nothing yet\n';
    const edited = applyChanges(yamlFormat, text, addModel);
    assert.match(edited, /^# my config\n# nothing yet\nmodels:\n {2}- name: Keywheel\n/);
  });

  it('takes null for a list that is not there yet', () => {
    for (const text of ['models: null # n\nname: L\n', 'name: L\nmodels: ~']) {
      const edited = applyChanges(yamlFormat, text, addModel);
      assert.deepEqual(yamlFormat.parse(edited), { name: 'L', models: [item] });
      assert.equal(edited.includes('# n'), text.includes('# n'));
    }
  });

  it('fills a list that is not there, a name with nothing behind it, and a list in brackets', () => {
    for (const text of [
      'name: L # mine\n',
      'models:\n# nothing yet\nname: L\n',
      'name: L\nmodels:',
      'name: L\nmodels: [{ name: A }] # a\n',
    ]) {
      const edited = applyChanges(yamlFormat, text, addModel);
      const { models } = yamlFormat.parse(edited) as { models: unknown[] };
      assert.deepEqual(models.at(-1), item, text);
      for (const comment of text.match(/#.*/g) ?? []) assert.ok(edited.includes(comment));
    }
  });

  it('takes an item into a list in brackets, and out again wherever it stands', () => {
    const text = 'models: [{ name: A }, { name: B }] # ab\n';
    assertTakenOut(applyChanges(yamlFormat, text, addModel), text);
    assertTakenOut('models: [{ name: Keywheel }, { name: A }, { name: B }] # ab\n', text);
    assertTakenOut('models: [{ name: A }, { name: Keywheel }, { name: B }] # ab\n', text);
    assertTakenOut('models: [\n  { name: Keywheel },\n] # none\n', 'models: [\n  ] # none\n');
  });

  it('keeps the line ends of a text that holds comments alone', () => {
    assert.doesNotMatch(applyChanges(yamlFormat, '# mine\r\n', addModel), /[^\r]\n/);
  });

  it('refuses a text that is damaged, with its line', () => {
    assert.throws(() => yamlFormat.parse('name: L\nmodels: [\n'), { code: 'damaged' });
    assert.throws(() => yamlFormat.parse('a: b: c\n'), { code: 'damaged', line: 1 });
    assert.throws(() => yamlFormat.parse('- a\n'), { code: 'damaged' });
  });

  it('refuses a text in which the item has no place', () => {
    for (const text of ['{ name: L, models: [] }\n', 'name: L\nmodels: 3\n'])
      assert.throws(() => applyChanges(yamlFormat, text, addModel), { code: 'unsupported' }, text);
  });
});

describe('TOML', () => {
  const provider = {
    name: 'Keywheel',
    base_url: 'http://127.0.0.1:9999/api/v1',
    http_headers: { Authorization: 'Bearer x' },
  };
  const changes: readonly Change[] = [
    { path: ['model_provider'], value: 'keywheel' },
    { path: ['model_providers', 'keywheel'], value: provider },
  ];
  const commented = `# my codex
model = "gpt-5" # the best

# providers
[model_providers.other]
name = 'other'   # mine
env_key="X"

[projects."/home/x"]
trust_level = "trusted"
# the end
`;

  it('takes a key of the top and a table, and gives the text back', () => {
    const edited = assertThereAndBack(tomlFormat, commented, changes);
    assert.match(edited, /^# my codex\nmodel = "gpt-5" # the best\nmodel_provider = "keywheel"\n/);
    assert.match(edited, /# the end\n\n\[model_providers\.keywheel\]\nname = "Keywheel"\n/);
  });

  it('keeps Windows line ends', () => {
    const edited = assertThereAndBack(tomlFormat, commented.replace(/\n/g, '\r\n'), changes);
    assert.doesNotMatch(edited, /[^\r]\n/);
  });

  it('replaces a value and leaves its comment', () => {
    const edited = applyChanges(tomlFormat, commented, [{ path: ['model'], value: 'a/b "c"' }]);
    assert.match(edited, /^# my codex\nmodel = "a\/b \\"c\\"" # the best\n\n# providers/);
  });

  it('replaces the one string that is meant among its like, and none that is not written as it reads', () => {
    const change = [{ path: ['b', 'u'], value: 'y' }];
    const edited = applyChanges(tomlFormat, "# x\n[a]\nu = 'x'\n[b]\nu = 'x' # x\n", change);
    assert.equal(edited, "# x\n[a]\nu = 'x'\n[b]\nu = 'y' # x\n");
    const escaped = '[b]\nu = "\\u0078"\n';
    assert.throws(() => applyChanges(tomlFormat, escaped, change), { code: 'unsupported' });
  });

  it('writes into an empty text and before the first table', () => {
    assert.match(
      applyChanges(tomlFormat, '', changes),
      /^model_provider = "keywheel"\n\n\[model_providers\.keywheel\]\n/,
    );
    assert.match(
      applyChanges(tomlFormat, '[a]\nb = 1', changes),
      /^model_provider = "keywheel"\n\n\[a\]\nb = 1\n\n\[/,
    );
  });

  it('replaces a table of the same name', () => {
    const text = '[model_providers.keywheel]\nname = "old"\n\n[z]\na = 1\n';
    const edited = applyChanges(tomlFormat, text, changes);
    assert.doesNotMatch(edited, /old/);
    assert.match(edited, /\[z\]\na = 1\n/);
  });

  it('takes a table out together with the tables of its parts, which other programs write for inline ones', () => {
    const split =
      '# mine\n[a]\nx = 1\n\n[all.ours]\nb = 1\n\n[all.ours.headers]\nk = "v"\n\n[all.oursToo]\ny = 2 # y\n';
    assert.equal(
      applyChanges(tomlFormat, split, [{ path: ['all', 'ours'], value: undefined }]),
      '# mine\n[a]\nx = 1\n\n[all.oursToo]\ny = 2 # y\n',
    );
  });

  it('refuses what is damaged, with its line, and tables that cannot be added to', () => {
    assert.throws(
      () => tomlFormat.parse('a = 1\nb = [1,\nc = 2\n'),
      (error: unknown) => {
        assert.ok(error instanceof FormatError);
        assert.equal(error.code, 'damaged');
        assert.ok((error.line ?? 0) >= 2);
        return true;
      },
    );
    for (const name of ['__proto__', '"__proto__"', "'__proto__'", String.raw`"__proto\u005f_"`])
      for (const text of [
        `[${name}]\nbad = 1\n`,
        `${name}.bad = 1\n`,
        `[[a]]\nx = 1\n[a.${name}]\nbad = 1\n`,
        `a = [{ b = { ${name}.bad = 1 } }]\n`,
      ]) {
        assert.throws(() => tomlFormat.parse(text), { code: 'unsupported' }, text);
        assert.equal('bad' in {}, false, text);
      }
    const inline = 'model_providers = { other = { name = "o" } }\n';
    assert.throws(() => applyChanges(tomlFormat, inline, changes), { code: 'unsupported' });
  });
});

describe('JSON', () => {
  const changes: readonly Change[] = [
    { path: ['env', 'ANTHROPIC_BASE_URL'], value: 'http://127.0.0.1:9999/api' },
    { path: ['env', 'ANTHROPIC_API_KEY'], value: '' },
  ];
  const commented = `{
    // mine
    "model": "opus", /* big */
    "env": {
        "A": "b" // a
    },
    "hooks": [1, 2], // hooks
}
`;

  it('takes names between comments, in the indentation of the text', () => {
    const edited = applyChanges(jsonFormat, commented, changes);
    assert.match(edited, /\n {8}"ANTHROPIC_API_KEY": ""/);
    for (const comment of ['// mine', '/* big */', '// a', '// hooks'])
      assert.ok(edited.includes(comment), comment);
    const back = applyChanges(jsonFormat, edited, removed(changes));
    assert.deepEqual(jsonFormat.parse(back), jsonFormat.parse(commented));
  });

  it('keeps tabs and Windows line ends', () => {
    const edited = applyChanges(jsonFormat, '{\r\n\t"a": 1\r\n}\r\n', changes);
    assert.match(edited, /\r\n\t"env": \{\r\n\t\t"ANTHROPIC_BASE_URL"/);
    assert.doesNotMatch(edited, /[^\r]\n/);
  });

  it('writes into an empty text', () => {
    assert.deepEqual(jsonFormat.parse(applyChanges(jsonFormat, ' \n', changes)), {
      env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9999/api', ANTHROPIC_API_KEY: '' },
    });
  });

  it('refuses what is damaged, with its line, and what is no object', () => {
    assert.throws(() => jsonFormat.parse('{\n  "a": 1,\n  "b" 2\n}'), { code: 'damaged', line: 3 });
    assert.throws(() => jsonFormat.parse('[1]'), { code: 'damaged' });
  });

  it('takes a text that holds comments alone', () => {
    const edited = applyChanges(jsonFormat, '// nothing yet\n/* mine */', changes);
    assert.match(edited, /^\/\/ nothing yet\n\/\* mine \*\/\n\{\n {2}"env": \{/);
    assert.throws(() => jsonFormat.parse('// half\n/* mine'), { code: 'damaged' });
  });

  it('takes null on the way for an object that is not there yet', () => {
    for (const text of ['{\n  "env": null, // none\n  "a": 1\n}\n', '{"env":null}']) {
      const edited = applyChanges(jsonFormat, text, changes);
      assert.deepEqual(jsonFormat.parse(edited), {
        ...(text.includes('"a"') ? { a: 1 } : {}),
        env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9999/api', ANTHROPIC_API_KEY: '' },
      });
      assert.equal(edited.includes('// none'), text.includes('// none'));
    }
  });

  it('loses a name of ours, its comma, and no comment beside it', () => {
    for (const [text, expected] of [
      ['{\n  "a": 1, // a\n  "ours": 2\n}\n', '{\n  "a": 1 // a\n}\n'],
      ['{\n  "ours": 2,\n  // a\n  "a": 1\n}\n', '{\n  // a\n  "a": 1\n}\n'],
      [
        '{\n  "a": [1, 2], // a\n  // b\n  "ours": 2,\n  "b": 1\n}\n',
        '{\n  "a": [1, 2], // a\n  // b\n  "b": 1\n}\n',
      ],
      ['{ "a": 1 /* a */, "ours": {"b": [1, 2]} }', '{ "a": 1 /* a */ }'],
      ['{\n  // none\n  "ours": 2,\n}', '{\n  // none\n}'],
      ['{"ours":2}', '{}'],
    ] as const)
      assert.equal(applyChanges(jsonFormat, text, removed([{ path: ['ours'], value: 2 }])), expected);
  });

  it('loses the only name of an object between others, also where a comma follows it', () => {
    const within = removed([{ path: ['env', 'ours'], value: 2 }]);
    for (const [text, expected] of [
      ['{"a":1,"env":{"ours":2},"b":2}', '{"a":1,"env":{},"b":2}'],
      ['{\n  "env": {\n    "ours": 2, // o\n  },\n  "b": 2\n}', '{\n  "env": { // o\n  },\n  "b": 2\n}'],
    ] as const)
      assert.equal(applyChanges(jsonFormat, text, within), expected);
  });

  it('refuses a text in which one of the names on the way is no object', () => {
    for (const text of ['{"env": 3}', '{"env": "a"}', '{"env": [1]}'])
      assert.throws(() => applyChanges(jsonFormat, text, changes), { code: 'unsupported' }, text);
  });
});

describe('a JSON list', () => {
  const gone: readonly Change[] = [{ path: [{ item: 'ours' }], value: undefined }];

  it('loses the item of that name, its comma, and nothing else', () => {
    for (const [text, expected] of [
      ['[{"name":"a"},{"name":"ours"},{"name":"b"}]', '[{"name":"a"},{"name":"b"}]'],
      ['[\n\t{ "name": "ours" }, // x, y\n\t{ "name": "a" }\n]\n', '[ // x, y\n\t{ "name": "a" }\n]\n'],
      ['[\r\n  {"name":"a"}, // mine\r\n  {"name":"ours"}\r\n]', '[\r\n  {"name":"a"} // mine\r\n]'],
      ['[{"name":"a"} /* , */ ,{"name":"ours"} /* b */, ]', '[{"name":"a"} /* , */ , /* b */ ]'],
      ['[\n  {"name":"a"}, // x\n  {"name":"ours"},\n  1\n]', '[\n  {"name":"a"}, // x\n  1\n]'],
      ['[{"name":"a"}, // x\n{"name":"ours"}]', '[{"name":"a"} // x\n]'],
      ['[ // x\n{"name":"ours"}, // y\n1]', '[ // x\n // y\n1]'],
      ['[\n  {"name":"ours"},\n]', '[\n]'],
      ['[{"name":"ours"}]', '[]'],
    ] as const)
      assert.equal(applyChanges(jsonListFormat, text, gone), expected);
  });

  it('stays as it is without such an item, and takes none in', () => {
    for (const text of ['', '[]', '[{"name":"a"},1]'])
      assert.equal(applyChanges(jsonListFormat, text, gone), text);
    const added = [{ path: [{ item: 'ours' }], value: { name: 'ours' } }];
    assert.throws(() => applyChanges(jsonListFormat, '[]', added), { code: 'unsupported' });
  });

  it('is refused where it is damaged or none', () => {
    assert.throws(() => jsonListFormat.parse('[{"name":'), { code: 'damaged' });
    assert.throws(() => jsonListFormat.parse('{}'), { code: 'damaged' });
  });
});
