/** Connecting on a real file system: comments survive, undo gives the bytes back, what is damaged is left alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { filesOf, type ClientId, type FileClient } from '../../../src/clients/client';
import { clientOf, clients } from '../../../src/clients/clientList';
import { codexClient } from '../../../src/clients/codex';
import { ConfigError } from '../../../src/clients/configFile';
import type { FileRecord } from '../../../src/clients/records';
import { endpoint, moved, TemporaryHome } from './temporaryHome';

interface Sample {
  readonly id: ClientId;
  readonly file: string;
  readonly text: string;
  /** An edit that a user (or the client) makes to the file afterwards. */
  readonly later: readonly [from: string | RegExp, to: string];
}

const samples: readonly Sample[] = [
  {
    id: 'continue',
    file: '.continue/config.yaml',
    text: '# mine\nname: Mine # n\nversion: 0.0.1\nschema: v1\n\nmodels:\n  # local\n  - name: L # l\n    provider: ollama\n    apiKey: sk-mine\n\n# docs\ndocs: []\n',
    later: ['docs: []', 'docs:\n  - name: D # d'],
  },
  {
    id: 'cline',
    file: '.cline/data/settings/providers.json',
    text: '{"version":1,"lastUsedProvider":"openai","modes":{"act":{}},"providers":{"openai":{"settings":{"provider":"openai","apiKey":"sk-mine"},"updatedAt":"2026-01-01T00:00:00.000Z","tokenSource":"manual"}}}',
    later: [/"act": ?\{\}/, '"act":{"x":1}'],
  },
  {
    id: 'claudeCode',
    file: '.claude/settings.json',
    text: '{\n    // mine\n    "model": "opus", /* m */\n    "env": {\n        "ANTHROPIC_API_KEY": "sk-mine", // k\n        "X": "1"\n    },\n    "permissions": { "allow": ["Bash(ls)"] } // p\n}\n',
    later: ['"allow": ["Bash(ls)"]', '"allow": ["Bash(ls)", "Bash(cat)"]'],
  },
  {
    id: 'codex',
    file: '.codex/config.toml',
    text: '# mine\nmodel = "gpt-5" # m\nmodel_reasoning_effort = "high"\n\n# mcp\n[mcp_servers.docs]\ncommand = \'docs\'   # c\n\n[projects."/home/x"]\ntrust_level = "trusted"\n',
    later: [
      'trust_level = "trusted"\n',
      'trust_level = "trusted"\n\n[projects."/home/y"]\ntrust_level = "untrusted"\n',
    ],
  },
  {
    id: 'opencode',
    file: '.config/opencode/opencode.json',
    text: '{\n\t"$schema": "https://opencode.ai/config.json",\n\t// mine\n\t"model": "anthropic/claude", // m\n\t"provider": { "openrouter": { "options": { "apiKey": "sk-mine" } } } // p\n}\n',
    later: ['"anthropic/claude"', '"anthropic/claude"'],
  },
  {
    id: 'kilo',
    file: '.config/kilo/kilo.jsonc',
    text: '{\n  // mine\n  "share": "manual", // s\n}\n',
    later: ['"manual"', '"disabled"'],
  },
];

function fileClient(id: ClientId): FileClient {
  const client = clientOf(id);
  assert.equal(client.way, 'file');
  return client;
}

async function recordOf(home: TemporaryHome, id: ClientId): Promise<FileRecord> {
  const record = await home.records.of(id);
  assert.ok(record?.way === 'file');
  return record;
}

async function updated(home: TemporaryHome, client: FileClient): Promise<FileRecord> {
  const record = await home.connections.update(client, moved);
  assert.ok(record !== null, 'moved');
  return record;
}

async function rejects(work: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

const comments = /\/\/ \w|\/\* \w \*\/|# \w+/g;

for (const { id, file, text, later } of samples) {
  const client = fileClient(id);

  describe(`connecting ${client.name}`, () => {
    it('writes base URL and key for the owner alone, keeps every comment, and undo gives bytes and mode back', async () => {
      await using home = await TemporaryHome.make();
      await home.write(file, text, 0o640);
      assert.equal((await home.connections.plan(client, endpoint)).narrows, true);
      const record = await home.connections.connect(client, endpoint);
      const written = await home.read(file);
      assert.ok(written.includes(`127.0.0.1:9999/api`) && written.includes(endpoint.proxyKey), written);
      for (const comment of text.match(comments) ?? []) assert.ok(written.includes(comment), comment);
      assert.equal(await home.mode(file), 0o600);
      assert.equal(await home.mode(`${file}.keywheel-backup`), 0o640);
      assert.equal(await home.connections.state(client, record, endpoint), 'current');
      assert.equal(await home.connections.disconnect(client, record), 'restored');
      assert.equal(await home.read(file), text);
      assert.equal(await home.mode(file), 0o640);
      assert.deepEqual(await home.files(), [file]);
      assert.equal(await home.records.of(id), null);
    });

    it('makes a file of mode 0600 where there is none, and undo leaves nothing', async () => {
      await using home = await TemporaryHome.make();
      const record = await home.connections.connect(client, endpoint);
      const made = path.relative(home.folder, record.file);
      assert.equal(await home.mode(made), 0o600);
      assert.equal(await home.connections.disconnect(client, record), 'restored');
      assert.deepEqual(await home.files(), []);
      assert.equal(home.places.exists(path.join(home.folder, made.split(path.sep)[0] ?? '')), false);
    });

    it('plans exactly what it writes, and writes nothing for that', async () => {
      await using home = await TemporaryHome.make();
      await home.write(file, text);
      const plan = await home.connections.plan(client, endpoint);
      assert.equal(await home.read(file), text);
      assert.equal(plan.file, path.join(home.folder, file));
      const { changes } = await home.connections.connect(client, endpoint);
      const planned = plan.changes.map((change) => change.path);
      // Keys and addresses in units are recorded once more.
      const paths = changes.map((change) => change.path).slice(0, planned.length);
      assert.deepEqual(planned, paths);
    });

    it('undoes its own values alone where the file was changed since', async () => {
      await using home = await TemporaryHome.make();
      const record = await home.connected(client, file, text);
      const written = await home.read(file);
      const [from, to] = later;
      const edited = written.replace(from, to);
      // Where our value has replaced another one, an empty line at the end is a change of the file too.
      await home.write(file, edited === written ? `${written}\n` : edited);
      assert.equal(await home.connections.disconnect(client, record), 'undone');
      const left = await home.read(file);
      assert.deepEqual(client.format.parse(left), client.format.parse(text.replace(from, to)));
      assert.doesNotMatch(left, /kw-0123|127\.0\.0\.1/);
    });

    it('leaves values alone that somebody has changed', async () => {
      await using home = await TemporaryHome.make();
      const record = await home.connected(client, file, text);
      const moved = (await home.read(file))
        .replaceAll('127.0.0.1:9999', 'elsewhere:1')
        .replaceAll(endpoint.proxyKey, 'sk-elsewhere');
      await home.write(file, moved);
      assert.equal(await home.connections.state(client, record, endpoint), 'changed');
      await home.connections.disconnect(client, record);
      assert.match(await home.read(file), /elsewhere:1/);
    });

    it('is connected anew with another port and key, and undo still gives the first bytes back', async () => {
      await using home = await TemporaryHome.make();
      const first = await home.connected(client, file, text);
      assert.equal(await home.connections.state(client, first, moved), 'outdated');
      assert.equal((await home.connections.plan(client, moved)).narrows, false);
      const second = await home.connections.connect(client, moved);
      const written = await home.read(file);
      assert.doesNotMatch(written, /9999|kw-0123/);
      assert.equal(await home.connections.state(client, second, moved), 'current');
      assert.equal(await home.connections.disconnect(client, second), 'restored');
      assert.equal(await home.read(file), text);
      assert.equal(await home.mode(file), 0o644);
    });

    it('leaves bits alone that somebody has set since', async () => {
      await using home = await TemporaryHome.make();
      const record = await home.connected(client, file, text);
      await chmod(record.file, 0o640);
      await home.connections.disconnect(client, record);
      assert.equal(await home.mode(file), 0o640);
    });

    it('moves with the proxy, and keeps the model that the user has chosen since and the client’s own notes', async () => {
      await using home = await TemporaryHome.make();
      const first = await home.connected(client, file, text);
      const written = await home.read(file);
      const used = written
        .replaceAll('openrouter/free', 'user/chosen')
        .replace(/("updatedAt":\s*)"[^"]*"(?![^]*"updatedAt")/, '$1"2027-01-01T00:00:00.000Z"');
      assert.notEqual(used, written);
      await home.write(file, used);
      assert.equal(await home.connections.state(client, first, endpoint), 'current');
      assert.equal(await home.connections.state(client, first, moved), 'outdated');
      const second = await updated(home, client);
      const asMoved = used
        .replaceAll(endpoint.origin, moved.origin)
        .replaceAll(endpoint.proxyKey, moved.proxyKey);
      const now = await home.read(file);
      assert.deepEqual(client.format.parse(now), client.format.parse(asMoved));
      for (const comment of text.match(comments) ?? []) assert.ok(now.includes(comment), comment);
      assert.equal(await home.connections.state(client, second, moved), 'current');
      assert.deepEqual(await home.records.of(id), second);
      await home.connections.disconnect(client, second);
      assert.doesNotMatch(await home.read(file), /kw-|127\.0\.0\.1/);
    });

    it('moves with the proxy, and undo still gives the first bytes back', async () => {
      await using home = await TemporaryHome.make();
      await home.connected(client, file, text);
      const second = await updated(home, client);
      assert.doesNotMatch(await home.read(file), /9999|kw-0123/);
      assert.equal(await home.connections.disconnect(client, second), 'restored');
      assert.equal(await home.read(file), text);
    });

    it('is moved in one window alone, and not where it was disconnected, changed or removed meanwhile', async () => {
      await using home = await TemporaryHome.make();
      await home.write(file, text);
      const move = async (): Promise<unknown> => await home.connections.update(client, moved);
      await home.connections.connect(client, endpoint);
      assert.notEqual(await move(), null);
      assert.equal(await move(), null);
      assert.equal(await home.connections.disconnect(client, await recordOf(home, id)), 'restored');
      assert.equal(await move(), null);
      assert.equal(await home.read(file), text);

      const { file: whole } = await home.connections.connect(client, endpoint);
      const own = (await home.read(file)).replaceAll(endpoint.proxyKey, 'sk-elsewhere');
      await home.write(file, own);
      assert.equal(await move(), null);
      assert.equal(await home.read(file), own);
      await rm(whole);
      assert.equal(await move(), null);
      assert.equal(home.places.exists(whole), false);
    });

    it('keeps what the user changed between two connections, in the undo of the second', async () => {
      await using home = await TemporaryHome.make();
      await home.connected(client, file, text);
      const [from, to] = later;
      const written = await home.read(file);
      await home.write(file, written.replace(from, to));
      await home.connections.connect(client, moved);
      await home.connections.disconnect(client, await recordOf(home, id));
      assert.deepEqual(
        client.format.parse(await home.read(file)),
        client.format.parse(text.replace(from, to)),
      );
    });

    it('leaves a damaged file alone and says which line', async () => {
      await using home = await TemporaryHome.make();
      const damaged = `${text}\n]] {"half": [:\n`;
      await home.write(file, damaged);
      await rejects(home.connections.plan(client, endpoint), 'damaged', /:\d+: damaged/);
      await rejects(home.connections.connect(client, endpoint), 'damaged', new RegExp(path.basename(file)));
      assert.equal(await home.read(file), damaged);
      assert.deepEqual(await home.files(), [file]);
      assert.equal(await home.records.of(id), null);
    });

    it('leaves all as it is where the file was damaged since', async () => {
      await using home = await TemporaryHome.make();
      const record = await home.connected(client, file, text);
      await home.write(file, '{"half": [');
      assert.equal(await home.connections.state(client, record, endpoint), 'damaged');
      await rejects(home.connections.disconnect(client, record), 'damaged', /damaged/);
      assert.ok(await home.records.of(id));
      assert.ok((await home.files()).includes(`${file}.keywheel-backup`));
    });

    it('keeps no value in its records', async () => {
      await using home = await TemporaryHome.make();
      await home.connected(client, file, text);
      const records = await readFile(path.join(home.recordsFolder, 'connections.json'), 'utf8');
      assert.doesNotMatch(records, /kw-|sk-mine/);
    });
  });
}

describe('what a user has written between our values', () => {
  for (const [id, from, to] of [
    ['codex', 'wire_api = ', '# my note\nrequest_max_retries = 9 # often\nwire_api = '],
    [
      'codex',
      /$/,
      '\n[model_providers.keywheel.query_params]\na = "1"\n\n[projects."/x"]\ntrust_level = "trusted"\n',
    ],
    [
      'codex',
      /http_headers = .*\n/,
      `\n[model_providers.keywheel.http_headers]\nAuthorization = 'Bearer ${endpoint.proxyKey}' # key\n`,
    ],
    ['continue', 'model: openrouter/free', '# my note\n    model: my/model # best'],
    ['continue', /$/, '  - name: After\n    provider: ollama\n'],
    ['continue', /apiKey: (.*)/, `apiKey: '$1' # key`],
    ['continue', /apiBase: (.*)/, 'apiBase: >-\n      $1'],
  ] as const) {
    it(`stays where it is when the proxy moves (${id}, ${JSON.stringify(to)})`, async () => {
      await using home = await TemporaryHome.make();
      const client = fileClient(id);
      const record = await home.connections.connect(client, endpoint);
      const file = path.relative(home.folder, record.file);
      const written = await home.read(file);
      const edited = written.replace(from, to);
      assert.notEqual(edited, written);
      await home.write(file, edited);
      const second = await updated(home, client);
      const expected = edited
        .replaceAll(endpoint.origin, moved.origin)
        .replaceAll(endpoint.proxyKey, moved.proxyKey);
      assert.equal(await home.read(file), expected);
      assert.equal(await home.connections.state(client, second, moved), 'current');
    });
  }
});

describe('a client in which another provider was chosen', () => {
  for (const [id, chosen] of [
    ['cline', /(?<="lastUsedProvider": ?)"openrouter"/],
    ['codex', /(?<=model_provider = )"keywheel"/],
    // Claude Code takes its own key before the token.
    ['claudeCode', /(?<="ANTHROPIC_API_KEY": ?)""/],
  ] as const) {
    it(`counts as changed, and is offered the new address all the same (${id})`, async () => {
      await using home = await TemporaryHome.make();
      const client = fileClient(id);
      const record = await home.connections.connect(client, endpoint);
      const file = path.relative(home.folder, record.file);
      const written = await home.read(file);
      const other = written.replace(chosen, '"anthropic"');
      assert.notEqual(other, written);
      await home.write(file, other);
      assert.equal(await home.connections.state(client, record, endpoint), 'changed');
      assert.equal(await home.connections.state(client, record, moved), 'outdated');
      await updated(home, client);
      const now = await home.read(file);
      assert.ok(now.includes('"anthropic"') && now.includes('127.0.0.1:1234'), now);
    });
  }
});

describe('connecting', () => {
  it('turns Codex’s search off for a free model alone: with it no request would be free', async () => {
    for (const [model, expected] of [
      ['x/y:free', 'web_search = "disabled"'],
      ['x/y', 'web_search = "live"'],
    ] as const) {
      await using home = await TemporaryHome.make();
      await home.write('.codex/config.toml', 'web_search = "live"\n');
      const record = await home.connections.connect(fileClient('codex'), { ...endpoint, model });
      assert.ok((await home.read('.codex/config.toml')).includes(expected));
      await home.connections.disconnect(fileClient('codex'), record);
      assert.equal(await home.read('.codex/config.toml'), 'web_search = "live"\n');
    }
  });

  it('gives Codex’s search back where a paid model takes the free one’s place', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.codex/config.toml', 'web_search = "live"\n');
    for (const model of ['x/y:free', 'x/y'])
      await home.connections.connect(fileClient('codex'), { ...endpoint, model });
    assert.ok((await home.read('.codex/config.toml')).includes('web_search = "live"'));
  });

  const claude = fileClient('claudeCode');

  it('writes what a symbolic link points at, and leaves the link', async () => {
    await using home = await TemporaryHome.make();
    const target = await home.write('dotfiles/claude.json', '{}\n');
    await mkdir(path.join(home.folder, '.claude'));
    const link = path.join(home.folder, '.claude/settings.json');
    await symlink(target, link);
    const record = await home.connections.connect(claude, endpoint);
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.match(await readFile(target, 'utf8'), /127\.0\.0\.1/);
    await home.connections.disconnect(claude, record);
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.equal(await readFile(target, 'utf8'), '{}\n');
  });

  it('makes the file that a symbolic link points at, and leaves the link', async () => {
    await using home = await TemporaryHome.make();
    await mkdir(path.join(home.folder, '.claude'));
    await symlink('between.json', path.join(home.folder, '.claude/settings.json'));
    await symlink('../dotfiles/claude.json', path.join(home.folder, '.claude/between.json'));
    const record = await home.connections.connect(claude, endpoint);
    const links = ['.claude/between.json', '.claude/settings.json'];
    for (const link of links) assert.ok((await lstat(path.join(home.folder, link))).isSymbolicLink());
    assert.match(await home.read('dotfiles/claude.json'), /127\.0\.0\.1/);
    assert.equal(await home.connections.state(claude, record, endpoint), 'current');
    assert.equal(await home.connections.disconnect(claude, record), 'restored');
    assert.deepEqual(await home.files(), links);
    assert.equal(home.places.exists(path.join(home.folder, 'dotfiles')), false);
  });

  it('keeps a byte order mark', async () => {
    await using home = await TemporaryHome.make();
    const record = await home.connected(claude, '.claude/settings.json', '\ufeff{ "a": 1 }\r\n');
    const { file } = record;
    const bytes = await readFile(file);
    assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    assert.notEqual(bytes[3], 0xef);
    await home.connections.disconnect(claude, record);
    assert.equal(await readFile(file, 'utf8'), '\ufeff{ "a": 1 }\r\n');
  });

  it('refuses a folder in the place of the file, and bytes that are no text', async () => {
    await using home = await TemporaryHome.make();
    const folder = path.join(home.folder, '.claude/settings.json');
    await mkdir(folder, { recursive: true });
    await rejects(home.connections.connect(claude, endpoint), 'inTheWay', /settings\.json/);
    await rm(folder, { recursive: true });
    await writeFile(folder, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    await rejects(home.connections.connect(claude, endpoint), 'damaged', /settings\.json/);
  });

  it('refuses a file that may not be written; the superuser, who may write all, keeps what its owner may do', async () => {
    await using home = await TemporaryHome.make();
    const file = await home.write('.claude/settings.json', '{}\n');
    await chmod(file, 0o444);
    if (process.getuid?.() === 0) {
      await home.connections.connect(claude, endpoint);
      assert.equal((await stat(file)).mode & 0o777, 0o400);
    } else await rejects(home.connections.connect(claude, endpoint), 'readOnly', /settings\.json/);
  });

  it('does not shadow the older configuration of Continue', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.continue/config.json', '{"models":[]}');
    const connect = async (): Promise<unknown> =>
      await home.connections.connect(fileClient('continue'), endpoint);
    await rejects(connect(), 'olderFormat', /config\.json/);
    assert.deepEqual(await home.files(), ['.continue/config.json']);
  });

  it('leaves Claude Code its own models where none is chosen', async () => {
    await using home = await TemporaryHome.make();
    await home.connections.connect(claude, { ...endpoint, model: null });
    assert.doesNotMatch(await home.read('.claude/settings.json'), /MODEL/);
  });

  it('writes the chosen model for each alias of Claude Code, and over the older name for the small one', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.claude/settings.json', '{"env":{"ANTHROPIC_SMALL_FAST_MODEL":"claude-haiku"}}');
    await home.connections.connect(claude, endpoint);
    const { env } = JSON.parse(await home.read('.claude/settings.json')) as { env: Record<string, string> };
    for (const name of ['DEFAULT_FABLE_MODEL', 'DEFAULT_HAIKU_MODEL', 'SMALL_FAST_MODEL'])
      assert.equal(env[`ANTHROPIC_${name}`], endpoint.model, name);
  });

  it('takes an empty variable for none, so that no file lands in the working folder', () => {
    const names = [
      'CLINE_PROVIDER_SETTINGS_PATH',
      'CLINE_DATA_DIR',
      'CLINE_DIR',
      'CLAUDE_CONFIG_DIR',
      'CODEX_HOME',
    ];
    const more = ['KILO_CONFIG', 'OPENCODE_CONFIG', 'XDG_CONFIG_HOME', 'QWEN_HOME', 'CONTINUE_GLOBAL_DIR'];
    const env = Object.fromEntries([...names, ...more, 'PI_CODING_AGENT_DIR'].map((name) => [name, '']));
    for (const client of clients) {
      if (client.way !== 'file') continue;
      const places = { home: '/home/x', env: {}, exists: () => false };
      for (const file of filesOf(client))
        assert.equal(file.file({ ...places, env }), file.file(places), client.name);
    }
  });

  it('prefers the file of opencode that is read last', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.config/opencode/opencode.json', '{}');
    await home.write('.config/opencode/opencode.jsonc', '{}');
    const { file } = await home.connections.plan(fileClient('opencode'), endpoint);
    assert.match(file, /opencode\.jsonc$/);
  });

  it('takes its values out of the earlier file when the client reads another one now', async () => {
    await using home = await TemporaryHome.make();
    await home.connected(fileClient('opencode'), '.config/opencode/opencode.json', '{ "a": 1 }\n');
    await home.connected(fileClient('opencode'), '.config/opencode/opencode.jsonc', '{}');
    assert.equal(await home.read('.config/opencode/opencode.json'), '{ "a": 1 }\n');
    assert.match((await recordOf(home, 'opencode')).file, /opencode\.jsonc$/);
  });

  it('takes out what it wrote, and can be connected again, where the backup is gone', async () => {
    await using home = await TemporaryHome.make();
    const file = '.codex/config.toml';
    const codex = fileClient('codex');
    const lose = async (): Promise<void> => await rm(path.join(home.folder, `${file}.keywheel-backup`));
    await home.connected(codex, file, 'model = "gpt-5"\nkeep = true\n');
    await lose();
    const record = await home.connections.connect(codex, endpoint);
    assert.equal(await home.read(`${file}.keywheel-backup`), 'keep = true\n');
    await lose();
    assert.equal(await home.connections.disconnect(codex, record), 'undone');
    assert.equal(await home.read(file), 'keep = true\n');
    assert.deepEqual(await home.records.all(), []);
  });

  it('keeps the records of all clients, also when they are connected at once', async () => {
    await using home = await TemporaryHome.make();
    await Promise.all(
      samples.map(async ({ id }) => await home.connections.connect(fileClient(id), endpoint)),
    );
    assert.equal((await home.records.all()).length, samples.length);
  });

  it('tells of each change of the records, once it is kept', async () => {
    await using home = await TemporaryHome.make();
    const seen: Promise<number>[] = [];
    home.records.onDidChange(() => seen.push(home.records.all().then(({ length }) => length)));
    const record = await home.connections.connect(codexClient, endpoint);
    assert.equal(await seen.at(-1), 1);
    await home.connections.disconnect(codexClient, record);
    assert.equal(await seen.at(-1), 0);
  });

  it('tells once more when the file is written, so that who looks at it then sees it connected', async () => {
    await using home = await TemporaryHome.make();
    const codex = fileClient('codex');
    await home.write('.codex/config.toml', 'model = "gpt-5"\n');
    const seen: string[] = [];
    home.records.onDidChange(() =>
      seen.push(readFileSync(path.join(home.folder, '.codex/config.toml'), 'utf8')),
    );
    await home.connections.connect(codex, endpoint);
    assert.match(seen.at(-1) ?? '', /127\.0\.0\.1/);
  });

  it('leaves damaged records alone, and with them the clients', async () => {
    await using home = await TemporaryHome.make();
    const file = await home.write('vscode/globalStorage/connections.json', '{"version":2}');
    await assert.rejects(home.connections.connect(claude, endpoint), { code: 'recordsDamaged', file });
    assert.equal(await home.read('vscode/globalStorage/connections.json'), '{"version":2}');
    assert.deepEqual(await home.files(), []);
  });
});

describe('clients', () => {
  it('are found by their extensions or by what they leave', async () => {
    await using home = await TemporaryHome.make();
    const found = (installed: string): string[] => {
      const connector = home.connector({ isExtensionInstalled: (id) => id === installed });
      return connector.installed().map(({ id }) => id);
    };
    assert.deepEqual(found('RooVeterinaryInc.roo-cline'), ['roo']);
    await home.write('.codex/auth.json', '{}');
    assert.deepEqual(found('none'), ['codex']);
  });
});
