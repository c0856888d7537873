/** Taking back values that the client or the user has built upon leaves a file that the client can read. */
import assert from 'node:assert/strict';
import type { FileClient } from '../../../src/clients/client';
import { clineClient } from '../../../src/clients/cline';
import { codexClient } from '../../../src/clients/codex';
import { continueClient } from '../../../src/clients/continue';
import { changed, isObject, type Json, type Step, valueAt } from '../../../src/clients/configValue';
import type { Undone } from '../../../src/clients/fileConnections';
import { disconnectedText } from '../../../src/words/clientWords';
import { english } from '../vscode/views';
import { endpoint, TemporaryHome } from './temporaryHome';

interface Told {
  readonly undone: Undone;
  /** Null where the file is gone. */
  readonly text: string | null;
}

/** The file is connected, edited, and disconnected. */
async function throughConnection(
  client: FileClient,
  before: string | null,
  edit: (text: string) => string,
): Promise<Told> {
  await using home = await TemporaryHome.make();
  const file = client.file(home.places).slice(home.folder.length + 1);
  if (before !== null) await home.write(file, before);
  const record = await home.connections.connect(client, endpoint);
  await home.write(file, edit(await home.read(file)));
  const undone = await home.connections.disconnect(client, record);
  return { undone, text: home.places.exists(record.file) ? await home.read(file) : null };
}

describe('disconnecting Cline', () => {
  const provider = ['providers', 'openrouter'];
  const anthropic = {
    settings: { provider: 'anthropic', apiKey: 'sk-ant-MINE' },
    updatedAt: '2026-01-01T00:00:00.000Z',
    tokenSource: 'manual',
  };
  const own = {
    settings: { provider: 'openrouter', apiKey: 'sk-or-MINE', model: 'a/b' },
    updatedAt: '2026-01-01T00:00:00.000Z',
    tokenSource: 'manual',
  };
  const earlier = { version: 1, lastUsedProvider: 'anthropic', modes: {}, providers: { anthropic } };
  const withOwn = { ...earlier, providers: { anthropic, openrouter: own } };

  /** As Cline saves it: with some values, and the time of the saving. */
  function saved(...values: readonly (readonly [path: readonly Step[], value: Json | undefined])[]) {
    return (text: string): string => {
      const all = [...values, [[...provider, 'updatedAt'], '2026-11-27T10:00:00.000Z'] as const];
      const config = all.reduce<unknown>(
        (root, [path, value]) => changed(root, { path, value }),
        JSON.parse(text),
      );
      return `${JSON.stringify(config, null, 2)}\n`;
    };
  }

  const model = [[...provider, 'settings', 'model'], 'qwen/qwen3-coder:free'] as const;
  const otherKey = [[...provider, 'settings', 'apiKey'], 'sk-or-LATER'] as const;

  async function leaves(before: Json, edit: (text: string) => string): Promise<unknown> {
    const { text } = await throughConnection(clineClient, JSON.stringify(before), edit);
    return JSON.parse(text ?? 'null');
  }

  it('takes its provider away whole after Cline has saved anything there', async () => {
    assert.deepEqual(await leaves(earlier, saved()), earlier);
    assert.deepEqual(await leaves(earlier, saved(model)), earlier);
    assert.deepEqual(
      await leaves(earlier, saved([[...provider, 'settings', 'baseUrl'], undefined])),
      earlier,
    );
    assert.deepEqual(await leaves(earlier, saved([[...provider, 'settings', 'apiKey'], undefined])), earlier);
  });

  it('gives a provider that was there before back whole', async () => {
    assert.deepEqual(await leaves(withOwn, saved(model)), withOwn);
  });

  it('keeps a key of the user’s that has taken the place of ours, without our address', async () => {
    const left = await leaves(earlier, saved(otherKey));
    assert.deepEqual(valueAt(left, [...provider, 'settings']), {
      provider: 'openrouter',
      apiKey: 'sk-or-LATER',
      model: 'openrouter/free',
    });
  });

  it('leaves a provider whole that holds neither our key nor our address', async () => {
    const left = await leaves(
      earlier,
      saved(otherKey, [[...provider, 'settings', 'baseUrl'], 'https://openrouter.ai/api/v1']),
    );
    const entry = valueAt(left, provider);
    assert.ok(isObject(entry));
    assert.deepEqual(Object.keys(entry), ['settings', 'updatedAt', 'tokenSource']);
    assert.equal(valueAt(entry, ['settings', 'provider']), 'openrouter');
  });
});

describe('disconnecting from a file that was made for us', () => {
  const anthropic = {
    settings: { provider: 'anthropic', apiKey: 'sk-ant-MINE' },
    updatedAt: '2026-11-27T10:00:00.000Z',
    tokenSource: 'manual',
  };

  function withValue(path: readonly Step[], value: Json) {
    return (text: string): string => JSON.stringify(changed(JSON.parse(text), { path, value }), null, 2);
  }

  it('leaves what every file of Cline needs beside what has come since', async () => {
    const provided = await throughConnection(
      clineClient,
      null,
      withValue(['providers', 'anthropic'], anthropic),
    );
    assert.deepEqual(JSON.parse(provided.text ?? ''), { version: 1, modes: {}, providers: { anthropic } });
    const marked = await throughConnection(clineClient, null, withValue(['legacyImportCompleted'], true));
    assert.deepEqual(JSON.parse(marked.text ?? ''), {
      version: 1,
      modes: {},
      providers: {},
      legacyImportCompleted: true,
    });
  });

  it('leaves what every file of Continue needs beside what has come since', async () => {
    const mine = '  - name: Mine\n    provider: ollama\n    model: llama3\n';
    const { text } = await throughConnection(continueClient, null, (written) => written + mine);
    assert.equal(text, `name: Local Config\nversion: 1.0.0\nschema: v1\nmodels:\n${mine}`);
  });

  it('takes the file away where nothing but that is left', async () => {
    const saved = withValue(['providers', 'openrouter', 'updatedAt'], '2026-11-27T10:00:00.000Z');
    for (const [client, edit] of [
      [clineClient, saved],
      [continueClient, (text: string) => `${text}\n`],
    ] as const)
      assert.deepEqual(await throughConnection(client, null, edit), { undone: 'undone', text: null });
  });
});

describe('disconnecting where one field of ours was changed', () => {
  const yaml = 'name: L\nversion: 0.0.1\nschema: v1\nmodels:\n  - name: A\n    provider: x\n';
  const toml = 'model = "gpt-5"\n';
  const samples = [
    { client: continueClient, before: yaml },
    { client: codexClient, before: toml },
  ] as const;

  for (const { client, before } of samples) {
    it(`takes away what still holds our key or our address, for ${client.name}`, async () => {
      for (const [from, to] of [
        ['Keywheel\n', 'Keywheel\n'],
        ['provider: openrouter', 'provider: openai'],
        ['wire_api = "responses"', 'wire_api = "chat"'],
        [endpoint.origin, 'http://elsewhere:1'],
      ] as const) {
        const edit = (text: string): string => `${text.replace(from, to)}\n`;
        const { undone, text } = await throughConnection(client, before, edit);
        assert.equal(undone, 'undone');
        assert.deepEqual(client.format.parse(text ?? ''), client.format.parse(before));
      }
    });

    it(`says that all of it was changed, for ${client.name}`, async () => {
      const edit = (text: string): string =>
        text
          .replace(endpoint.origin, 'http://elsewhere:1')
          .replace(endpoint.proxyKey, 'sk-elsewhere')
          .replace('model_provider = "keywheel"', 'model_provider = "other"')
          .replace('model = "openrouter/free"', 'model = "other"')
          .replace('web_search = "disabled"', 'web_search = "live"');
      const { undone, text } = await throughConnection(client, before, edit);
      assert.equal(undone, 'changed');
      assert.match(text ?? '', /elsewhere:1[^]*sk-elsewhere|sk-elsewhere[^]*elsewhere:1/);
    });
  }

  it('says that nothing is left where the user has put all back by hand', async () => {
    assert.equal((await throughConnection(continueClient, yaml, () => `${yaml}# x\n`)).undone, 'left');
  });

  it('takes back what a record of an earlier version tells of', async () => {
    await using home = await TemporaryHome.make();
    const now = await home.connected(continueClient, '.continue/config.yaml', yaml);
    const [model, ...marks] = now.changes;
    assert.ok(model !== undefined && marks.length === 2);
    const record = { ...now, changes: [model] };
    const earlier = { version: 1, connections: [{ ...record, marks }] };
    await home.write('vscode/globalStorage/connections.json', JSON.stringify(earlier));
    assert.deepEqual(await home.records.of('continue'), now);
    await home.records.put(record);
    await home.write('.continue/config.yaml', `${await home.read('.continue/config.yaml')}# x\n`);
    assert.deepEqual(await home.records.of('continue'), record);
    assert.equal(await home.connections.disconnect(continueClient, record), 'undone');
    assert.equal(await home.read('.continue/config.yaml'), `${yaml}# x\n`);
  });
});

describe('what is said of disconnecting', () => {
  it('tells what was changed from what is gone', () => {
    const done = [
      { client: 'codex', file: '/codex', undone: 'left', error: null },
      { client: 'continue', file: '/continue', undone: 'changed', error: null },
      { client: 'cline', file: '/cline', undone: 'undone', error: null },
    ] as const;
    assert.equal(
      disconnectedText(done, english.t),
      'Disconnected: Cline. Already disconnected: Codex. Left unchanged, because you edited it: Continue.',
    );
  });

  it('says nothing of files that had nothing of ours any more beside another of the same client', () => {
    const done = [
      { client: 'cline', file: '/providers', undone: 'undone', error: null },
      { client: 'cline', file: '/secrets', undone: 'left', error: null },
    ] as const;
    assert.equal(disconnectedText(done, english.t), 'Disconnected: Cline.');
  });
});
